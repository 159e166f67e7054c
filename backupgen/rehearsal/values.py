"""Throw-away values for the placeholders in Secrets that are not sealed."""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Final

from backupgen.integrations.channels import CHANNELS
from backupgen.rehearsal.cluster import Object

ValueOf = Callable[[str], str]
"""The name of a value -> the value."""

_PLACEHOLDER: Final = re.compile(r"<backupgen (value|htpasswd): ([^<>]*)>")


def secret_data(secret: Object, value_of: ValueOf) -> dict[str, str]:
    """Return the keys of a Secret with its placeholders filled in."""
    plain = {key: _fill(str(text), value_of) for key, text in (secret.get("stringData") or {}).items()}
    coded = {key: base64.b64decode(text).decode() for key, text in (secret.get("data") or {}).items()}
    return {**coded, **plain}


def _fill(text: str, value_of: ValueOf) -> str:
    return _PLACEHOLDER.sub(lambda match: _value(match[1], match[2], value_of), text)


def _value(form: str, names: str, value_of: ValueOf) -> str:
    if form == "value":
        return value_of(names)
    entries = [entry.partition("=") for entry in names.split(", ")]
    return "".join(f"{htpasswd_line(user, value_of(name))}\n" for user, _, name in entries)


def htpasswd_line(user: str, password: str) -> str:
    """Return a line of an htpasswd file; SHA-1, which every REST server takes and which needs no library."""
    digest = hashlib.sha1(password.encode(), usedforsecurity=False).digest()
    return f"{user}:{{SHA}}{base64.b64encode(digest).decode()}"


def throw_away(name: str, chance: Callable[[], str], known: Mapping[str, str]) -> str:
    """Return a value for a name: a known one, or a made-up one of the form that its reader expects."""
    if name in known:
        return known[name]
    samples = {credential.value: credential.sample for kind in CHANNELS for credential in kind.credentials}
    return samples[name](chance()) if name in samples else chance()
