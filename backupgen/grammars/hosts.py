"""Host names: what DNS takes (RFC 1123), what Cilium's `toFQDNs` takes, and which are not names of Services."""

import re
from typing import Final

_LABEL: Final = re.compile(r"[a-z0-9_]([-_a-z0-9]{0,61}[a-z0-9_])?")
_COMMON: Final = frozenset({
    "com", "org", "net", "edu", "gov", "mil", "int", "info", "biz", "name", "pro", "app", "dev", "cloud", "xyz",
    "online", "site", "tech", "page", "blog", "shop", "home", "lan", "local", "localdomain", "internal", "intranet",
    "private", "corp", "arpa", "test", "example", "invalid", "box", "network", "systems", "host", "space", "zone",
    "digital", "live", "club", "house", "domains", "email", "world", "link", "rocks", "ninja", "wtf", "fun",
})  # fmt: skip
"""Top-level domains that people use for their own hosts, registered or not."""


def is_host(text: str) -> bool:
    """Whether a text in lower case is a host's name: labels of 63 characters at most, 253 in all."""
    return len(text) <= 253 and all(map(_LABEL.fullmatch, text.split(".")))


def is_bucket(text: str) -> bool:
    """Whether a bucket's name can stand in front of a host's (Amazon S3, "Bucket naming rules")."""
    return len(text) <= 63 and is_host(text) and "_" not in text


def may_be_public(host: str) -> bool:
    """Whether the last part of a host's name is a top-level domain: of a country, or one that is used often."""
    last = host.rpartition(".")[2]
    return last in _COMMON or (len(last) == 2 and last.isalpha()) or last.startswith("xn--") or last.isdecimal()
