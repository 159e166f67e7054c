"""The network policies let through exactly the table of edges, seen from both sides."""

import json
from collections.abc import Iterator
from functools import cache
from ipaddress import ip_address, ip_network
from itertools import product
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml
from kubernetes_validate.utils import all_versions

from backupgen.conventions import naming
from backupgen.conventions.roles import PodRole
from backupgen.integrations.location import parse_http, parse_repository
from backupgen.language.load import load_fleet
from backupgen.manifests import load_templates, render_plan
from backupgen.plan.edges import edges, unreachable
from backupgen.plan.facts.access import CidrPeer, HostPeer, NetworkPolicy, PodPeer
from backupgen.plan.facts.manifest import Plan, Unit
from backupgen.plan.policies import network_policies
from backupgen.resolve.fleet import resolve_fleet
from backupgen.resolve.resolved import Peer, ResolvedFleet
from backupgen.source import read_document
from tests.custom_resources import validator_of
from tests.replacing import replace
from tests.unit.plan.network import Host, Network, Pod, pod

REPOSITORY = Path(__file__).resolve().parents[3]
FLEETS = ("fleet.yaml", "tests/cases/minimal/fleet.yaml", "tests/cases/everything/fleet.yaml")
KINDS = ("kubernetes", "cilium")
CILIUM = ("cilium.io/v2", "CiliumNetworkPolicy")

DNS = pod("kube-system", {"k8s-app": "kube-dns"})
API = Host("kubernetes.default.svc", "10.96.0.1", api_server=True)

both = pytest.mark.parametrize("kind", KINDS)
every_fleet = pytest.mark.parametrize("path", FLEETS)


@cache
def fleet_of(path: str, kind: str) -> ResolvedFleet:
    document = read_document((REPOSITORY / path).read_bytes(), path).value
    assert document is not None
    written = load_fleet(document).value
    assert written is not None
    fleet = resolve_fleet(written).value
    assert fleet is not None
    return replace(fleet, network_policies=kind)


def objects(units: tuple[Unit, ...]) -> list[dict[str, Any]]:
    templates = load_templates().value
    assert templates is not None
    manifests = render_plan(Plan("test", units), templates).value
    assert manifests is not None
    return [yaml.safe_load(text) for text in manifests.files.values()]


def network(fleet: ResolvedFleet) -> Network:
    return Network(rendered(fleet))


def rendered(fleet: ResolvedFleet) -> list[dict[str, Any]]:
    return objects(network_policies(fleet))


def by_path(fleet: ResolvedFleet) -> dict[str, dict[str, Any]]:
    units = network_policies(fleet)
    assert len({unit.path for unit in units}) == len(units)
    return {unit.path: found for unit, found in zip(units, objects(units), strict=True)}


def own_pod(fleet: ResolvedFleet, namespace: str, name: str, role: PodRole) -> Pod:
    return pod(namespace, naming.pod_labels(fleet.name, name, role))


# Every pod and place that an example fleet can meet.


def job_pods(fleet: ResolvedFleet) -> dict[tuple[str, str], Pod]:
    """The pods of the table's clients, by namespace and policy."""
    clients = {(edge.client.namespace, edge.client.policy): edge.client for edge in edges(fleet)}
    return {key: own_pod(fleet, client.namespace, client.policy, client.role) for key, client in clients.items()}


def server_pods(fleet: ResolvedFleet) -> list[Pod]:
    servers = [repository.server for repository in fleet.repositories if repository.server]
    return [own_pod(fleet, server.namespace, server.name, PodRole.SERVER) for server in servers]


def gateway_pods(fleet: ResolvedFleet) -> list[Pod]:
    if fleet.pushgateway is None or fleet.pushgateway.location.service is None:
        return []
    return [pod(fleet.pushgateway.location.service[1], fleet.pushgateway.pod_labels)]


def destinations(fleet: ResolvedFleet) -> list[Pod | Host]:
    found: dict[Pod | Host, None] = dict.fromkeys([DNS, API, Host("elsewhere.example.org", "203.0.113.9")])
    found |= dict.fromkeys([*server_pods(fleet), *gateway_pods(fleet), *job_pods(fleet).values()])
    for edge in edges(fleet):
        match edge.peer:
            case HostPeer(host, _, aliases):
                names = (host, *(alias.replace("*", "some-part") for alias in aliases))
                found |= {Host(name, "198.51.100.1"): None for name in names}
            case CidrPeer(cidr):
                found[Host("", str(ip_network(cidr)[0]))] = None
            case PodPeer(namespace, labels):
                found[pod(namespace, {**labels, "pod-template-hash": "1"})] = None
            case "dns" | "api-server":
                pass
    return list(found)


