"""Reading data that may have any shape: what is missing or of another type is None or empty, never an error."""

from collections.abc import Iterator, Mapping
from typing import Any


def get_path(data: object, *path: str | int) -> Any:
    """Return the value at a path of nested mappings and lists; None, where there is nothing."""
    for part in path:
        if isinstance(data, Mapping):
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            return None
    return data


def mapping(data: object, *path: str | int) -> Mapping[str, Any]:
    """Return the mapping at a path; an empty one, where there is none."""
    found = get_path(data, *path)
    return found if isinstance(found, Mapping) else {}


def numbered_mappings(data: object) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the items of a list that are mappings, with their indexes."""
    for index, item in enumerate(data if isinstance(data, list) else ()):
        if isinstance(item, Mapping):
            yield index, item


def mappings(data: object, *path: str | int) -> list[Mapping[str, Any]]:
    """Return the items that are mappings of the list at a path."""
    return [item for _, item in numbered_mappings(get_path(data, *path))]


def strings(data: object) -> list[str]:
    """Return the items of a list that are strings."""
    return [item for item in data if isinstance(item, str)] if isinstance(data, list) else []
