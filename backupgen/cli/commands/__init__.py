"""The commands and their flags, for Typer, in groups. What they do lies in a module each, imported when it runs."""
