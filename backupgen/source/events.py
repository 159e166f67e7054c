"""The YAML events of a text, from libyaml (through PyYAML), or from ruamel where the extension is missing.

ruamel's own C extension holds an older libyaml that refuses `{server: https://example.org}`. Both libraries name their
event classes alike; a mark's `index` is an offset in characters.
"""

from collections.abc import Callable
from typing import Any

from yaml import YAMLError

NextEvent = Callable[[], Any]

__all__ = ["NextEvent", "YAMLError", "open_events", "open_pure"]


def open_events(text: str) -> NextEvent:
    """Return a function that hands out the next event of `text`, `StreamEndEvent` being the last.

    It raises `YAMLError` where libyaml takes the text for no YAML, and `UnicodeEncodeError` at a lone surrogate.
    """
    try:
        from yaml._yaml import CParser
    except ImportError:  # pragma: no cover - PyYAML's wheels have it
        return open_pure(text)
    next_event: NextEvent = CParser(text).get_event
    return next_event


def open_pure(text: str) -> NextEvent:
    """Return the same from ruamel's parser, without the C extension: some thirty times slower."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError as RuamelError

    events = iter(YAML(typ="safe", pure=True).parse(text))

    def next_event() -> Any:
        try:
            return next(events)
        except RuamelError as error:
            raise YAMLError(str(error)) from error

    return next_event
