"""What sops leaves readable of a sealed file: whom it is sealed for, and which of its fields."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any, Final, NamedTuple

_VALUE: Final = re.compile(r"ENC\[AES256_GCM,data:[^,\]]*,iv:[^,\]]+,tag:[^,\]]+,type:([a-z]+)\]")

UNENCRYPTED_SUFFIX: Final = "_unencrypted"
"""What sops leaves out where a rule says nothing else."""


def encrypted_type(value: object) -> str:
    """Return the type of the plaintext behind an encrypted value, such as `str`; empty: it is not encrypted."""
    found = _VALUE.fullmatch(value) if isinstance(value, str) else None
    return found[1] if found else ""


class Recipients(NamedTuple):
    """Whom a file is sealed for: of each group one key is needed, or of as many groups as the threshold says."""

    groups: tuple[frozenset[str], ...]
    """Each recipient as `kind:identity`."""
    threshold: int

    def names(self) -> frozenset[str]:
        """Every recipient."""
        return frozenset().union(*self.groups)


class Selection(NamedTuple):
    """Which fields sops encrypts. At most one of the first four is not empty."""

    encrypted_regex: str = ""
    unencrypted_regex: str = ""
    encrypted_suffix: str = ""
    unencrypted_suffix: str = ""
    mac_only_encrypted: bool = False

    def encrypts(self, path: tuple[str, ...]) -> bool:
        """Whether the value at a path of keys is encrypted. Raises re.error if the expression cannot be read here."""
        if self.encrypted_regex:
            return any(re.search(self.encrypted_regex, key) for key in path)
        if self.unencrypted_regex:
            return not any(re.search(self.unencrypted_regex, key) for key in path)
        if self.encrypted_suffix:
            return any(key.endswith(self.encrypted_suffix) for key in path)
        return not any(key.endswith(self.unencrypted_suffix or UNENCRYPTED_SUFFIX) for key in path)

    def shown(self) -> str:
        """The rule as it stands in .sops.yaml."""
        given = {name: value for name, value in self._asdict().items() if value}
        return ", ".join(f"{name}: {value}" for name, value in given.items() if value is not True)


class Envelope(NamedTuple):
    """How a file is sealed, or is to be."""

    recipients: Recipients
    selection: Selection

    def digest(self) -> str:
        """What stands for it: two that say the same have the same."""
        groups = sorted(sorted(group) for group in self.recipients.groups)
        said = json.dumps([groups, self.recipients.threshold, self.selection])
        return sha256(said.encode()).hexdigest()[:16]


def read_envelope(document: Mapping[str, Any]) -> Envelope | None:
    """Return how a file is sealed, from sops' own entry in it; None if there is none.

    The fields are those of sops' own store (`stores/stores.go`): one group stands at the top, several in `key_groups`.
    """
    sops = document.get("sops")
    if not isinstance(sops, Mapping):
        return None
    listed = sops.get("key_groups")
    groups = listed if isinstance(listed, list) and listed else [sops]
    sealed_for = (frozenset(_sealed_for(group)) for group in groups if isinstance(group, Mapping))
    return Envelope(recipients_of(sealed_for, sops.get("shamir_threshold")), selection_of(sops))


def recipients_of(groups: Iterable[frozenset[str]], threshold: object) -> Recipients:
    """Return the recipients of some groups. Without a threshold sops needs a key of each."""
    every = tuple(groups)
    given = threshold if isinstance(threshold, int) and threshold else len(every)
    return Recipients(every, given if len(every) > 1 else 0)


def selection_of(fields: Mapping[str, Any]) -> Selection:
    """Return the selection from the fields that rules and sealed files have in common."""
    given = {name: str(fields.get(name) or "") for name in Selection._fields[:4]}
    if not any(given.values()):
        given["unencrypted_suffix"] = UNENCRYPTED_SUFFIX
    return Selection(**given, mac_only_encrypted=fields.get("mac_only_encrypted") is True)


_IDENTITY: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "age": lambda entry: age(str(entry.get("recipient"))),
    "pgp": lambda entry: pgp(str(entry.get("fp"))),
    "kms": lambda entry: f"kms:{entry.get('arn')}",
    "gcp_kms": lambda entry: f"gcp_kms:{entry.get('resource_id')}",
    "hckms": lambda entry: f"hckms:{entry.get('key_id')}",
    "azure_kv": lambda entry: azure(entry.get("vault_url"), entry.get("name")),
    "hc_vault": lambda entry: hc_vault(
        f"{entry.get('vault_address')}/v1/{entry.get('engine_path')}/keys/{entry.get('key_name')}"
    ),
}
"""The lists of a sealed file -> how an entry of each names its recipient."""


def _sealed_for(group: Mapping[str, Any]) -> Iterator[str]:
    for kind, identity in _IDENTITY.items():
        entries = group.get(kind)
        yield from (identity(one) for one in entries or () if isinstance(one, Mapping))


def age(recipient: str) -> str:
    """An age recipient; that of an SSH key without its comment."""
    return f"age:{' '.join(recipient.split()[:2])}"


def pgp(fingerprint: str) -> str:
    """A GnuPG key."""
    return f"pgp:{fingerprint.replace(' ', '').upper()}"


def azure(vault: object, name: object) -> str:
    """An Azure Key Vault key; its version is left out, since sops fills in the present one."""
    return f"azure_keyvault:{str(vault).rstrip('/')}/keys/{name}"


def hc_vault(url: str) -> str:
    """A key of HashiCorp Vault's transit engine."""
    return f"hc_vault:{url.rstrip('/')}"
