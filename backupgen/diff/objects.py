"""The Kubernetes objects of rendered files, by what identifies them."""

import json
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
    if old.get("kind") != "Secret" or new.get("kind") != "Secret":
        return old, new
    before, after = without_values(old), without_values(new)
    after["stringData"] |= dict.fromkeys(
        before["stringData"].keys() & after["stringData"].keys() & {*revalued}, OTHER_VALUE
    )
    if "sops" not in old and "sops" not in new:
        plain_old, plain_new = values_of(old), values_of(new)
        changed = {key for key in plain_old.keys() & plain_new.keys() if plain_old[key] != plain_new[key]}
        after["stringData"] |= dict.fromkeys(changed, OTHER_VALUE)
    return before, after


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
