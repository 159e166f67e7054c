"""The finer points of rules that judge a target by what its names and commands say."""

import re
from pathlib import Path
from typing import Any

import pytest

from backupgen.rules.bg412_dead_image import full_name
from backupgen.rules.bg413_copied_database import ENGINES
from backupgen.rules.bg415_deadline_below_retries import PROBE, budget_of
from tests.fleets import DIGEST
from tests.unit.rules.small import codes, said


def test_the_fleet_itself_is_sound() -> None:
    assert codes() == []


@pytest.mark.parametrize(
    ("pattern", "rule", "found"),
    [
        ("/notes/*", {"dir": "notes"}, ["BG409"]),
        ("/notes/*", {"dir": "notes", "min_files": 0}, []),
        ("/notes/?", {"dir": "notes"}, []),
        ("/notes/a*", {"dir": "notes"}, []),
        ("/notes/**", {"dir": "notes", "min_files": 0}, ["BG409"]),
        ("*.db", {"file": "notes/a.db/x"}, ["BG409"]),
    ],
)
def test_a_folder_without_files_is_hidden_too(pattern: str, rule: dict[str, Any], found: list[str]) -> None:
    assert codes({"exclude": [pattern], "verify": [rule]}) == found
    assert codes({"exclude": ["[", pattern, "/elsewhere"], "verify": [rule]}) == sorted([*found, "BG410", "BG411"])


def test_excludes_beside_a_dump() -> None:
    dump = {"in_pod": {"app": "db"}, "tool": "pg_dump"}
    alone = {"volume": None, "with_pod": None, "dump": dump, "verify": [{"pgdump": "notes.pgdump"}]}
    assert codes({**alone, "exclude": ["*.pgdump"]}) == ["BG409"]
    assert codes({**alone, "exclude": ["/notes.pgdump"]}) == ["BG409"]
    assert codes({**alone, "exclude": ["/notes"]}) == ["BG411"]
    printed = {"volume": None, "with_pod": None, "dump": {"command": ["true"], "file": "x"}, "verify": [{"file": "x"}]}
    assert codes({**printed, "exclude": ["x"]}) == []


@pytest.mark.parametrize("word", ENGINES)
def test_the_name_of_a_database_is_heard(word: str) -> None:
    for claim in (word, f"data-{word}-0", f"{word}16-data"):
        (finding,) = said({"volume": {"pvc": claim}})
        assert finding.info.code == "BG413"
        assert ENGINES[word][0] in finding.message
        assert ENGINES[word][1] in finding.help
    assert codes({"with_pod": {"app.kubernetes.io/name": word}}) == ["BG413"]


@pytest.mark.parametrize(
    "target",
    [
        {"volume": {"pvc": "mariadb-backups"}, "with_pod": {"app": "mariadb"}},
        {"volume": {"pvc": "mysqlite"}},
        {"volume": {"pvc": "postgres"}, "before": "pg-stop", "after": "pg-start"},
        {"volume": {"pvc": "notes"}, "verify": [{"sqlite": "notes/a.db"}, {"dir": "notes"}], "before": "stop"},
        {"volume": {"pvc": "files"}, "dump": {"in_pod": {"app": "postgres"}, "tool": "pg_dump"}},
    ],
)
def test_what_is_no_copied_database(target: dict[str, Any]) -> None:
    assert codes(target) == []


def test_an_accepted_copy_of_a_database() -> None:
    assert codes({"volume": {"pvc": "mariadb"}, "waive": {"copied-database": "it is stopped at night"}}) == []


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("restic", "docker.io/restic"),
        ("bitnami/kubectl", "docker.io/bitnami/kubectl"),
        ("index.docker.io/bitnami/kubectl", "docker.io/bitnami/kubectl"),
        ("localhost/bitnami/kubectl", "localhost/bitnami/kubectl"),
        ("registry:5000/bitnami/kubectl", "registry:5000/bitnami/kubectl"),
        ("ghcr.io/bitnami/kubectl", "ghcr.io/bitnami/kubectl"),
    ],
)
def test_the_registry_that_an_image_comes_from(name: str, full: str) -> None:
    assert full_name(name) == full
    found = codes({"image": f"{name}@{DIGEST}"})
    assert found == (["BG412"] if full.startswith("docker.io/bitnami/") else [])


POLICIES: dict[str, Any] = {"network_policies": "kubernetes"}


