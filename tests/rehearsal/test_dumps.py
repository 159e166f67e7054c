"""Dumps, each from where a rehearsal takes it, into a repository of the fleet with every axis of the language."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import pytest

from backupgen.adapters.rehearsal.sources import Source
from backupgen.adapters.rehearsal.stage import Stage
from backupgen.adapters.rehearsal.volumes import place_of
from backupgen.rehearsal.cluster import Cluster
from backupgen.rehearsal.course import Known
from backupgen.rehearsal.outcome import JobEnd
from backupgen.resolve.resolved import Operation
from tests.rehearsal.stages import PINNED, course_of, put_repository, stage_of, start_servers
from tests.scripts.jobs import OPENS_WITH, REPOSITORY_ID

IDS = {"main": REPOSITORY_ID, "cloud": REPOSITORY_ID}


@contextmanager
def target_stage(name: str, cluster: Cluster | None = None) -> Iterator[tuple[Stage, Operation, Source]]:
    """The stage of one target: servers, repository, source."""
    course = course_of("everything", name)
    course = replace(course, cluster=cluster or course.cluster)
    with stage_of(course, cluster, known={"cloud-password": OPENS_WITH}) as stage:
        start_servers(stage, course, kinds={"pushgateway", "ntfy", "s3"})
        put_repository(stage, place="claims/storage/restic-data", folder="fleet", uid=1500)
        put_repository(stage, place="servers/s3.eu-central-1.example.com", folder="everything-cloud", uid=0)
        if course.repositories[0].server is not None:
            stage.start_deployment("storage", "rest")
        operation = next(course.operations(course.repositories[0]))
        changes = course.changes(operation, stage.value_of, Known(ids=IDS))
        source = Source(stage, course.targets[0], stage.pod(course.cron_job(operation), changes))
        source.change(0)
        yield stage, operation, source


def run(stage: Stage, operation: Operation, environment: Mapping[str, str]) -> JobEnd:
    course = course_of("everything")
    changes = course.changes(operation, stage.value_of, Known(ids=IDS))
    merged = {**changes.environment, "RESTIC_PROBE_TIMEOUT": PINNED["RESTIC_PROBE_TIMEOUT"], **environment}
    return stage.run(operation.job.namespace, operation.job.name, replace(changes, environment=merged))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("forge", "from forge-0 to /staging/forge.pgdump"),
        ("redis", "dumped 1024 bytes from redis-0 to /staging/dump.rdb"),
        ("warehouse", "snapshot"),
    ],
)
def test_a_dump_is_backed_up(name: str, said: str) -> None:
    with target_stage(name) as (stage, operation, _):
        end = run(stage, operation, {})
    assert end.ending.complete, end.log
    assert said in end.log
    assert end.metrics["backup_snapshot_bytes"] > 1000


def test_the_dump_of_postgres_is_one() -> None:
    with target_stage("forge") as (stage, operation, source):
        read = 'pg_restore --file=- /backup/forge.pgdump | grep -c "^[0-9]*\t[0-9a-f]\\{32\\}$" >&2; exec sleep 0'
        course = course_of("everything")
        changes = course.changes(operation, stage.value_of, Known(ids=IDS))
        changes = replace(changes, arguments=("sh", "-c", read))
        end = stage.run(operation.job.namespace, operation.job.name, changes)
        assert source.notes == ("dumped from a PostgreSQL with sample rows",)
    assert end.pods[0].containers[1].log.strip() == "640", end.log


def test_kubectl_may_only_what_the_rendered_role_allows() -> None:
    whole = course_of("everything").cluster.objects
    cluster = Cluster({key: item for key, item in whole.items() if key != ("RoleBinding", "databases", "backup-redis")})
    with target_stage("redis", cluster) as (stage, operation, _):
        end = run(stage, operation, {})
    assert end.ending.reason == "BackoffLimitExceeded"
    assert "Forbidden: cannot list pods in the namespace databases" in end.log
    assert end.notifications == ("redis - Dump failed",) * 2


def test_what_comes_back_is_compared_with_what_was_there() -> None:
    with target_stage("forge") as (stage, _, source):
        claim = place_of(stage.enclosure, "claims/forge/forge-data")
        back = f"{stage.enclosure.root}/back"
        restored = f"{back}/backup/forge"
        copy = (
            ["mkdir", "-p", restored],
            ["cp", "-a", f"{claim}/.", restored],
            ["cp", "/bin/true", f"{back}/backup/forge.pgdump"],
        )
        stage.enclosure.script(copy)
        assert source.faults_of(back) == (6, ())
        stage.enclosure.script([["rm", f"{restored}/binary"], ["cp", "/bin/true", f"{restored}/changes"]])
        assert source.faults_of(back)[1] == (
            "/backup/forge/binary is missing",
            "/backup/forge/changes is not as it was",
        )


def test_what_an_exclude_may_mean_may_be_missing_and_what_it_names_has_to_be() -> None:
    course = course_of("everything", "gameserver")
    target = course.targets[0]._replace(exclude=("bin*", "/backup/gameserver/cache"))
    with stage_of(course) as stage:
        pod = stage.pod(stage.object("CronJob", "games", "backup-gameserver"))
        source = Source(stage, target, pod)
        source.change(0)
        restored = f"{stage.enclosure.root}/back/backup/gameserver"
        host = place_of(stage.enclosure, "host/srv/games")
        stage.enclosure.script([["mkdir", "-p", restored], ["cp", "-a", f"{host}/.", restored]])
        stage.enclosure.script([["rm", f"{restored}/binary"]])
        wrong = ("/backup/gameserver/cache/left-out should have been left out",)
        assert source.faults_of(f"{stage.enclosure.root}/back")[1] == wrong
        stage.enclosure.script([["rm", "-r", f"{restored}/cache"]])
        assert source.faults_of(f"{stage.enclosure.root}/back") == (14, ())
