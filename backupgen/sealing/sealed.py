"""Secrets that sops encrypted: what can be known of one without its key."""

import re
from collections.abc import Mapping
from typing import Any, Final

from backupgen.conventions.naming import SEALED_SUFFIX

_SOPS_KEY: Final = re.compile(r"^sops:", re.MULTILINE)


def is_sealed(path: str, text: str) -> bool:
    """Whether the file is a Secret that sops encrypted: it carries sops' own top-level key."""
    return path.endswith(SEALED_SUFFIX) and _SOPS_KEY.search(text) is not None


def secret_keys(documents: tuple[object, ...]) -> tuple[str, ...]:
    """Return the keys of the Secrets among the documents, sorted."""
    keys: set[str] = set()
    for document in documents:
        if isinstance(document, Mapping) and document.get("kind") == "Secret":
            for field in ("data", "stringData"):
                values = document.get(field)
                keys.update(values if isinstance(values, Mapping) else ())
    return tuple(sorted(keys))


def values_of(secret: Mapping[str, Any]) -> dict[str, object]:
    """Return the values of a Secret by their keys; they are for comparing, never for showing."""
    fields = (secret.get(name) for name in ("data", "stringData"))
    return {key: value for field in fields if isinstance(field, Mapping) for key, value in field.items()}


def without_values(secret: Mapping[str, Any]) -> dict[str, Any]:
    """Return the Secret without its values and sops' own key: what two versions can be compared by.

    `data` and `stringData` become one, as they do in the cluster. A value is never shown: it may be filled in already.
    """
    kept = {
        key: value
        for key, value in secret.items()
        if key not in {"sops", "stringData"} and not (key == "data" and isinstance(value, Mapping))
    }
    kept["stringData"] = dict.fromkeys(secret_keys((secret,)), "(a value)")
    return kept