@pytest.mark.parametrize(
    ("command", "peers", "found"),
    [
        ("curl http://wiki/x", [{"pod": {"app": "wiki"}, "port": 8080}], []),
        ("curl http://wiki.docs/x", [{"pod": {"app": "wiki"}, "port": 8080}], ["BG414"]),
        ("curl http://wiki.docs/x", [{"pod": {"app": "wiki"}, "namespace": "docs", "port": 8080}], []),
        ("curl http://wiki.docs.svc.cluster.local/x", [{"pod": {"app": "w"}, "namespace": "docs", "port": 80}], []),
        ("curl http://wiki.example.com/x", [{"pod": {"app": "wiki"}, "namespace": "example", "port": 80}], ["BG414"]),
        ("curl https://api.example.com", [{"host": "api.example.com", "port": 443}], []),
        ("curl https://user:$W@API.example.com:8443/a", [{"host": "api.example.com", "port": 443}], ["BG414"]),
        ("curl https://user:$W@API.example.com:8443/a", [{"host": "api.example.com", "port": 8443}], []),
        ("curl http://192.0.2.9/", [{"cidr": "192.0.2.0/24", "port": 80}], []),
        ("curl http://192.0.3.9/", [{"cidr": "192.0.2.0/24", "port": 80}], ["BG414"]),
        ("curl http://[2001:db8::1]:80/", [{"cidr": "2001:db8::/32", "port": 80}], []),
        ("curl http://nas.example.com/", [{"cidr": "192.0.2.0/24", "port": 80}], []),
        ("curl http://nas.example.com/", [{"cidr": "192.0.2.0/24", "port": 443}], ["BG414"]),
        ("curl http://$HOST/ http://a${HOST}/ http://a.$(id)/ http://localhost:1/", [], []),
        ("curl https://s3.example.com/x", [], []),
        ("curl http://s3.example.com/x", [], ["BG414"]),
        ("pg_dump -U x -h db.example.com wiki", [], ["BG414"]),
        ("pg_dump --host db.example.com wiki", [{"host": "db.example.com", "port": 6432}], []),
        ("mysql -h127.0.0.1 wiki; ls -h db", [], []),
        ("echo hello", [], []),
    ],
)
def test_whom_a_hook_may_reach(command: str, peers: list[dict[str, Any]], found: list[str]) -> None:
    assert codes({"before": command, "connects_to": peers}, **POLICIES) == found
    assert codes({"before": command, "connects_to": peers}) == []


def test_what_runs_in_the_apps_pod_is_not_of_the_jobs_policy() -> None:
    dump = {"in_pod": {"app": "wiki"}, "command": ["curl", "http://elsewhere.example.com"], "file": "wiki.json"}
    assert codes({"dump": dump, "verify": [{"file": "wiki.json"}, {"dir": "notes"}]}, **POLICIES) == []


@pytest.mark.parametrize(
    ("retries", "seconds"), [(0, 60), (1, 130), (2, 210), (6, 7 * 60 + 630), (7, 8 * 60 + 990), (8, 9 * 60 + 1350)]
)
def test_the_time_of_all_attempts(retries: int, seconds: int) -> None:
    assert budget_of(retries) == seconds


def test_the_probe_is_as_long_as_the_scripts(repository: Path) -> None:
    library = (repository / "templates/scripts/lib.sh").read_text(encoding="utf-8")
    assert re.findall(r"RESTIC_PROBE_TIMEOUT:-([0-9]+)", library) == [str(PROBE)]


def test_the_retries_that_fit_are_named() -> None:
    (finding,) = said({"deadline": "4m", "retries": 5})
    assert finding.help == "lengthen the deadline, or write `retries: 2`"
    assert codes({"deadline": "4m", "retries": 2}) == []


SUBSTITUTE = "kustomize.toolkit.fluxcd.io/substitute"
FLUX: dict[str, Any] = {"gitops": {"flux": {"path": "./out", "source": {"name": "home"}}}}


def test_what_takes_the_guard_against_flux_back() -> None:
    enabled = {SUBSTITUTE: "enabled"}
    shown: dict[str, Any] = {
        "pushgateway": {"url": "https://push.example.com"},
        "dashboard": {"namespace": "x", "annotations": enabled},
    }
    places: tuple[dict[str, Any], ...] = (
        {"target": {"annotations": enabled}},
        {"annotations": enabled},
        {"defaults": {"annotations": enabled}},
    )
    for place in places:
        assert codes(**place, **FLUX) == ["BG417"]
    assert codes(**shown, **FLUX) == ["BG417"]
    assert codes({"annotations": enabled}) == []


def test_one_line_is_enough_for_a_place_that_others_inherit() -> None:
    (finding,) = said({"annotations": {"a": "b"}}, annotations={SUBSTITUTE: "enabled"}, **FLUX)
    assert finding.spot.path == ("annotations", SUBSTITUTE)


@pytest.mark.parametrize(
    ("command", "found"),
    [
        (["sh", "-c", "echo ("], ["BG420"]),
        (["/bin/dash", "-euc", "if"], ["BG420"]),
        (["sh", "-c", 'echo "$1"', "--", "("], []),
        (["bash", "-c", "a=(1 2); echo ${a[0]}"], []),
        (["echo", "-c", "("], []),
        (["sh", "/x.sh", "("], []),
        (["sh", "-c"], []),
    ],
)
def test_which_commands_are_shell(command: list[str], found: list[str]) -> None:
    dump = {"command": command, "file": "x"}
    assert codes({"volume": None, "with_pod": None, "dump": dump, "verify": [{"file": "x"}]}) == found


def test_a_repository_without_operations_can_have_too_long_a_name() -> None:
    further = {"url": "s3:s3.example.com/cold", "id": "1" * 64, "waive": {"missing-operation": "it is read only"}}
    assert codes(repositories={"c" * 46: further}) == []
    (finding,) = said(repositories={"c" * 47: further})
    assert (finding.info.code, finding.spot.path) == ("BG210", ("repositories", "c" * 47))


def test_a_service_takes_no_name_that_begins_with_a_digit() -> None:
    repository = {
        "url": "rest:http://3rest.backup.svc:8000/",
        "id": "0" * 64,
        "server": {"volume": {"pvc": "x", "access": "ReadWriteMany"}},
        "retention": {"at": "03:00", "deadline": "1h", "keep": {"daily": 7}},
        "restore_test": {"at": "Sun 05:00", "deadline": "1h", "scratch": "10Gi"},
    }
    images = {"restic": f"r@{DIGEST}", "rest_server": f"s@{DIGEST}"}
    (finding,) = said(repository=repository, images=images)
    assert (finding.info.code, finding.spot.path) == ("BG210", ("repository", "url"))
