"""What is backed up in a rehearsal: sample files in the volumes, and the apps that dumps are taken from."""

from collections.abc import Mapping

from backupgen.adapters.rehearsal.databases import AppPod
from backupgen.adapters.rehearsal.stage import Stage, digest
from backupgen.adapters.rehearsal.volumes import place_of
from backupgen.integrations.dump_tools import DumpTool
from backupgen.rehearsal.dumps import DumpSource, dump_source
from backupgen.rehearsal.pod import Pod
from backupgen.rehearsal.samples import Sample, places, samples_of
from backupgen.resolve.resolved import Target


class Source:
    """The source of one target."""

    def __init__(self, stage: Stage, target: Target, pod: Pod) -> None:
        """Make it: its files, and its app. Raises EnclosureError if the app does not start."""
        self._stage = stage
        self._target = target
        self._pod = pod
        self._dump = dump_source(target)
        self._samples: tuple[Sample, ...] = ()
        stage.own_places(pod)
        if self._dump is not None:
            self._make_app(self._dump)

    def change(self, round_: int) -> None:
        """Put its files into the state of a round."""
        dumps = {
            sample.path: self._dump_of(sample.tool)
            for sample in samples_of(self._target, self._pod)
            if sample.tool is not None
        }
        samples = samples_of(self._target, self._pod, round_)
        self._samples = tuple(one._replace(content=dumps.get(one.path, one.content)) for one in samples)
        for place, held in places(self._samples).items():
            self._stage.fill(place, {sample.path: sample.content for sample in held}, self._pod)

    def _make_app(self, dump: DumpSource) -> None:
        stage, job = self._stage, self._target.job
        pod = AppPod(job.namespace, f"{self._target.name}-0", dump.container, dump.labels)
        match dump.kind:
            case "database" if dump.tool is not None and self._target.dump is not None:
                own = self._target.dump
                user = own.user or dump.tool.user
                stage.add_app(stage.apps.database(pod, dump.tool.server, user, own.database, dump.size))
            case "printing":
                stage.add_app(stage.apps.printing(pod, dump.content, dump.words))
            case "program":
                stage.image.add_printing(dump.program, job.instance, dump.content)
            case _:
                pass

    def _dump_of(self, tool: DumpTool) -> bytes:
        """What a tool makes of a database of its own."""
        pod = AppPod(self._target.job.namespace, f"{self._target.name}-sample", "", {})
        app = self._stage.apps.database(pod, tool.server, tool.user, "", 0)
        variables = [f"{name}={value}" for name, value in app.environment.items()]
        return self._stage.enclosure.run((*app.command, "env", *variables, *tool.command("", "")))

    def faults_of(self, folder: str) -> tuple[int, tuple[str, ...]]:
        """Compare what was restored to a folder: how many files there are of those that matter, and what is wrong."""
        expected = self._expected()
        left_out = [one.snapshot_path for one in self._samples if one.fate == "left out"]
        optional = {one.snapshot_path for one in self._samples if one.fate == "may"}
        paths = [path.lstrip("/") for path in (*expected, *left_out)]
        found = {f"/{path}": known for path, known in self._stage.digests(folder, paths).items()}
        wrong = [f"{path} is missing" for path in expected if path not in found and path not in optional]
        wrong += [f"{path} is not as it was" for path in found if _differs(found[path], expected.get(path))]
        wrong += [f"{path} should have been left out" for path in left_out if path in found]
        return len(found), tuple(wrong)

    def _expected(self) -> Mapping[str, str | None]:
        """The paths in the snapshot and their digests; None: any content but an empty one."""
        expected: dict[str, str | None] = {
            one.snapshot_path: digest(one.content) for one in self._samples if one.fate != "left out"
        }
        if self._target.dump is not None and self._dump is not None:
            expected[self._target.dump.file] = digest(self._dump.content) if self._dump.content else self._staged()
        return expected

    def _staged(self) -> str | None:
        """The digest of a dump that outlives its pod."""
        dump = self._target.dump
        if dump is None or dump.staging_claim is None:
            return None
        place = place_of(self._stage.enclosure, f"claims/{self._target.job.namespace}/{dump.staging_claim}")
        name = dump.file.rpartition("/")[2]
        return self._stage.digests(place, [name]).get(name)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is not as in the cluster."""
        return (self._dump.note,) if self._dump is not None and self._dump.note else ()


def _differs(found: str, expected: str | None) -> bool:
    return found != expected if expected is not None else found == digest(b"")
