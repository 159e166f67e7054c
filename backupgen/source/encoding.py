"""From bytes to text: UTF-8 only, and no word about where other encodings would have led."""

import re
from collections.abc import Iterator
from typing import Final

from backupgen.diagnostics import Checked, Finding, Span, Spot
from backupgen.source import codes
from backupgen.source.lines import LineIndex

_FORBIDDEN: Final = "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"

_MARKS: Final = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)


def forbidden_characters(text: str) -> Iterator[re.Match[str]]:
    """Find the characters that YAML 1.2.2 (section 5.1) forbids."""
    # Not compiled at import: that takes longer than to read a fleet, and few have such a character.
    return re.finditer(_FORBIDDEN, text)


def decode(raw: bytes, file: str) -> Checked[str]:
    """Return the text of `raw` without its byte order mark, or a finding at the first byte that is not UTF-8."""
    wide = _wide_encoding(raw)
    if wide:
        message = f"the file is encoded in {wide}, expected UTF-8"
        remedy = f"save it as UTF-8, for instance with `iconv -f {wide} -t UTF-8`"
        return Checked(None, (_finding(message, remedy, file, Span(1, 1, 1, 1)),))
    try:
        return Checked(raw.decode("utf-8").removeprefix("\ufeff"))
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8").removeprefix("\ufeff")
        line, column = LineIndex(before).position(len(before))
        message = f"byte `0x{raw[error.start]:02X}` is not UTF-8"
        remedy = "save the file as UTF-8, for instance with `iconv -f ISO-8859-1 -t UTF-8`"
        return Checked(None, (_finding(message, remedy, file, Span(line, column, line, column + 1)),))


def decode_any(raw: bytes) -> str:
    """The text of bytes of any encoding, as well as can be, its lines ended by line feeds: to look for something in."""
    wide = _wide_encoding(raw)
    if wide and not raw.startswith(tuple(mark for mark, _ in _MARKS)):
        wide += "-BE" if not raw[0] else "-LE"
    text = raw.decode(wide or "utf-8", errors="replace").removeprefix("\ufeff")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _wide_encoding(raw: bytes) -> str:
    for mark, name in _MARKS:
        if raw.startswith(mark):
            return name
    head = raw[:64]
    if len(head) >= 4 and (not any(head[0::2]) or not any(head[1::2])) and any(head):
        return "UTF-16"
    return ""


def _finding(message: str, remedy: str, file: str, span: Span) -> Finding:
    return Finding(codes.NOT_UTF8, message, Spot(file=file, span=span), remedy)