def ports(fleet: ResolvedFleet) -> set[int]:
    found = {53, 443, 6443, 1}
    for edge in edges(fleet):
        match edge.peer:
            case PodPeer(ports=numbers):
                found |= set(numbers)
            case HostPeer(port=port) | CidrPeer(port=port):
                found.add(port)
            case "dns" | "api-server":
                pass
    return found


def strangers(fleet: ResolvedFleet) -> Iterator[Pod]:
    """Pods that are none of the fleet's jobs, though some look nearly like one."""
    for client in job_pods(fleet).values():
        labels = dict(client.labels)
        yield pod("foreign", labels)
        yield pod(client.namespace, {**labels, naming.PART_OF_LABEL: "another"})
        yield pod(client.namespace, {"app": "innocent"})


def meets(kind: str, peer: object, to: Pod | Host, port: int) -> bool:
    """Whether an edge of the table leads to a place. Kubernetes' policies know no names, and no API server."""
    match peer:
        case "dns":
            return to == DNS and port == 53
        case "api-server":
            return port in {443, 6443} if kind == "kubernetes" else to == API
        case PodPeer(namespace, labels, numbers):
            return isinstance(to, Pod) and to.namespace == namespace and to.carries(labels) and port in numbers
        case CidrPeer(cidr, number):
            return isinstance(to, Host) and port == number and ip_address(to.address) in ip_network(cidr)
        case HostPeer(host, number, aliases):
            names = (host, *(alias.replace("*", "some-part") for alias in aliases))
            return isinstance(to, Host) and port == number and (kind == "kubernetes" or to.name in names)
        case _:
            raise AssertionError(peer)


def lets_in_nobody_else(fleet: ResolvedFleet, to: Pod | Host) -> bool:
    gateways = [dict(gateway.labels) for gateway in gateway_pods(fleet)]
    ruled = [{naming.PART_OF_LABEL: fleet.name}, *gateways]
    return isinstance(to, Pod) and any(to.carries(labels) for labels in ruled)


@both
@every_fleet
def test_exactly_the_edges_are_allowed(path: str, kind: str) -> None:
    fleet = fleet_of(path, kind)
    policies, table = network(fleet), edges(fleet)
    allowed = 0
    for key, client in job_pods(fleet).items():
        peers = [edge.peer for edge in table if (edge.client.namespace, edge.client.policy) == key]
        for to, port in product(destinations(fleet), sorted(ports(fleet))):
            leads = [peer for peer in peers if meets(kind, peer, to, port)]
            # Kubernetes has no selector for its API, but what lets nobody in stays shut.
            expected = bool(leads) and not (leads == ["api-server"] and lets_in_nobody_else(fleet, to))
            assert policies.allow(client, to, port) == expected, (client, to, port)
            allowed += expected
    assert allowed >= len(edges(fleet))


@both
@every_fleet
def test_strangers_reach_neither_server_nor_job(path: str, kind: str) -> None:
    fleet = fleet_of(path, kind)
    policies = network(fleet)
    gateways = gateway_pods(fleet)
    for stranger, port in product(dict.fromkeys(strangers(fleet)), sorted(ports(fleet))):
        assert not any(policies.allow(stranger, to, port) for to in server_pods(fleet))
        assert not any(policies.allow(stranger, to, port) for to in job_pods(fleet).values())
        for gateway in gateways:
            beside = stranger.namespace == gateway.namespace and port == 9091
            assert policies.allow(stranger, gateway, port) == beside


@both
@pytest.mark.parametrize("path", ["fleet.yaml", "tests/cases/everything/fleet.yaml"])
def test_a_server_judges_by_role_even_where_no_policy_holds_the_client_back(path: str, kind: str) -> None:
    fleet = fleet_of(path, kind)
    policies, table = network(fleet), edges(fleet)
    namespaces = sorted({edge.client.namespace for edge in table})
    for (server,), role, namespace, port in product([server_pods(fleet)], PodRole, namespaces, (8000, 8001)):
        alike = [edge for edge in table if (edge.client.role, edge.client.namespace) == (role, namespace)]
        expected = any(meets(kind, edge.peer, server, port) for edge in alike)
        assert policies.allow(own_pod(fleet, namespace, "unheard-of", role), server, port) == expected


