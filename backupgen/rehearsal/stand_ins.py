"""Which servers the pods look for, and under which addresses they find a stand-in.

All Jobs share one network without a way out. Each host that a pod's environment names gets an address of its own there,
so that two hosts may use one port; a pod of the fleet that serves has a network of its own, as any pod has.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from backupgen.integrations.backends import S3
from backupgen.integrations.channels import CHANNELS
from backupgen.integrations.location import Location, LocationError, parse_http, parse_repository
from backupgen.rehearsal.cluster import Cluster, name_of, namespace_of

_REPOSITORIES: Final = ("RESTIC_REPOSITORY", "MIRROR_RESTIC_REPOSITORY", "RESTIC_FROM_REPOSITORY")
_DOMAIN: Final = "rehearsal.internal"
"""Below `internal`, which never is a domain of the Internet's."""
_VIRTUAL_HOSTED: Final = (".amazonaws.com", ".googleapis.com", ".aliyuncs.com")
"""Where restic puts the bucket into the host's name, which no stand-in answers to."""
_ENDPOINT: Final = "RCLONE_CONFIG_MIRROR_ENDPOINT"


class StandIn(NamedTuple):
    """A server that is started in another's place."""

    kind: str
    """`pushgateway`, a channel's key in fleet.yaml, `rest` or `s3`."""
    host: str
    port: int
    tls: bool
    prefix: str
    """The path below which a Pushgateway answers."""
    users: tuple[tuple[str, str], ...]
    """Users and passwords, or key ids and keys; none: everybody may."""
    buckets: tuple[str, ...]


class Replaced(NamedTuple):
    """A repository for which no server can stand in under its own name."""

    url: str
    instead: str


def replacements(environments: Iterable[Mapping[str, str]]) -> tuple[Replaced, ...]:
    """Return the repositories whose URL has to change for a rehearsal, as the environments of all pods name them."""
    urls = {one[name]: None for one in environments for name in _REPOSITORIES if name in one}
    changed = [Replaced(url, instead) for url in urls if (instead := _instead(url)) != url]
    endpoints = {one[_ENDPOINT]: None for one in environments if _ENDPOINT in one}
    for endpoint in endpoints:
        host = parse_http(endpoint).host
        if host.endswith(_VIRTUAL_HOSTED):
            changed.append(Replaced(endpoint, f"https://{_plain_host(host)}"))
    return tuple(changed)


def _instead(url: str) -> str:
    try:
        place = parse_repository(url)
    except LocationError:
        return url  # a folder in the pod
    if place.backend.host:  # no server can stand in under the backend's own name
        return f"rest:http://{place.kind}.{_DOMAIN}:8000/{place.path.replace(':', '/').strip('/')}/"
    if place.backend is S3 and place.host.endswith(_VIRTUAL_HOSTED):
        return f"s3:https://{_plain_host(place.host)}{place.path}"
    return url


def _plain_host(host: str) -> str:
    return f"{host.replace('.', '-')}.{_DOMAIN}"


def replaced(environment: Mapping[str, str], changed: Iterable[Replaced]) -> dict[str, str]:
    """Return the variables of an environment that have to change, with their new values."""
    instead = dict(changed)
    return {name: instead[text] for name, text in environment.items() if text in instead}


def stand_ins(environments: Iterable[Mapping[str, str]], cluster: Cluster) -> tuple[StandIn, ...]:
    """Return the servers to start for pods with these environments; what the fleet itself runs is none of them."""
    own = service_hosts(cluster)
    found: dict[tuple[str, int], StandIn] = {}
    for environment in environments:
        for one in _named(environment):
            if one.host in own:
                continue
            known = found.get((one.host, one.port), one)
            users = dict.fromkeys((*known.users, *one.users))
            buckets = dict.fromkeys((*known.buckets, *one.buckets))
            found[(one.host, one.port)] = known._replace(users=tuple(users), buckets=tuple(buckets))
    return tuple(found.values())


def _named(environment: Mapping[str, str]) -> Iterator[StandIn]:
    if environment.get("PUSHGATEWAY_ENABLED") == "true":
        place = parse_http(environment["PUSHGATEWAY_URL"])
        yield _stand_in("pushgateway", place, prefix=place.path.rstrip("/"))
    for kind in CHANNELS:
        if environment.get(kind.switch) == "true":
            url, user, password = kind.stand_in(environment)
            yield _stand_in(kind.key, parse_http(url), users=((user, password),) if user else ())
    for name in _REPOSITORIES:
        yield from _repository(environment.get(name, ""), environment)


def _repository(url: str, environment: Mapping[str, str]) -> Iterator[StandIn]:
    try:
        place = parse_repository(url)
    except LocationError:
        return  # a folder in the pod, or nothing
    kind = place.backend.stand_in
    user = tuple(environment.get(name, "") for name in place.backend.variables)
    # The servers that stand in under another name know nobody: their users' names are those of another kind of server.
    known = (all(user) and not place.host.endswith(_DOMAIN)) or kind == "s3"
    bucket = place.path.strip("/").partition("/")[0]
    yield _stand_in(
        kind,
        place,
        users=((user[0], user[1]),) if known else (),
        buckets=(bucket,) if kind == "s3" else (),
    )


def _stand_in(
    kind: str,
    place: Location,
    prefix: str = "",
    users: tuple[tuple[str, str], ...] = (),
    buckets: tuple[str, ...] = (),
) -> StandIn:
    return StandIn(kind, place.host, place.port, place.tls, prefix, users, buckets)


def service_hosts(cluster: Cluster) -> dict[str, str]:
    """Return every name under which the cluster's DNS knows the fleet's own Services, and the address of its pod."""
    found: dict[str, str] = {}
    for number, service in enumerate(cluster.of_kind("Service"), start=1):
        short = f"{name_of(service)}.{namespace_of(service)}"
        found |= dict.fromkeys((short, f"{short}.svc", f"{short}.svc.cluster.local"), f"10.244.{number}.2")
    return found


def addresses(servers: Iterable[StandIn], cluster: Cluster) -> dict[str, str]:
    """Return host -> address. A stand-in has one on the loopback interface, a pod of the fleet one of its own."""
    hosts = dict.fromkeys(server.host for server in servers)
    loopback = {host: f"127.0.{1 + number // 250}.{1 + number % 250}" for number, host in enumerate(hosts)}
    return service_hosts(cluster) | loopback
