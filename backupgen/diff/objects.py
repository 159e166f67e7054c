"""The Kubernetes objects of rendered files, by what identifies them."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple, TypeGuard

from backupgen.sealing.sealed import values_of, without_values
from backupgen.source import PlainError, load_all

FILE: Final = "File"
"""The kind of what is no Kubernetes object: a runbook, a picture, a rule test, `.sops.yaml`. It is a text."""


class Identity(NamedTuple):
    """What makes an object the same object in two versions, whatever file it stands in."""

    api_version: str
    kind: str
    namespace: str
    """Empty for an object without a namespace."""
    name: str
    """A file's path below out/, where there is no name: a kustomization has none."""


Object = dict[str, Any]
_OF_THE_FOLDER: Final = frozenset({"ksops"})
"""The kinds that are for kustomize alone: each folder has one, all of the same name."""
_SECRET: Final = "Secret"  # noqa: S105 - a kind
_SHOWN: Final = frozenset({"apiVersion", "kind", "type", "immutable"})
_OPENED: Final = frozenset({"metadata", "stringData"})
_PLAIN: Final = re.compile(r"""["']?kind["']?\s*:\s*(?:[!&]\S*\s+)*["']?Secret\b""")
A_VALUE: Final = "(a value)"
OTHER_VALUE: Final = "(another value)"
"""Stands for a value of a Secret that is not what it was."""


def read_objects(files: Mapping[str, str], paths: Iterable[str]) -> dict[Identity, Object]:
    """Return the objects in the files at `paths`, as plain data. Never raises: what is no YAML is a text."""
    found: dict[Identity, Object] = {}
    for path in paths:
        for document in _documents(path, files[path]):
            identity = _identity(document, path)
            if identity in found:
                identity = identity._replace(name=f"{identity.name} ({path})")
            found[identity] = document
    return found


def _documents(path: str, text: str) -> list[Object]:
    if path.endswith((".yaml", ".yml")):
        try:
            documents = load_all(text)
        except PlainError:
            return [{"text": text}]
        objects = [document for document in documents if _is_object(document)]
        if len(objects) == len(documents):
            return objects
    return [{"text": text}]


def _is_object(document: object) -> TypeGuard[Object]:
    return isinstance(document, dict) and isinstance(document.get("kind"), str)


def _identity(document: Object, path: str) -> Identity:
    kind, meta = document.get("kind"), document.get("metadata")
    if not isinstance(kind, str):
        return Identity("", FILE, "", path)
    name, namespace = (meta.get("name"), meta.get("namespace")) if isinstance(meta, dict) else (None, None)
    if kind in _OF_THE_FOLDER:
        name = None
    return Identity(str(document.get("apiVersion", "")), kind, str(namespace or ""), str(name or path))


def comparable(old: Object, new: Object, revalued: Iterable[str] = ()) -> tuple[Object, Object]:
    """Return two versions of an object as they can be compared.

    Of a Secret's values that is only whether they differ; `revalued` are the keys of a sealed one whose values are
    known to have changed. JSON in a ConfigMap is taken for what it says.
    """
    if old.get("kind") == new.get("kind") == "ConfigMap":
        return _parsed(old, new)
    if old.get("kind") != _SECRET or new.get("kind") != _SECRET:
        return _hide_inner(old, new)
    before, after = _hidden(without_values(old), without_values(new))
    after["stringData"] |= dict.fromkeys(
        before["stringData"].keys() & after["stringData"].keys() & {*revalued}, OTHER_VALUE
    )
    if "sops" not in old and "sops" not in new:
        plain_old, plain_new = values_of(old), values_of(new)
        changed = {key for key in plain_old.keys() & plain_new.keys() if plain_old[key] != plain_new[key]}
        after["stringData"] |= dict.fromkeys(changed, OTHER_VALUE)
    return before, after


def _hidden(old: Object, new: Object) -> tuple[Object, Object]:
    """Two versions of a Secret by its names alone: what it holds may stand anywhere in it.

    `kubectl` keeps a copy of it in an annotation, and a key that slipped out of `stringData` is a field of its own. The
    names of fields, labels and annotations are shown, and whether what they hold differs.
    """
    before: Object = {}
    after: Object = {}
    for key in {**old, **new}:
        one, other = old.get(key), new.get(key)
        if key in _SHOWN:
            pair = (one, other)
        elif key in _OPENED and isinstance(one or {}, dict) and isinstance(other or {}, dict):
            pair = _hidden_entries(one, other, deeper=key == "metadata")
        else:
            pair = _hidden_value(one, other)
        before |= {key: pair[0]} if key in old else {}
        after |= {key: pair[1]} if key in new else {}
    return before, after


def _hidden_entries(old: Any, new: Any, *, deeper: bool) -> tuple[Object, Object]:
    before: Object = {}
    after: Object = {}
    for key in {**(old or {}), **(new or {})}:
        one, other = (old or {}).get(key), (new or {}).get(key)
        if deeper and key in {"name", "namespace"}:
            pair: tuple[Any, Any] = (one, other)
        elif (
            deeper
            and key in {"labels", "annotations"}
            and isinstance(one or {}, dict)
            and isinstance(other or {}, dict)
        ):
            pair = _hidden_entries(one, other, deeper=False)
        else:
            pair = _hidden_value(one, other)
        before |= {key: pair[0]} if key in (old or {}) else {}
        after |= {key: pair[1]} if key in (new or {}) else {}
    return before, after


def _hidden_value(old: Any, new: Any) -> tuple[str, str]:
    """Old and new of what is not shown; None: it is absent there, and what comes or goes is a value."""
    return A_VALUE, OTHER_VALUE if old is not None and new is not None and old != new else A_VALUE


def _hide_inner(old: Object, new: Object) -> tuple[Object, Object]:
    """Two versions of something else: where a Secret stands in it, or where one became it, only that they differ."""
    if not any(_holds_secret(one) for one in (old, new)):
        return old, new
    marks = ({"kind": one.get("kind"), "content": A_VALUE} for one in (old, new))
    before, after = ({key: value for key, value in one.items() if value is not None} for one in marks)
    if old != new:
        after["content"] = OTHER_VALUE
    return before, after


def _holds_secret(value: Any) -> bool:
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            if one.get("kind") == _SECRET:
                return True
            left += one.values()
        elif isinstance(one, list):
            left += one
        elif isinstance(one, str) and _SECRET in one and _PLAIN.search(one):
            return True
    return False


def _parsed(old: Object, new: Object) -> tuple[Object, Object]:
    before, after = old.get("data"), new.get("data")
    if not isinstance(before, dict) or not isinstance(after, dict):
        return old, new
    opened = {
        key: pair
        for key in before.keys() & after.keys()
        if key.endswith(".json") and before[key] != after[key] and (pair := _json(before[key], after[key]))
    }
    old_data, new_data = (
        data | {key: pair[side] for key, pair in opened.items()} for side, data in enumerate((before, after))
    )
    return old | {"data": old_data}, new | {"data": new_data}


def _json(*texts: object) -> list[Any] | None:
    """The mappings that all of the texts are as JSON; None, if one is not."""
    try:
        found = [json.loads(text) for text in texts if isinstance(text, str)]
    except (ValueError, RecursionError):
        return None
    return found if len(found) == len(texts) and all(isinstance(one, dict) for one in found) else None