@both
@every_fleet
def test_servers_talk_to_nobody(path: str, kind: str) -> None:
    fleet = fleet_of(path, kind)
    policies = network(fleet)
    for server, to, port in product(server_pods(fleet), destinations(fleet), sorted(ports(fleet))):
        assert not policies.allow(server, to, port)


@both
@every_fleet
def test_every_client_resolves_names_over_both_protocols(path: str, kind: str) -> None:
    fleet = fleet_of(path, kind)
    policies = network(fleet)
    for client in job_pods(fleet).values():
        assert policies.allow(client, DNS, 53, "UDP")
        assert policies.allow(client, DNS, 53, "TCP")
        assert not policies.allow(client, pod("kube-system", {"k8s-app": "other"}), 53, "UDP")


@both
def test_the_reference_fleet_talks_as_it_should(kind: str) -> None:
    fleet = fleet_of("fleet.yaml", kind)
    policies = network(fleet)
    server = own_pod(fleet, "backup", "rest-server", PodRole.SERVER)
    gateway = pod("monitoring", {"app.kubernetes.io/name": "prometheus-pushgateway"})
    jobs = {
        "backup": own_pod(fleet, "media", "backup-emby", PodRole.BACKUP),
        "dump": own_pod(fleet, "databases", "backup-mariadb", PodRole.BACKUP),
        "retention": own_pod(fleet, "longhorn", "restic-retentionpolicies", PodRole.RETENTION),
        "restore-test": own_pod(fleet, "longhorn", "backup-restore-test", PodRole.RESTORE_TEST),
        "mirror": own_pod(fleet, "backup", "backup-mirror-wasabi", PodRole.MIRROR),
        "restore": own_pod(fleet, "media", "whatever-the-runbook-says", PodRole.RESTORE),
    }
    wasabi = Host("s3.eu-central-2.wasabisys.com", "198.51.100.1")
    bucket = Host("k3s-at-home-01.s3.eu-central-2.wasabisys.com", "198.51.100.2")
    ntfy = Host("ntfy.example.org", "198.51.100.3")

    def who(to: Pod | Host, port: int) -> set[str]:
        return {name for name, job in jobs.items() if policies.allow(job, to, port)}

    assert who(server, 8000) == {"backup", "dump", "restore-test", "restore"}
    assert who(server, 8001) == {"retention"}
    assert who(server, 443) == set()
    assert who(gateway, 9091) == {"backup", "dump", "retention", "restore-test", "mirror"}
    assert who(API, 6443) == {"dump"}
    assert who(pod("databases", {"app.kubernetes.io/name": "mariadb"}), 3306) == set()
    if kind == "cilium":
        assert who(wasabi, 443) == who(bucket, 443) == {"mirror", "restore"}
        assert who(ntfy, 443) == set(jobs) - {"restore"}
        assert who(Host("ntfy.sh", "198.51.100.4"), 443) == set()
    assert all(who(job, port) == set() for job, port in product(jobs.values(), (80, 8000, 9091)))
    assert policies.allow(pod("monitoring", {"app": "prometheus"}), gateway, 9091)
    assert not policies.allow(pod("monitoring", {"app": "prometheus"}), server, 8000)
    assert policies.allow(gateway, DNS, 53)
    assert not policies.allow(own_pod(fleet, "elsewhere", "backup-emby", PodRole.BACKUP), server, 8000)


def test_copies_between_repositories_read_one_and_write_the_other() -> None:
    fleet = fleet_of("tests/cases/everything/fleet.yaml", "cilium")
    mirrors = {edge.client.policy for edge in edges(fleet) if edge.client.role == "mirror"}
    server = PodPeer("storage", {**_server_labels(fleet)}, (8000,))
    readers = {edge.client.policy for edge in edges(fleet) if edge.client.role == "mirror" and edge.peer == server}
    assert mirrors == {"backup-mirror-glacier", "backup-mirror-second-site"}
    assert readers == {"backup-mirror-second-site"}


def _server_labels(fleet: ResolvedFleet) -> dict[str, str]:
    own = naming.pod_labels(fleet.name, "rest", PodRole.SERVER)
    return {key: own[key] for key in (naming.NAME_LABEL, naming.PART_OF_LABEL, naming.ROLE_LABEL)}


