"""`backupgen schema`."""

from backupgen.cli import exits, terminal
from backupgen.cli.command import command


@command(120)
def schema() -> int:
    """Print the JSON schema of fleet.yaml, for editors."""
    terminal.result(schema_text())
    return exits.CLEAN


def schema_text() -> str:
    """Return the JSON schema of fleet.yaml, as it is printed and written."""
    import json
    from importlib.resources import files

    from backupgen.language.json_schema import json_schema

    # The descriptions are the docstrings of the fields, which only the source has.
    modules = [path for path in files("backupgen.language.schema").iterdir() if path.name.endswith(".py")]
    sources = (path.read_text(encoding="utf-8") for path in modules)
    return json.dumps(json_schema(sources), indent=2, ensure_ascii=False) + "\n"
