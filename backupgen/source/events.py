"""The YAML events of a text, from libyaml (through PyYAML) or from ruamel's pure YAML 1.2 parser.

libyaml is some thirty times faster, but reads flow collections as YAML 1.1 does: `{at: :20}` is an error to it. So it
has the first word, and where it finds a mistake, ruamel has the last. Both name their event classes alike; a
mark's `index` is an offset in characters.
"""

from collections.abc import Callable
from typing import Any

from yaml import YAMLError

NextEvent = Callable[[], Any]

__all__ = ["NextEvent", "YAMLError", "open_events", "open_strict"]


def open_events(text: str) -> NextEvent:
    """Return a function that hands out the next event of `text`, `StreamEndEvent` being the last.

    It raises `YAMLError` where libyaml takes the text for no YAML, and `UnicodeEncodeError` at a lone surrogate.
    """
    try:
        from yaml._yaml import CParser
    except ImportError:  # pragma: no cover - PyYAML's wheels have it
        return open_strict(text)
    next_event: NextEvent = CParser(text).get_event
    return next_event


def open_strict(text: str) -> NextEvent:
    """Return the same from ruamel's parser; it raises `YAMLError` where the text is no YAML 1.2."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError as RuamelError

    events = iter(YAML(typ="safe", pure=True).parse(text))

    def next_event() -> Any:
        try:
            return next(events)
        except RuamelError as error:
            raise YAMLError(str(error)) from error

    return next_event
