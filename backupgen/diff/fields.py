"""Two objects, field by field."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final, NamedTuple


class Item(NamedTuple):
    """An item of a list, by what names it."""

    name: str


Step = str | int | Item
"""A mapping's key, a list's index, or the item of a list."""

ORDER: Final = Item("")
"""The last step to the names of a list's items, in their order."""


def _field(key: str) -> Callable[[Any], object]:
    return lambda item: item.get(key) if isinstance(item, dict) else None


_OF_THE_INSTANCE: Final = frozenset({"fleet", "namespace", "cronjob", "kind", "repository", "target"})
"""The labels that follow from the instance of a recorded series, or are the same for all."""


def _rule(item: Any) -> object:
    """An alert has a name; the series of a recording rule needs labels that tell it apart too."""
    if not isinstance(item, dict) or "alert" in item:
        return item.get("alert") if isinstance(item, dict) else None
    labels = item["labels"] if isinstance(item.get("labels"), dict) else {}
    known = _OF_THE_INSTANCE if "instance" in labels else frozenset({"fleet"})
    listed = ",".join(f"{name}={value}" for name, value in labels.items() if name not in known)
    return f"{item['record']}{{{listed}}}" if isinstance(item.get("record"), str) else None


def _itself(item: Any) -> object:
    return item


NAMES: Final[Mapping[str, Callable[[Any], object]]] = {
    "containers": _field("name"),
    "initContainers": _field("name"),
    "env": _field("name"),
    "volumes": _field("name"),
    "volumeMounts": _field("mountPath"),
    "ports": _field("name"),
    "imagePullSecrets": _field("name"),
    "groups": _field("name"),
    "rules": _rule,
    "resources": _itself,
    "generators": _itself,
    "files": _itself,
    # Of a Grafana dashboard:
    "panels": _field("title"),
    "targets": _field("refId"),
    "list": _field("name"),
    "links": _field("title"),
}
"""The lists whose items have a name, by the field that holds the list: where the name is."""

ORDERED: Final = frozenset({"containers", "initContainers", "env"})
"""The lists among them in which the order means something to Kubernetes."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One difference. `None` stands for absent; generated objects hold no null."""

    steps: tuple[Step, ...]
    old: Any
    new: Any

    @property
    def path(self) -> str:
        """The way to the field: `spec.containers[restic].env[RESTIC_TAG].value`, `metadata.labels["a.b/c"]`."""
        return "".join(_shown(step) for step in self.steps).removeprefix(".")


def _shown(step: Step) -> str:
    if isinstance(step, Item):
        return f"[{step.name or 'order'}]"
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if step.replace("_", "a").replace("-", "a").isalnum() else f'["{step}"]'


def compare_fields(old: Any, new: Any, steps: tuple[Step, ...] = ()) -> Iterator[FieldChange]:
    """Yield the differences between two values of plain data, in the order of the fields. None: they are equal.

    Lists of named items are matched by name, other lists of mappings by content and then by place; a list of scalars
    is one value. The index of an item that comes is its new one, of any other its old one.
    """
    if type(old) is type(new) and old == new and not isinstance(old, dict | list):
        return
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _mappings(old, new, steps)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _lists(old, new, steps)
    else:
        yield FieldChange(steps, old, new)


def _mappings(old: Mapping[Any, Any], new: Mapping[Any, Any], steps: tuple[Step, ...]) -> Iterator[FieldChange]:
    for key in [*old, *(key for key in new if key not in old)]:
        if key not in new:
            yield FieldChange((*steps, key), old[key], None)
        elif key not in old:
            yield FieldChange((*steps, key), None, new[key])
        else:
            yield from compare_fields(old[key], new[key], (*steps, key))


def _lists(old: list[Any], new: list[Any], steps: tuple[Step, ...]) -> Iterator[FieldChange]:
    field = steps[-1] if steps and isinstance(steps[-1], str) else ""
    before, after = by_name(field, old), by_name(field, new)
    if before is not None and after is not None:
        at = len(steps)
        for change in _mappings(before, after, steps):
            named = Item(str(change.steps[at]))
            yield FieldChange((*steps, named, *change.steps[at + 1 :]), change.old, change.new)
        kept = [name for name in before if name in after]
        if field in ORDERED and kept != [name for name in after if name in before]:
            yield FieldChange((*steps, ORDER), list(before), list(after))
    elif all(isinstance(item, dict) for item in (*old, *new)):
        yield from _placed(old, new, steps)
    elif _differ(old, new):
        yield FieldChange(steps, old, new)


def by_name(field: str, items: list[Any]) -> dict[str, Any] | None:
    """Return the items of the list in `field` by name; None if it has no names, one lacks its, or two share one."""
    name_of = NAMES.get(field)
    if name_of is None:
        return None
    named = {name: item for item in items if isinstance(name := name_of(item), str) and name}
    return named if len(named) == len(items) else None


def _placed(old: list[Any], new: list[Any], steps: tuple[Step, ...]) -> Iterator[FieldChange]:
    """Compare items without names: those that are equal stay out of it, wherever others came in between."""
    before, after = ([json.dumps(item, sort_keys=True) for item in items] for items in (old, new))
    for tag, start, end, new_start, new_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        if end - start == new_end - new_start:
            for shift in range(end - start):
                yield from compare_fields(old[start + shift], new[new_start + shift], (*steps, start + shift))
            continue
        yield from (FieldChange((*steps, place), old[place], None) for place in range(start, end))
        yield from (FieldChange((*steps, place), None, new[place]) for place in range(new_start, new_end))


def _differ(old: list[Any], new: list[Any]) -> bool:
    """Whether two lists differ; `1`, `1.0` and `true` are three values, which `==` does not see."""
    return repr(old) != repr(new)
