"""When two URLs name one repository: different spellings of a host, a port or a path lead to the same place.

Input: locations. Output: what they have in common. Never: a look at the network, or at other keys of fleet.yaml.

Hosts: `name.namespace.svc` and its longer forms are one Service (Kubernetes, "DNS for Services and Pods"), and all
ports of a Service lead to the repository that it serves. Paths: restic cleans the path of a bucket as it does that of
a folder, and a REST server's path is one of its file system. Buckets: Amazon and Backblaze name a bucket once for all
regions, and a host of the form `bucket.host` is the virtual-host style of S3.
"""

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import unquote

from backupgen.integrations.backends import BACKENDS, S3, UrlForm
from backupgen.integrations.location import Location

_AMAZON: Final = re.compile(r"(?:(?P<bucket>.+)\.)?s3[-.](?:[a-z0-9-]+[.])*amazonaws\.com(?:\.cn)?")
_BACKBLAZE: Final = re.compile(r"(?:(?P<bucket>.+)\.)?s3\.[a-z0-9-]+\.backblazeb2\.com")
_WEB_PORTS: Final = frozenset({80, 443})


def names_of(location: Location) -> frozenset[str]:
    """The names of a repository's place: two locations that share one are the same, however they are spelled."""
    path = _clean(location.path)
    backend = BACKENDS.get(location.kind)
    if backend is not None and backend.form is UrlForm.NAME:
        return frozenset({f"{location.kind}:{path}"})
    if backend is not S3:
        return frozenset(f"{location.kind}:{host}/{path}" for host in _hosts(location, with_port=True))
    return _buckets(location.host, path) or frozenset(
        f"s3:{host}/{rest}" for host, rest in _styles(_hosts(location, with_port=True), path)
    )


def portless_names_of(location: Location) -> frozenset[str]:
    """The names of a place without its port: who shares one may be two servers of a host, or one server twice."""
    return frozenset(f"{host}/{_clean(location.path)}" for host in _hosts(location, with_port=False))


def _hosts(location: Location, *, with_port: bool) -> frozenset[str]:
    """The names of a host: a Service's without its port, any other with it, where the scheme does not imply it."""
    labels = location.host.split(".")
    port = "" if not with_port or location.port in _WEB_PORTS else f":{location.port}"
    found = {f"{_address(location.host)}{port}"}
    if location.service is not None:
        return frozenset({"svc " + ".".join(location.service)})
    if len(labels) == 2:
        # Inside a cluster `name.namespace` is looked up as a Service first.
        found.add(f"svc {location.host}")
    return frozenset(found)


def _styles(hosts: frozenset[str], path: str) -> frozenset[tuple[str, str]]:
    """Path style, and for `bucket.host` the path style that it stands for."""
    found = {(host, path) for host in hosts}
    for host in hosts:
        bucket, dot, rest = host.partition(".")
        if dot and not host.startswith("svc ") and "." in rest:
            found.add((rest, f"{bucket}/{path}".rstrip("/")))
    return frozenset(found)


def _buckets(host: str, path: str) -> frozenset[str]:
    """The names of a bucket that its provider knows only once; empty for other providers."""
    for provider, pattern in (("amazon", _AMAZON), ("b2", _BACKBLAZE)):
        if match := pattern.fullmatch(host):
            bucket = f"{match['bucket']}/" if match["bucket"] else ""
            return frozenset({f"{provider}:{bucket}{path}".rstrip("/")})
    return frozenset()


def _clean(path: str) -> str:
    """A path without what does not change it: `//`, `/./`, `x/..`, percent signs; `bucket:path` of B2 and Azure."""
    parts: list[str] = []
    for part in unquote(path).replace(":", "/").split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts)


def _address(host: str) -> str:
    """An IP address in its one short form; any other host as it is."""
    try:
        return str(ip_address(host.strip("[]")))
    except ValueError:
        return host
