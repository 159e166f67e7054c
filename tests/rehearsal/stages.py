"""Stages for tests: the reference fleet on a repository that is there already, whose key costs nothing to derive."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from itertools import count

from backupgen.adapters.rehearsal.enclosure import File
from backupgen.adapters.rehearsal.programs import find_programs
from backupgen.adapters.rehearsal.sources import Source
from backupgen.adapters.rehearsal.stage import Stage
from backupgen.adapters.rehearsal.volumes import place_of
from backupgen.rehearsal.cluster import Cluster, read_cluster
from backupgen.rehearsal.course import Course, Known
from backupgen.rehearsal.needs import missing, programs
from backupgen.rehearsal.outcome import JobEnd
from backupgen.rehearsal.pod import Changes
from tests.compiled import compiled
from tests.scripts.jobs import DATA, OPENS_WITH, REPOSITORY_ID

REPOSITORY = "host/vol_raidz1/restic-local"
SERVER_USER = 1000
PINNED = {"RESTIC_REPOSITORY_ID": REPOSITORY_ID, "RESTIC_PROBE_TIMEOUT": "3"}


@cache
def course_of(name: str, *targets: str) -> Course:
    found = compiled(name)
    chosen = tuple(target for target in found.fleet.targets if not targets or target.name in targets)
    return Course(found.fleet, read_cluster(found.manifests.files), chosen)


def programs_of(course: Course) -> Mapping[str, str]:
    needed = programs(course.fleet, course.targets, course.servers())
    found = find_programs(needed)
    assert not missing(needed, found), "`make test` installs them"
    return found


@contextmanager
def stage_of(course: Course, cluster: Cluster | None = None, known: Mapping[str, str] | None = None) -> Iterator[Stage]:
    numbers = count()
    values = {"restic-password": OPENS_WITH, **(known or {})}
    with Stage(cluster or course.cluster, programs_of(course), lambda: f"value-{next(numbers)}", values) as stage:
        stage.prepare(course.stand_ins(stage.value_of)[1])
        yield stage


def start_servers(stage: Stage, course: Course, kinds: Collection[str] = ("pushgateway", "ntfy")) -> None:
    for server in course.stand_ins(stage.value_of)[1]:
        if server.kind in kinds:
            stage.start(server)


def put_repository(
    stage: Stage, place: str = REPOSITORY, folder: str = ".", uid: int = SERVER_USER, template: str = "repository"
) -> None:
    root = f"{place_of(stage.enclosure, place)}/{folder}"
    folders = [".", "data", "index", "locks", "snapshots", "keys", *(f"data/{number:02x}" for number in range(256))]
    made = [File(f"{root}/{folder}", None, uid, uid, 0o755) for folder in folders]
    data = DATA / template
    files = [path for path in data.rglob("*") if path.is_file()]
    made += [File(f"{root}/{path.relative_to(data)}", path.read_bytes(), uid, uid, 0o600) for path in files]
    stage.enclosure.put(made)


@contextmanager
def grafana(cluster: Cluster | None = None, disk: int = 0) -> Iterator[Stage]:
    """The servers, the repository, on a disk of a size, and the source of one target."""
    course = course_of("reference", "grafana")
    with stage_of(course, cluster) as stage:
        start_servers(stage, course)
        if disk:
            stage.limit(REPOSITORY, disk)
        put_repository(stage)
        stage.start_deployment("backup", "rest-server")
        operation = next(course.operations(course.repositories[0]))
        pod = stage.pod(course.cron_job(operation), course.changes(operation, stage.value_of, Known()))
        Source(stage, course.targets[0], pod).change(0)
        yield stage


def back_up(stage: Stage, changes: Changes | None = None, **environment: str) -> JobEnd:
    """Run backup-grafana once."""
    changes = changes or Changes()
    merged = Changes(
        environment={**PINNED, **changes.environment, **environment},
        arguments=changes.arguments,
        flags=changes.flags,
        sizes=changes.sizes,
        deadline=changes.deadline,
        grace=changes.grace,
    )
    return stage.run("monitoring", "backup-grafana", merged)


def add_file(stage: Stage, name: str, content: bytes, uid: int = 472, mode: int = 0o640) -> None:
    """Put a file into Grafana's claim."""
    path = f"{place_of(stage.enclosure, 'claims/monitoring/longhorn-pvc-grafana')}/{name}"
    stage.enclosure.put([File(path, content, uid, uid, mode)])


def locks(stage: Stage) -> int:
    place = f"{place_of(stage.enclosure, REPOSITORY)}/locks"
    return len(stage.enclosure.run(["ls", place]).split())
