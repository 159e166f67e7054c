"""Lines made of styled pieces, with or without colour; and no text from a file may steer the terminal that shows it."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

_INVISIBLE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)
"""Control characters, line and paragraph separators, direction marks and overrides, and lone surrogates."""

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


def visible(text: str, *, keep: str = "") -> str:
    """Return the text with every control character written as an escape, but for those in `keep`."""
    return _INVISIBLE.sub(lambda match: match[0] if match[0] in keep else _escape(match[0]), text)


def _escape(character: str) -> str:
    short = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character)
    code = ord(character)
    return short or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
