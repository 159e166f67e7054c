"""Credentials -> Secrets, by the names of their values. No value is known here."""

from collections.abc import Mapping

from backupgen.conventions import naming
from backupgen.plan.meta import Meta
from backupgen.plan.model import Secret, SecretKey, Unit


def secret_unit(meta: Meta, credentials: Mapping[str, str]) -> Unit:
    """The Secret with these environment variables, each from the value of the given name."""
    keys = tuple(SecretKey(variable, (value,)) for variable, value in sorted(credentials.items()))
    return Unit(secret_file(meta), Secret(meta, keys))


def htpasswd_unit(meta: Meta, users: Mapping[str, Mapping[str, str]]) -> Unit:
    """The Secret with htpasswd files: file -> user -> name of the password's value."""
    keys = tuple(
        SecretKey(file, tuple(f"{user}={value}" for user, value in sorted(entries.items())), "htpasswd")
        for file, entries in sorted(users.items())
    )
    return Unit(secret_file(meta), Secret(meta, keys))


def secret_file(meta: Meta) -> str:
    """The path of a Secret below out/."""
    return naming.file_of(meta.namespace, "Secret", meta.name, sealed=True)
