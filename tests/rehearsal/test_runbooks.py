"""The commands of every target's page, as a person would paste them, bring its data back."""

import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from backupgen.adapters.rehearsal.container import RunningContainer
from backupgen.adapters.rehearsal.databases import App
from backupgen.adapters.rehearsal.sources import Source
from backupgen.adapters.rehearsal.stage import Stage, digest
from backupgen.adapters.rehearsal.volumes import place_of
from backupgen.conventions import naming
from backupgen.conventions.roles import PodRole
from backupgen.rehearsal.course import Course, Known
from backupgen.rehearsal.samples import places
from backupgen.resolve.resolved import Operation, Target
from tests.compiled import compiled
from tests.rehearsal.hands import Hands, Workload, blocks
from tests.rehearsal.stages import course_of, put_repository, stage_of
from tests.scripts.jobs import OPENS_WITH, REPOSITORY_ID

OTHER_ID = "113e4a78fea4b180c8a574b9950563a46ed0b35d3be05308930345ddbd3d4101"
"""That of tests/scripts/data/other."""
Tool = Callable[[str], Path]

REFERENCE = [target.name for target in compiled("reference").fleet.targets]
EVERYTHING = [target.name for target in compiled("everything").fleet.targets]
STOPPED = "exec mariadbd --no-defaults --datadir=/var/lib/mysql --socket=/run/mysqld/mysqld.sock --skip-networking"
ROWS = "SELECT count(*), sum(crc32(content)) FROM sample.rows"


def page_of(fleet: str, target: str) -> str:
    return compiled(fleet).manifests.files[naming.runbook_of_target(target)]


def later_state(database: bytes) -> tuple[bytes, bytes]:
    """A SQLite database that was changed since, while it is in use: the file, and the log beside it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "db"
        file.write_bytes(database)
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("UPDATE sample SET name = name || ' later'")
            connection.commit()
            return file.read_bytes(), file.with_name("db-wal").read_bytes()


class Scene:
    """A fleet whose targets are backed up and whose mirrors are up to date."""

    def __init__(self, stage: Stage, course: Course, repositories: Sequence[tuple[str, ...]]) -> None:
        self.stage, self.course = stage, course
        self.sources: dict[str, Source] = {}
        changed, servers = course.stand_ins(stage.value_of)
        stage.prepare(servers)
        for server in servers:
            if server.kind != "ntfy":
                stage.start(server)
        for place, folder, uid, *template in repositories:
            put_repository(stage, place, folder, int(uid), *template)
        ids = dict.fromkeys((it.name for it in course.repositories), REPOSITORY_ID)
        self.known = Known(changed, ids | dict.fromkeys((it.instead for it in changed), OTHER_ID))
        self.instead = dict(changed)
        for repository in course.repositories:
            if repository.server is not None:
                stage.start_deployment(repository.server.namespace, repository.server.name)
            for operation in course.operations(repository):
                if operation.role is PodRole.BACKUP or operation.mirror is not None:
                    self.operate(operation)

    def operate(self, operation: Operation) -> None:
        changes = self.course.changes(operation, self.stage.value_of, self.known)
        if operation.target is not None:
            pod = self.stage.pod(self.course.cron_job(operation), changes)
            source = self.sources[operation.target.name] = Source(self.stage, operation.target, pod)
            source.change(0)
        end = self.stage.run(operation.job.namespace, operation.job.name, changes)
        assert end.ending.complete, end.log

    def target(self, name: str) -> Target:
        return next(target for target in self.course.targets if target.name == name)

    def app(self, target: str) -> App | None:
        return next((app for app in self.stage._running if app.pod.name == f"{target}-0"), None)

    def hands(self, name: str, folder: Path, kubectl: Path) -> Hands:
        target = self.target(name)
        namespace, dump = target.job.namespace, target.dump_in_pod
        workloads = [Workload("StatefulSet", name, namespace, dump.in_pod, app=self.app(name))] if dump else []
        if target.with_pod:
            workloads.append(Workload("Deployment", f"{name}-app", namespace, target.with_pod, replicas=2))
        return Hands(self.stage, folder, kubectl, workloads, instead=self.instead)

    # --- files ---

    def damage(self, name: str) -> None:
        """Files are overwritten, one is gone, and SQLite's log of a later state lies beside its database."""
        source, root = self.sources[name], self.stage
        for place, held in places(source._samples).items():
            kept = [sample for sample in held if sample.fate != "left out"]
            files = {sample.path: b"damaged" for sample in kept} | {"later": b"later"}
            for sample in kept:
                if sample.content.startswith(b"SQLite format 3"):
                    files[sample.path], files[f"{sample.path}-wal"] = later_state(sample.content)
            root.fill(place, files, source._pod)
            root.enclosure.run(["rm", f"{place_of(root.enclosure, place)}/{kept[-1].path}"])

    def faults(self, name: str) -> list[str]:
        """What of the files is not as it was when it was backed up."""
        found = []
        for place, held in places(self.sources[name]._samples).items():
            root = place_of(self.stage.enclosure, place)
            kept = [sample for sample in held if sample.fate == "kept"]
            now = self.stage.digests(root, [sample.path for sample in kept])
            found += [sample.path for sample in kept if now.get(sample.path) != digest(sample.content)]
            logs = self.stage.digests(root, [f"{sample.path}-wal" for sample in kept])
            found += list(logs)
            assert kept
            assert "later" in self.stage.digests(root, ["later"]), "what the snapshot does not have stays"
        return found


