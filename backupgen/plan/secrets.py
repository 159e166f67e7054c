"""Credentials -> Secrets, by the names of their values. No value is known here."""

from collections.abc import Mapping

from backupgen.plan.facts.access import HtpasswdUser, Secret, SecretKey
from backupgen.plan.facts.manifest import Meta, Unit, path_of


def secret_unit(meta: Meta, credentials: Mapping[str, str]) -> Unit:
    """The Secret with these environment variables, each from the value of the given name."""
    keys = tuple(SecretKey(variable, value) for variable, value in sorted(credentials.items()))
    return Unit.of(Secret(meta, keys))


def htpasswd_unit(meta: Meta, users: Mapping[str, Mapping[str, str]]) -> Unit:
    """The Secret with htpasswd files: file -> user -> name of the password's value."""
    keys = tuple(
        SecretKey(file, tuple(HtpasswdUser(*entry) for entry in sorted(entries.items())))
        for file, entries in sorted(users.items())
    )
    return Unit.of(Secret(meta, keys))


def secret_file(meta: Meta) -> str:
    """The path of a Secret below out/."""
    return path_of(Secret, meta)