@both
def test_a_target_leaves_its_trace_and_takes_it_away(kind: str) -> None:
    fleet = fleet_of("fleet.yaml", kind)
    emby = next(target for target in fleet.targets if target.name == "emby")
    job = replace(emby.job, name="backup-radio", namespace="radio")
    wider = replace(fleet, targets=(*fleet.targets, replace(emby, name="radio", job=job)))
    before, after = by_path(fleet), by_path(wider)
    file = "networkpolicy" if kind == "kubernetes" else "ciliumnetworkpolicy"
    assert after.keys() - before.keys() == {f"radio/{file}.backup-radio.yaml", f"radio/{file}.restic-restore.yaml"}
    changed = {path for path in before if before[path] != after[path]}
    assert changed == {f"backup/{file}.rest-server.yaml", f"monitoring/{file}.pushgateway-k3s-at-home.yaml"}
    assert Network(after.values()).allow(
        own_pod(fleet, "radio", "backup-radio", PodRole.BACKUP),
        own_pod(fleet, "backup", "rest-server", PodRole.SERVER),
        8000,
    )
    assert "radio" not in json.dumps(list(before.values()))
    assert by_path(replace(wider, targets=fleet.targets)) == before


@both
def test_another_target_of_a_namespace_changes_no_policy_that_was_there(kind: str) -> None:
    fleet = fleet_of("fleet.yaml", kind)
    emby = next(target for target in fleet.targets if target.name == "emby")
    job = replace(emby.job, name="backup-radio")
    before = by_path(fleet)
    after = by_path(replace(fleet, targets=(*fleet.targets, replace(emby, name="radio", job=job))))
    assert {path: after[path] for path in before} == before
    assert len(after) == len(before) + 1


def test_no_policies_are_rendered_unless_wanted() -> None:
    fleet = fleet_of("fleet.yaml", "none")
    assert network_policies(fleet) == ()
    assert unreachable(replace(fleet, pushgateway=replace(fleet.pushgateway, pod_labels={}))) == ()


@both
def test_a_pushgateway_without_labels_is_left_alone_and_reported(kind: str) -> None:
    fleet = fleet_of("fleet.yaml", kind)
    vague = replace(fleet, pushgateway=replace(fleet.pushgateway, pod_labels={}))
    assert not any("pushgateway-" in unit.path for unit in network_policies(vague))
    assert [path for path, _ in unreachable(vague)] == [("pushgateway", "url")]
    policies = network(vague)
    emby = own_pod(fleet, "media", "backup-emby", PodRole.BACKUP)
    assert policies.allow(emby, pod("monitoring", {"any": "pod"}), 9091)
    assert not policies.allow(emby, pod("monitoring", {"any": "pod"}), 9090)


def test_who_reads_a_copy_reaches_the_copy_and_nothing_else_of_the_fleet() -> None:
    fleet = fleet_of("tests/cases/cilium-s3/fleet.yaml", "cilium")
    (repository,) = fleet.repositories
    reached: dict[str, set[str]] = {}
    for edge in edges(fleet):
        if isinstance(edge.peer, HostPeer):
            reached.setdefault(edge.client.policy, set()).add(edge.peer.host)
    source, copy = repository.location.host, repository.mirrors[0].to.host
    reports = {"push.example.com", "ntfy.example.com"}
    assert reached["backup-mirror-elsewhere"] == {source, copy} | reports
    assert reached["backup-restore-test-mirror-elsewhere"] == {copy} | reports
    assert reached["backup-restore-test"] == {source} | reports


def test_places_that_no_policy_can_match_are_reported() -> None:
    fleet = fleet_of("fleet.yaml", "cilium")
    (repository,) = fleet.repositories
    (mirror,) = repository.mirrors
    minio = replace(mirror, to=parse_repository("s3:http://minio.storage.svc:9000/copy"))
    peers = (Peer({}, "", "mail", "", 25), Peer({}, "", "db.apps.svc", "", 5432), Peer({}, "", "192.0.2.7", "", 22))
    targets = tuple(
        replace(target, job=replace(target.job, channels=(replace(target.job.ntfy, server=parse_http("http://ntfy")),)))
        for target in fleet.targets
    )
    first = replace(targets[0], connects_to=peers)
    doubtful = replace(fleet, repositories=(replace(repository, mirrors=(minio,)),), targets=(first, *targets[1:]))
    assert unreachable(fleet) == ()
    assert [path for path, _ in unreachable(doubtful)] == [
        ("repository", "mirrors", "wasabi", "to"),
        ("ntfy", "server"),
        (*first.job.path, "connects_to", 0, "host"),
        (*first.job.path, "connects_to", 1, "host"),
    ]
    assert "port 9000 of every pod in `storage`" in unreachable(doubtful)[0][1]
    found = [edge.peer for edge in edges(doubtful) if edge.client.policy == first.job.name]
    assert CidrPeer("192.0.2.7/32", 22) in found
    assert PodPeer("apps", {}, (5432,)) in found


