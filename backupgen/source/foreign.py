"""YAML that other programs own, read as they read it: with anchors, aliases and merge keys, without positions."""

import yaml

from backupgen.source.plain import PlainError


def load_foreign(text: str) -> object:
    """Return the one document of `text` as plain data; an empty one is None.

    Raises PlainError where it is no YAML, holds another number of documents, or a tag that is not YAML's own.
    """
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise PlainError(line, column, str(getattr(error, "problem", None) or "not valid YAML")) from None
    except (RecursionError, ValueError):
        raise PlainError(1, 1, "not valid YAML") from None
