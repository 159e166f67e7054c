"""What is run, what with, and what is different."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from backupgen.rehearsal.cluster import read_cluster
from backupgen.rehearsal.course import Course, Known, chosen
from backupgen.rehearsal.dumps import dump_source
from backupgen.rehearsal.needs import PACKAGES, missing, programs
from backupgen.rehearsal.plan_file import restricted
from backupgen.rehearsal.pod import Changes, Pod, pod_of
from backupgen.rehearsal.samples import MOST, Sample, content_for, samples_of
from backupgen.rehearsal.stand_ins import addresses
from backupgen.resolve.resolved import Target
from tests.compiled import FLEETS, compile_text, compiled, file_of


def course_of(name: str) -> Course:
    found = compiled(name)
    return Course(found.fleet, read_cluster(found.manifests.files), found.fleet.targets)


def target_of(course: Course, name: str) -> tuple[Target, Pod]:
    target = next(target for target in course.targets if target.name == name)
    item = course.cluster.objects[("CronJob", target.job.namespace, target.job.name)]
    return target, pod_of(
        item["spec"]["jobTemplate"]["spec"]["template"], target.job.namespace, course.cluster, lambda value: value
    )


def test_a_repository_is_run_in_order() -> None:
    course = course_of("reference")
    (repository,) = course.repositories
    phases = [operation.role.phrase for operation in course.operations(repository)]
    assert phases == [*["backup"] * 6, "retention", "restore test", "mirror", "restore test"]


@pytest.mark.parametrize("name", FLEETS)
def test_every_cron_job_of_a_fleet_is_run(name: str) -> None:
    course = course_of(name)
    run = [course.cron_job(each) for repository in course.repositories for each in course.operations(repository)]
    rendered = [item for key, item in course.cluster.objects.items() if key[0] == "CronJob"]
    assert sorted(map(id, run)) == sorted(map(id, rendered))


@pytest.mark.parametrize("name", FLEETS)
def test_every_host_of_a_fleet_has_an_address(name: str) -> None:
    course = course_of(name)
    servers = course.servers()
    known = addresses(servers, course.cluster)
    assert {server.host for server in servers} <= known.keys()
    own = {address for host, address in known.items() if address.startswith("10.244.")}
    assert len(own) == len(list(course.cluster.of_kind("Service")))
    loopback = [known[host] for host in dict.fromkeys(server.host for server in servers)]
    assert len(set(loopback)) == len(loopback)
    assert all(address.startswith("127.0.") and not address.startswith("127.0.0.") for address in loopback)


def test_servers_stand_in_with_the_users_that_the_pods_name() -> None:
    found = {server.host: server for server in course_of("everything").servers()}
    assert found["ntfy.sh"].tls
    assert found["ntfy.sh"].users == (("ntfy-credentials", ""),)
    assert found["s3.eu-west-1.example.com"].users == (("glacier-key-id", "glacier-secret-key"),)
    assert found["s3.eu-west-1.example.com"].buckets == ("everything",)
    assert found["pushgateway.monitoring.svc"].port == 9091
    assert found["b2.rehearsal.internal"].kind == "rest"
    assert "rest.storage.svc.cluster.local" not in found, "the fleet runs it itself"


def test_what_cannot_be_served_under_its_own_name_gets_another() -> None:
    course = course_of("everything")
    changed, _ = course.stand_ins(lambda name: name)
    assert dict(changed) == {
        "b2:everything-copy:restic": "rest:http://b2.rehearsal.internal:8000/everything-copy/restic/"
    }
    known = Known(replaced=changed, ids={"main": "the id"})
    mirror = next(one for one in course.operations(course.repositories[0]) if one.job.name.endswith("second-site"))
    altered = course.changes(mirror, lambda name: name, known).environment
    assert altered["MIRROR_RESTIC_REPOSITORY"] == "rest:http://b2.rehearsal.internal:8000/everything-copy/restic/"
    assert any("b2:everything-copy:restic is rest:" in line for line in course.differences(known))


def test_the_pinned_id_is_that_of_the_rehearsal_and_hooks_are_not_run() -> None:
    course = course_of("reference")
    operation = next(course.operations(course.repositories[0]))
    assert course.changes(operation, str, Known(ids={"main": "made"})).environment == {"RESTIC_REPOSITORY_ID": "made"}
    everything = course_of("everything")
    game = next(one for one in everything.operations(everything.repositories[0]) if one.job.name == "backup-gameserver")
    altered = everything.changes(game, str, Known()).environment
    assert altered["PRE_HOOK"] == "echo 'PRE_HOOK is not run in a rehearsal: the app is not here'"
    assert "the hooks of `gameserver` are not run: the app is not here" in everything.differences(Known())


PLAN = """# shellcheck shell=sh
target 'it''s' '' 60
verify_dir '/backup/a 9 b' 5000 99999999
verify_sqlite '/backup/a
b/c.db'
target other '' 60
verify_file /backup/x 1
retain other '' --keep-last=1
retain 'it''s' '' --keep-last=1
prune
"""


def test_a_plan_without_the_targets_that_are_not_rehearsed() -> None:
    assert restricted(PLAN, {"its"}) == (
        "# shellcheck shell=sh\n"
        "target 'it''s' '' 60\n"
        f"verify_dir '/backup/a 9 b' 1000 {MOST}\n"
        "verify_sqlite '/backup/a\nb/c.db'\n"
        "retain 'it''s' '' --keep-last=1\n"
        "prune\n"
    )
    assert restricted(PLAN, {"its", "other"}).count("verify_") == 3


def all_targets() -> Iterator[tuple[str, str]]:
    for name in FLEETS:
        for target in compiled(name).fleet.targets:
            yield name, target.name


@pytest.mark.parametrize(("name", "target_name"), list(all_targets()))
def test_samples_satisfy_the_rules(name: str, target_name: str) -> None:
    target, pod = target_of(course_of(name), target_name)
    kept: dict[str, Sample] = {one.snapshot_path: one for one in samples_of(target, pod) if one.fate != "left out"}
    dump = target.dump.file if target.dump is not None else ""
    for rule in target.verify:
        if rule.file == dump:
            continue
        if rule.kind == "dir":
            inside = [one for path, one in kept.items() if path.startswith(f"{rule.file}/") and one.content]
            assert len(inside) >= rule.min_files
            assert sum(len(one.content) for one in inside) >= min(rule.min_bytes, MOST)
        elif rule.kind != "xbstream":
            assert len(kept[rule.file].content) >= min(rule.min_bytes, MOST)


def test_a_volume_that_is_known_by_a_file_holds_it() -> None:
    target, pod = target_of(course_of("reference"), "paperless")
    sentinels = "/backup/paperless-data/here\n/backup/paperless-data/or-here\n\n/backup/paperless-media/too"
    container = pod.containers[0]._replace(environment={"BACKUP_SENTINELS": sentinels})
    found = {one.snapshot_path for one in samples_of(target, pod._replace(containers=(container,)))}
    assert {"/backup/paperless-data/here", "/backup/paperless-media/too"} < found
    assert "/backup/paperless-data/or-here" not in found


def test_a_sample_database_is_sound_and_holds_rows() -> None:
    target, _ = target_of(course_of("reference"), "grafana")
    content = content_for(target.verify[0])
    assert isinstance(content, bytes)
    with closing(sqlite3.connect(":memory:")) as database:
        database.deserialize(content)
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("SELECT count(*) FROM sample").fetchone() == (200,)


def test_samples_change_from_round_to_round_and_mind_the_excludes() -> None:
    target, pod = target_of(course_of("reference"), "emby")
    first, second = ({one.path: one for one in samples_of(target, pod, round_)} for round_ in (0, 1))
    assert {path for path in first if first[path] != second[path]} == {"changes"}
    left_out = {path for path, one in first.items() if one.fate == "left out"}
    assert left_out == {"lost+found/left-out", "cache/left-out", "transcoding-temp/left-out"}
    photos, pod = target_of(course_of("everything"), "photos")
    assert {one.fate for one in samples_of(photos, pod) if one.path.endswith(".txt")} == {"kept"}
    only_texts = photos._replace(exclude=("*.txt",))
    assert {one.fate for one in samples_of(only_texts, pod) if one.path.endswith(".txt")} == {"may"}


@pytest.mark.parametrize(
    ("name", "target", "kind"),
    [
        ("reference", "mariadb", "database"),
        ("reference", "grafana", None),
        ("everything", "forge", "database"),
        ("everything", "redis", "printing"),
        ("everything", "warehouse", "program"),
    ],
)
def test_where_a_dump_comes_from(name: str, target: str, kind: str | None) -> None:
    found = dump_source(target_of(course_of(name), target)[0])
    assert (found.kind if found else None) == kind


@pytest.mark.parametrize("word", ["pg_dump", "mariabackup"])
@pytest.mark.parametrize("length", range(1, 7))
def test_a_command_of_the_users_own_is_no_ready_made_dump(word: str, length: int) -> None:
    """Whatever its words are: what a ready-made dump is, the fleet says by `tool`."""
    text = file_of("everything").read_text(encoding="utf-8")
    before = "tool: pg_dump, database: forge, user: forge"
    assert text.count(before) == 1
    words = ["sh", "-c", "pg_dumpall", *[word] * 6][:length]
    text = text.replace(before, f"command: {json.dumps(words)}, file: forge.pgdump")
    compiled = compile_text(text)
    target = next(target for target in compiled.fleet.targets if target.name == "forge")
    found = dump_source(target)
    assert found is not None
    assert (found.kind, found.tool) == ("printing", None)
    course = Course(compiled.fleet, read_cluster(compiled.manifests.files), (target,))
    assert "initdb" not in programs(course.fleet, course.targets, course.servers())


def test_programs_and_their_packages() -> None:
    course = course_of("reference")
    needed = programs(course.fleet, course.targets, course.servers())
    assert needed.keys() <= PACKAGES.keys()
    assert {"restic", "rclone", "sqlite3", "mbstream", "mariadbd", "openssl", "restic-rest-server"} < needed.keys()
    grafana, unknown = chosen(course.fleet, ["grafana"])
    assert unknown == ()
    assert "mariadbd" not in programs(course.fleet, grafana, course.servers())
    (lacking,) = missing(needed, {name: "/usr/bin/x" for name in needed if name != "sqlite3"})
    assert (lacking.program, lacking.package) == ("sqlite3", "sqlite3")
    assert lacking.why in {f"`{target.name}`" for target in course.targets}


def test_targets_are_chosen_by_name() -> None:
    fleet = compiled("reference").fleet
    assert chosen(fleet, []) == (fleet.targets, ())
    found, unknown = chosen(fleet, ["grafana", "nobody", "grafana"])
    assert [target.name for target in found] == ["grafana"]
    assert unknown == ("nobody",)


def test_changes_of_a_pod() -> None:
    course = course_of("reference")
    item = course.cluster.objects[("CronJob", "monitoring", "backup-grafana")]
    template = item["spec"]["jobTemplate"]["spec"]["template"]
    changes = Changes({"RESTIC_HOSTNAME": "x"}, flags=("--limit-upload=1",), sizes={"tmp": 5}, grace=1)
    pod = pod_of(template, "monitoring", course.cluster, str, changes)
    (container,) = pod.containers
    assert container.arguments[:3] == ("/bin/sh", "/scripts/backup.sh", "--limit-upload=1")
    assert container.environment["RESTIC_HOSTNAME"] == "x"
    assert {volume.name: volume.size for volume in pod.volumes}["tmp"] == 5
    assert (pod.uid, pod.gid, pod.fs_group, pod.grace) == (472, 472, None, 1)