@pytest.mark.parametrize(
    ("url", "names"),
    [
        ("s3:s3.example.com/bucket/path", ("bucket.s3.example.com",)),
        ("s3:https://s3.example.com/Under_score", ()),
        ("b2:bucket:path", ("*.backblazeb2.com", "*.backblaze.com")),
        ("azure:container:/", ("*.blob.core.windows.net",)),
        ("rest:https://rest.example.com/path/", ()),
        (
            "s3:s3.amazonaws.com/b",
            (
                "s3.*.amazonaws.com",
                "s3.dualstack.*.amazonaws.com",
                "b.s3.amazonaws.com",
                "b.s3.*.amazonaws.com",
                "b.s3.dualstack.*.amazonaws.com",
            ),
        ),
    ],
)
def test_a_backend_is_reached_under_all_of_its_names(url: str, names: tuple[str, ...]) -> None:
    fleet = fleet_of("tests/cases/minimal/fleet.yaml", "cilium")
    moved = replace(fleet, repositories=(replace(fleet.repositories[0], location=parse_repository(url)),))
    (peer,) = {edge.peer for edge in edges(moved) if isinstance(edge.peer, HostPeer)}
    assert peer.aliases == names
    check_cilium(rendered(moved))


# The objects' schemas.


def check_cilium(found: list[dict[str, Any]]) -> None:
    for item in found:
        validator_of(CILIUM).validate(item)


@every_fleet
def test_cilium_takes_the_objects(path: str) -> None:
    found = rendered(fleet_of(path, "cilium"))
    assert found
    check_cilium(found)
    found[0]["spec"]["egres"] = []
    with pytest.raises(jsonschema.ValidationError):
        validator_of(CILIUM).validate(found[0])


@every_fleet
def test_kubernetes_takes_the_objects(path: str) -> None:
    versions = sorted(set(all_versions()), key=lambda text: [int(part) for part in text.split(".")])[-3:]
    found = rendered(fleet_of(path, "kubernetes"))
    assert found
    for item, version in product(found, versions):
        kubernetes_validate.validate(item, version, strict=True)
    found[0]["spec"]["egres"] = []
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(found[0], versions[-1], strict=True)


@both
@every_fleet
def test_the_rendered_policy_says_what_was_planned(path: str, kind: str) -> None:
    fleet = fleet_of(path, kind)
    for unit, found in zip(network_policies(fleet), rendered(fleet), strict=True):
        assert isinstance(unit.facts, NetworkPolicy)
        meta = unit.facts.meta
        assert unit.path == naming.file_of(meta.namespace, found["kind"], meta.name)
        assert found["metadata"]["labels"] == meta.labels
        assert found["metadata"].get("annotations", {}) == meta.annotations
        assert "egress" in found["spec"] or not unit.facts.restrict_egress
        assert found["spec"].get("egress") != [] or kind == "kubernetes"


@both
def test_prometheus_scrapes_what_the_alerts_need_and_no_more(kind: str) -> None:
    fleet = fleet_of("fleet.yaml", kind)
    assert fleet.alerts is not None
    (server,), (gateway,) = server_pods(fleet), gateway_pods(fleet)
    own = next(repository.server for repository in fleet.repositories if repository.server)
    elsewhere = replace(
        fleet, alerts=replace(fleet.alerts, prometheus_namespace="watch", prometheus_pods={"app": "prometheus"})
    )
    usual = pod("monitoring", {"app.kubernetes.io/name": "prometheus"})
    for judged, scraper in ((fleet, usual), (elsewhere, pod("watch", {"app": "prometheus"}))):
        policies = network(judged)
        assert policies.allow(scraper, server, own.port)
        assert not policies.allow(scraper, server, own.maintenance_port)
        assert policies.allow(scraper, gateway, 9091)
        assert not policies.allow(pod(scraper.namespace, {"app": "other"}), server, own.port)
    assert not network(elsewhere).allow(usual, server, own.port)
    assert not network(replace(fleet, alerts=None)).allow(usual, server, own.port)
