"""Lines made of styled pieces, with or without colour."""

from collections.abc import Iterable, Sequence

Line = Sequence[tuple[str, str]]
"""Pieces of text, each with a rich style; the empty style is plain."""


def paint(lines: Iterable[Line], *, color: bool) -> str:
    """Return the lines as one string, each with a line break; with ANSI colours if asked, by way of rich."""
    if not color:
        return "".join("".join(text for text, _ in line) + "\n" for line in lines)
    from io import StringIO

    from rich.console import Console
    from rich.text import Text

    stream = StringIO()
    console = Console(file=stream, force_terminal=True, color_system="standard", legacy_windows=False, no_color=False)
    for line in lines:
        console.print(Text.assemble(*line), soft_wrap=True)
    return stream.getvalue()
