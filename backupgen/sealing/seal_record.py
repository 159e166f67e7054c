"""What is remembered of a sealed Secret, so that without any key it can be told what it was sealed from.

Never a digest of a plaintext: it could be guessed. sops encrypts a value anew, under a new nonce, exactly when somebody
changes it, so the digest of its ciphertext in the values file stands for the value.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final, NamedTuple

ENVIRONMENT: Final = "environment"
"""Stands for the digest of a value that came from the environment."""
_DIGITS: Final = 16


class SealRecord(NamedTuple):
    """One sealed Secret, as it was when backupgen sealed it or found it right."""

    file: str
    """The SHA-256 of its bytes."""
    ready: str
    """The SHA-256 of the Secret with placeholders that it was made from."""
    rule: str
    """What stands for the rule that it was sealed by (`Envelope.digest`)."""
    keys: Mapping[str, str]
    """Its keys -> the names of the values that each is made of, and their digest: `restic-password 1f0c…`."""


def digest(ciphertext: str) -> str:
    """What stands for a value: the beginning of the SHA-256 of its ciphertext."""
    return sha256(ciphertext.encode()).hexdigest()[:_DIGITS]


def key_mark(names: tuple[str, ...], digests: tuple[str, ...]) -> str:
    """What is remembered of a key: the names of its values, and what stands for them together."""
    several = digests[0] if len(digests) == 1 else digest(" ".join(digests))
    return f"{','.join(names)} {ENVIRONMENT if ENVIRONMENT in digests else several}"


def names_of(mark: str) -> tuple[str, ...]:
    """The names of the values that a key was made of."""
    return tuple(mark.rpartition(" ")[0].split(","))


def is_from_environment(mark: str) -> bool:
    """Whether a key was made of a value of the environment."""
    return mark.endswith(f" {ENVIRONMENT}")
