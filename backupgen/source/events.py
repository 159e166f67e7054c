"""The YAML events of a text, from ruamel's C parser, or from its pure Python one where the extension is missing.

Both yield the same event classes; a mark's `index` is an offset in characters.
"""

from collections.abc import Callable, Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.events import Event

NextEvent = Callable[[], Event]


def open_events(text: str) -> NextEvent:
    """Return a function that hands out the next event of `text`, `StreamEndEvent` being the last.

    It raises ruamel's `YAMLError` where the text is no YAML, and `UnicodeEncodeError` at a lone surrogate.
    """
    return _open_c(text) or open_pure(text)


def _open_c(text: str) -> NextEvent | None:
    try:
        from ruamel.yaml import cyaml  # noqa: PLC0415 (the extension is optional)
    except ImportError:
        return None
    parser: Any = vars(cyaml)["CParser"](text)
    next_event: NextEvent = parser.get_event
    return next_event


def open_pure(text: str) -> NextEvent:
    """Return the same as `open_events`, without the C extension: about twenty times slower."""
    events: Iterator[Event] = iter(YAML(typ="safe", pure=True).parse(text))
    return events.__next__
