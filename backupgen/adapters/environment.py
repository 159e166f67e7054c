"""The environment of the processes that backupgen starts: theirs, and none of our credentials."""

import os
from collections.abc import Mapping
from typing import Final

from backupgen.conventions.naming import VALUE_VARIABLES

_SOPS: Final = "SOPS_"
# sops prefers them to its rules: a Secret would be sealed for others than .sops.yaml says.
_RECIPIENTS: Final = frozenset(
    {
        "SOPS_AGE_RECIPIENTS",
        "SOPS_AZURE_KEYVAULT_URLS",
        "SOPS_CONFIG",
        "SOPS_GCP_KMS_IDS",
        "SOPS_HUAWEICLOUD_KMS_IDS",
        "SOPS_KMS_ARN",
        "SOPS_PGP_FP",
        "SOPS_VAULT_URIS",
    }
)


def value_variables() -> dict[str, str]:
    """The environment variables that give values of the fleet."""
    return {name: value for name, value in os.environ.items() if name.startswith(VALUE_VARIABLES)}


def environment_of_sops() -> dict[str, str]:
    """The environment for sops: with its keys, without values, and without what would replace its rules."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(VALUE_VARIABLES) and name not in _RECIPIENTS
    }


def environment_of_others(added: Mapping[str, str]) -> dict[str, str]:
    """The environment for any other program: without values, and without sops' keys."""
    own = {name: value for name, value in os.environ.items() if not name.startswith((VALUE_VARIABLES, _SOPS))}
    return {**own, **added}


def local_zone() -> str:
    """Return the name of this machine's time zone, as its /etc/localtime leads to it; empty if it does not say."""
    place = os.path.realpath("/etc/localtime")
    return place.rpartition("/zoneinfo/")[2] if "/zoneinfo/" in place else ""
