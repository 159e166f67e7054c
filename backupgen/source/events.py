"""The YAML events of a text, from libyaml through PyYAML, or from PyYAML's own parser where the extension is missing.

Both have the same event classes; a mark's `index` is an offset in characters.
"""

from collections.abc import Callable
from typing import Any

from yaml import SafeLoader, YAMLError

NextEvent = Callable[[], Any]

__all__ = ["NextEvent", "YAMLError", "open_events", "open_pure"]


def open_events(text: str) -> NextEvent:
    """Return a function that hands out the next event of `text`, `StreamEndEvent` being the last.

    It raises `YAMLError` where libyaml takes the text for no YAML, and `UnicodeEncodeError` at a lone surrogate; so may
    this function itself.
    """
    try:
        from yaml._yaml import CParser
    except ImportError:  # pragma: no cover - PyYAML's wheels have it
        return open_pure(text)
    next_event: NextEvent = CParser(text).get_event
    return next_event


def open_pure(text: str) -> NextEvent:
    """Return the same from the parser in Python, without the C extension: much slower."""
    next_event: NextEvent = SafeLoader(text).get_event
    return next_event