@pytest.fixture(scope="module")
def reference() -> Iterator[Scene]:
    course = course_of("reference")
    with stage_of(course) as stage:
        yield Scene(stage, course, [("host/vol_raidz1/restic-local", ".", "1000")])


@pytest.fixture(scope="module")
def everything() -> Iterator[Scene]:
    course = course_of("everything")
    known = dict.fromkeys(("cloud-password", "mirror-second-site-mirror-restic-password"), OPENS_WITH)
    with stage_of(course, known=known) as stage:
        place = [
            ("claims/storage/restic-data", "fleet", "1500"),
            ("servers/s3.eu-central-1.example.com", "everything-cloud", "0"),
            ("servers/b2.rehearsal.internal", "everything-copy/restic", "0", "other"),
        ]
        yield Scene(stage, course, place)


def restored(scene: Scene, hands: Hands, commands: Sequence[str], name: str) -> list[str]:
    """Run the commands; what is still wrong then, whether they failed or the data is not there."""
    done = hands.run(commands)
    assert hands.failures == []
    if done.returncode:
        return [done.stderr or "failed"]
    if scene.sources[name]._samples:
        return scene.faults(name)
    return []


@pytest.mark.parametrize("mirror", ["", "wasabi"])
@pytest.mark.parametrize("name", [name for name in REFERENCE if name != "mariadb"])
def test_files_come_back(reference: Scene, name: str, mirror: str, tmp_path: Path, tool: Tool) -> None:
    hands = reference.hands(name, tmp_path, tool("kubectl"))
    reference.damage(name)
    assert reference.faults(name)
    commands = blocks(page_of("reference", name), mirror)
    assert restored(reference, hands, commands, name) == []
    target = reference.target(name)
    namespace = target.job.namespace
    assert hands.patched == {f"{namespace}/cronjob/backup-{name}": {"spec": {"suspend": False}}}
    assert (hands.pods, hands.added) == ({}, {}), "nothing is left behind"
    assert [workload.replicas for workload in hands.workloads] == [2] * bool(target.with_pod)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in EVERYTHING if name not in {"redis", "warehouse"}])
def test_files_of_every_kind_of_target_come_back(everything: Scene, name: str, tmp_path: Path, tool: Tool) -> None:
    hands = everything.hands(name, tmp_path, tool("kubectl"))
    everything.damage(name)
    assert everything.faults(name)
    assert restored(everything, hands, blocks(page_of("everything", name)), name) == []
    target = everything.target(name)
    flux = f"flux-system/kustomizations.kustomize.toolkit.fluxcd.io/everything-{target.job.namespace}"
    assert hands.patched[flux] == {"spec": {"suspend": False}}
    suspended = hands.patched[f"{target.job.namespace}/cronjob/backup-{name}"]["spec"]["suspend"]
    assert suspended is target.job.suspend, "what fleet.yaml suspends stays so"


