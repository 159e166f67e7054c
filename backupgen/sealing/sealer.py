"""What sealing needs from outside: sops, and bcrypt. The adapters implement it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from backupgen.diagnostics import CodeInfo, Finding, Spot


@dataclass(frozen=True, slots=True)
class SopsFault:
    """A refusal of sops'. No field ever holds a plaintext."""

    info: CodeInfo
    """SOPS_UNAVAILABLE, NO_KEY, SEALED_DAMAGED or SOPS_REFUSED."""
    message: str
    help: str = ""

    def finding(self, file: str) -> Finding:
        """The fault as a finding about a file."""
        return Finding(self.info, self.message, Spot(file=file), self.help or self.info.help)


Plain = Mapping[str, object]
"""A decrypted file, as plain data."""


@dataclass(frozen=True, slots=True)
class Sealing:
    """What sops is to seal, or to wrap anew."""

    text: str = field(repr=False)
    rules: str
    """A configuration of sops' with the one rule that counts."""


class Sealer(Protocol):
    """sops. Each call takes any number of files by their paths and does them side by side."""

    def decrypt(self, files: Mapping[str, str]) -> Mapping[str, Plain | SopsFault]:
        """Decrypt the texts of sealed YAML files."""

    def encrypt(self, files: Mapping[str, Sealing]) -> Mapping[str, str | SopsFault]:
        """Encrypt the texts of YAML files; what comes back has to be looked at before it may be written."""

    def rewrap(self, files: Mapping[str, Sealing]) -> Mapping[str, str | SopsFault]:
        """Give sealed files the recipients of their rules; the ciphertext of the values stays."""


class Hasher(Protocol):
    """bcrypt, for htpasswd files."""

    def hash(self, password: str) -> str:
        """Return a new bcrypt hash of a password of at most 72 bytes, with a new salt."""

    def verify(self, password: str, hashed: str) -> bool:
        """Whether the hash is one of the password; False for what is no bcrypt hash."""
