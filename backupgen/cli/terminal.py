"""The two streams: results on standard output, everything else on standard error."""

import io
import os
import re
import shutil
import sys
from collections.abc import Callable
from typing import Final, TextIO

_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]")
_PART: Final = 1 << 15
_WIDEST: Final = 120
_WIDTH: Final = 100
"""Without a terminal, so that output does not depend on who looks."""


def plain(text: str) -> str:
    """A text from outside, its control characters written as escapes: a name may hold any that a terminal obeys."""
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def result(text: str) -> None:
    """Write a part of the result. Raises BrokenPipeError."""
    _write(sys.stdout, text)


def note(text: str) -> None:
    """Write something for people: a finding, a summary, a hint."""
    _write(sys.stderr, text)


class OutputError(Exception):
    """The output cannot be written: it was closed, or its disk is full."""


def _write(stream: TextIO | None, text: str) -> None:
    if stream is None or stream.closed:
        raise OutputError("the output is closed")
    try:
        _write_parts(stream, text)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"the output cannot be written: {error.strerror}") from None


def _write_parts(stream: TextIO, text: str) -> None:
    if isinstance(stream, io.TextIOWrapper) and stream.errors != "backslashreplace":
        # A stream that is no UTF-8 gets escapes rather than a traceback.
        stream.reconfigure(errors="backslashreplace")
    # In parts: Python takes one large write that is cut short by a reader who leaves for a complete one.
    stream.writelines(text[start : start + _PART] for start in range(0, len(text), _PART))
    stream.flush()


def colored(stream: TextIO | None) -> bool:
    """Whether to colour what is written to a stream (https://no-color.org, https://force-color.org)."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return _is_terminal(stream) and os.environ.get("TERM") != "dumb"


def _is_terminal(stream: TextIO | None) -> bool:
    """Whether a stream is a terminal; a closed one, or one that there is not (`>&-`), is none."""
    return stream is not None and not stream.closed and stream.isatty()


def width(stream: TextIO | None) -> int:
    """How many cells a line may take."""
    return min(shutil.get_terminal_size((_WIDTH, 24)).columns, _WIDEST) if _is_terminal(stream) else _WIDTH


def progress(stream: TextIO | None) -> Callable[[str, int, int], None]:
    """Return what shows how far long work is, on one line of a terminal that is gone at its end; elsewhere nothing."""
    if not _is_terminal(stream):
        return lambda *_: None

    def show(what: str, done: int, total: int) -> None:
        line = f"{done} of {total} {what}" if done < total else ""
        _write(stream, f"\r\x1b[K{line}" if line or total > 1 else "")

    return show


def abandon_output() -> None:
    """Let the interpreter flush its streams at exit into nothing, after a pipe was closed."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