@pytest.mark.slow
@pytest.mark.parametrize("mirror", ["glacier", "second-site"])
def test_mirrors_of_every_kind_bring_data_back(everything: Scene, mirror: str, tmp_path: Path, tool: Tool) -> None:
    hands = everything.hands("forge", tmp_path, tool("kubectl"))
    everything.damage("forge")
    assert restored(everything, hands, blocks(page_of("everything", "forge"), mirror), "forge") == []


MUTATIONS = {
    "another tag": ("--tag grafana", "--tag emby"),
    "another host": ("--host grafana", "--host emby"),
    "another path in the snapshot": ("latest:/backup/grafana", "latest:/backup"),
    "another path in the pod": ("--target /backup/grafana", "--target /tmp"),
    "another claim": ("longhorn-pvc-grafana", "longhorn-pvc-emby"),
    "another Secret": ("name: backup-env-configuration-grafana", "name: backup-env-configuration-emby"),
    "another user": ("runAsUser: 472", "runAsUser: 1000"),
    "SQLite's log stays": ("grafana.db-wal", "grafana.db-log"),
    "another pod": ("exec restore-grafana", "exec restore-emby"),
    "an app of another name": ("-l app.kubernetes.io/name=grafana ", "-l app.kubernetes.io/name=emby "),
    "another namespace": ("-n monitoring", "-n media"),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_mistake_in_the_page_is_seen(reference: Scene, mutation: str, tmp_path: Path, tool: Tool) -> None:
    before, after = MUTATIONS[mutation]
    page = page_of("reference", "grafana")
    assert before in page
    hands = reference.hands("grafana", tmp_path, tool("kubectl"))
    reference.damage("grafana")
    assert restored(reference, hands, blocks(page.replace(before, after)), "grafana")


# --- databases ---


def ran(scene: Scene, app: App, *command: str) -> str:
    """What a command prints in the app's pod."""
    words = [f"{name}={value}" for name, value in app.environment.items()]
    return scene.stage.enclosure.run(("env", *words, *app.command, *command)).decode()


def mariadb(scene: Scene, app: App, sql: str) -> str:
    access = (
        "--socket=/run/mysqld/mysqld.sock",
        "--user=root",
        f"--password={app.environment['MARIADB_ROOT_PASSWORD']}",
    )
    return ran(scene, app, "mariadb", "--no-defaults", *access, "--batch", "--skip-column-names", f"--execute={sql}")


def start_mariadb(scene: Scene, app: App) -> None:
    command = (*app.command, "sh", "-c", STOPPED)
    server = RunningContainer(scene.stage.enclosure, command, app.pod.name, app.environment)
    scene.stage.apps.running[app.pod.name] = server
    for _ in range(100):
        assert server.wait(0.1) is None, server.log
        if "ready for connections" in server.log:
            return
    pytest.fail(server.log)


@pytest.mark.slow
@pytest.mark.parametrize("mirror", ["", "wasabi"])
def test_a_mariadb_comes_back_and_starts(reference: Scene, mirror: str, tmp_path: Path, tool: Tool) -> None:
    app = reference.app("mariadb")
    assert app
    before = mariadb(reference, app, ROWS)
    assert before.startswith("2000\t")
    mariadb(reference, app, "DELETE FROM sample.rows WHERE id > 7; CREATE DATABASE later")
    assert mariadb(reference, app, ROWS) != before
    hands = reference.hands("mariadb", tmp_path, tool("kubectl"))
    assert restored(reference, hands, blocks(page_of("reference", "mariadb"), mirror), "mariadb") == []
    assert hands.copies == {}
    start_mariadb(reference, app)
    assert mariadb(reference, app, ROWS) == before
    assert "later" not in mariadb(reference, app, "SHOW DATABASES").split()
    data = place_of_app(reference, app)
    # What lay there before is kept, and taken for nothing else's.
    assert reference.stage.enclosure.run(["ls", f"{data}/.before-restore/later"]) == b"db.opt\n"
    again = restored(reference, hands, blocks(page_of("reference", "mariadb"), mirror), "mariadb")
    assert "File exists" in again[0], "a second restore does not write over what the first one kept"
    start_mariadb(reference, app)
    assert mariadb(reference, app, ROWS) == before
    reference.stage.enclosure.run(["rm", "-r", f"{data}/.before-restore"])


def test_a_stream_that_is_cut_off_changes_nothing(reference: Scene, tmp_path: Path, tool: Tool) -> None:
    app = reference.app("mariadb")
    assert app
    before = mariadb(reference, app, ROWS)
    page = page_of("reference", "mariadb")
    cut = page.replace("-- cat /restore/mariadb.xb |", "-- head -c 2000000 /restore/mariadb.xb |")
    assert cut != page
    assert restored(reference, reference.hands("mariadb", tmp_path, tool("kubectl")), blocks(cut), "mariadb")
    start_mariadb(reference, app)
    assert mariadb(reference, app, ROWS) == before


def place_of_app(scene: Scene, app: App) -> str:
    return f"{scene.stage.enclosure.root}/apps/{app.pod.namespace}/{app.pod.name}/data"


@pytest.mark.slow
def test_a_postgresql_comes_back(everything: Scene, tmp_path: Path, tool: Tool) -> None:
    app = everything.app("forge")
    assert app
    access = (
        "env",
        f"PGPASSWORD={app.environment['POSTGRES_PASSWORD']}",
        "psql",
        "--username=forge",
        "--dbname=forge",
        "-tA",
    )

    def query(sql: str) -> str:
        return ran(everything, app, *access, f"--command={sql}")

    rows = "SELECT count(*), md5(string_agg(md5, ',' ORDER BY n)) FROM sample"
    before = query(rows)
    query("DELETE FROM sample WHERE n > 7; UPDATE sample SET md5 = 'changed'")
    query("CREATE TABLE later (n int)")
    everything.damage("forge")
    assert query(rows) != before
    hands = everything.hands("forge", tmp_path, tool("kubectl"))
    assert restored(everything, hands, blocks(page_of("everything", "forge")), "forge") == []
    assert query(rows) == before
    assert query("SELECT count(*) FROM later") == "0\n", "what is not in the dump stays"


@pytest.mark.slow
def test_a_dump_that_is_cut_off_changes_nothing(everything: Scene, tmp_path: Path, tool: Tool) -> None:
    app = everything.app("forge")
    assert app
    access = ("env", f"PGPASSWORD={app.environment['POSTGRES_PASSWORD']}", "psql", "--username=forge", "--dbname=forge")
    count = (*access, "-tA", "--command=SELECT count(*) FROM sample")
    before = ran(everything, app, *count)
    page = page_of("everything", "forge")
    cut = page.replace("-- cat /restore/forge.pgdump |", "-- head -c 4000 /restore/forge.pgdump |")
    assert cut != page
    assert restored(everything, everything.hands("forge", tmp_path, tool("kubectl")), blocks(cut), "forge")
    assert ran(everything, app, *count) == before


@pytest.mark.slow
def test_a_dump_of_an_unknown_kind_is_fetched(everything: Scene, tmp_path: Path, tool: Tool) -> None:
    hands = everything.hands("redis", tmp_path, tool("kubectl"))
    assert restored(everything, hands, blocks(page_of("everything", "redis")), "redis") == []
    dump = everything.sources["redis"]._dump
    assert dump
    assert (tmp_path / "dump.rdb").read_bytes() == dump.content


@pytest.mark.slow
def test_a_sql_dump_goes_to_its_client(everything: Scene, tmp_path: Path, tool: Tool) -> None:
    everything.stage.image.add_program("mysql", '#!/bin/sh\n[ "$*" = --host=warehouse ] && sha256sum >&2\n')
    hands = everything.hands("warehouse", tmp_path, tool("kubectl"))
    done = hands.run(blocks(page_of("everything", "warehouse")))
    dump = everything.sources["warehouse"]._dump
    assert dump
    assert done.returncode == 0, done.stderr
    assert digest(dump.content) in done.stderr
