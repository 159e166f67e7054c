"""The fleet's jobs, run by the real scripts against a real repository, today or at a time that has passed."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.observing.observed import Observed
from tests.scripts.jobs import Fleet, until

ORDER = ("backup", "retention", "mirror", "restore-test")
UNPRIVILEGED = "setpriv --bounding-set=-dac_override,-dac_read_search" if os.geteuid() == 0 else ""
"""Root reads everything, unless it gives that up."""

CLOCK = """#!/bin/sh
# A clock that is set back, and more so when a run asks for the first time: it takes so much longer then. The scripts
# ask for nothing else.
[ "$*" = +%s ] || exit 1
longer=0
[ ! -e "${0%/*}/first" ] || { rm "${0%/*}/first"; longer=$CLOCK_LONGER; }
echo $(($({date} +%s) - CLOCK_BEHIND - longer))
"""


@dataclass
class Rehearsal:
    """Runs jobs by the instance that they report as. `ago`: how many seconds the run lies back."""

    fleet: Fleet
    clock: Path
    """A folder for a program `date`."""

    def __post_init__(self) -> None:
        date = subprocess.run(
            ["sh", "-c", "command -v date"], capture_output=True, text=True, check=True
        ).stdout.strip()
        (self.clock / "date").write_text(CLOCK.replace("{date}", date))
        (self.clock / "date").chmod(0o755)

    def source(self, instance: str, lines: int = 100) -> Path:
        """A folder with data of a target."""
        folder = self.fleet.folder / "sources" / instance
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "file").exists() or lines != 100:
            (folder / "file").write_text(f"what {instance} keeps\n" * lines)
        return folder

    def backup(
        self,
        instance: str,
        tag: str = "",
        *,
        ago: int = 0,
        code: int = 0,
        prefix: str = "",
        dated: bool = False,
        **changes: str,
    ) -> None:
        """A backup that ends with an exit code; restic has a clock of its own, which `dated` sets back as well."""
        begun = [f"--time={datetime.fromtimestamp(time.time() - ago):%Y-%m-%d %H:%M:%S}"] if dated else []  # noqa: DTZ006
        arguments = ("backup.sh", f"--tag={tag or instance}", *begun, "--", str(self.source(instance)))
        self._run(*arguments, instance=instance, ago=ago, code=code, prefix=prefix, **changes)

    def slow(self, instance: str, seconds: int) -> None:
        """A backup that takes its time."""
        (self.clock / "first").touch()
        self.backup(instance, ago=1, CLOCK_LONGER=str(seconds))

    def partial(self, instance: str) -> None:
        """A backup that cannot read one of its files."""
        secret = self.source(instance) / "secret"
        secret.write_text("not to be read")
        secret.chmod(0)
        self.backup(instance, code=3, prefix=UNPRIVILEGED)

    def killed(self, instance: str, meanwhile: Callable[[], None]) -> None:
        """A backup that gets SIGKILL while restic runs, and all that it started with it."""
        command = ("--stdin-from-command", "--stdin-filename=x", "--", "sh", "-c", "echo begun; sleep 60")
        process = self.fleet.start("backup.sh", *command, RESTIC_HOSTNAME=instance)
        until(self.fleet.locks, "a lock")
        meanwhile()
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()

    def retention(self, instance: str, *tags: str, ago: int = 0, code: int = 0) -> None:
        """Forget, prune, check."""
        plan = [f"retain {tag} {tag} --keep-last=7" for tag in tags]
        url = f"rest:{self.fleet.server.url}{self.fleet.repository.name}/"
        changes = {
            "PLAN": self.fleet.plan("\n".join([*plan, "thin 9 n r", "prune", "check", "measure", ""])),
            "RESTIC_REPOSITORY": url,
        }
        self._run("retention.sh", instance=instance, ago=ago, code=code, prefix="", **changes)

    def restore_test(
        self, instance: str, tags: dict[str, Path], *, ago: int = 0, code: int = 0, least: int = 1
    ) -> None:
        """Restore each tag, and look for a file of at least so many bytes in the folder that was its source."""
        place = self.fleet.folder / "restore"
        place.mkdir(exist_ok=True)
        plan = [f"target {tag} '' 600\nverify_file {source}/file {least}" for tag, source in tags.items()]
        changes = {"PLAN": self.fleet.plan("\n".join([*plan, ""])), "RESTORE_DIR": str(place)}
        self._run("restore-test.sh", instance=instance, ago=ago, code=code, prefix="", **changes)

    def mirror(self, instance: str, *, ago: int = 0, code: int = 0) -> None:
        """Copy the files of the repository; exit code 66 is that of a place where something else lies."""
        mirror = self.fleet.folder / "mirrors" / instance
        mirror.mkdir(parents=True, exist_ok=True)
        letter = mirror / "letter"
        letter.unlink(missing_ok=True)
        if code:
            letter.write_text("of somebody else")
        changes = {
            "MIRROR_METHOD": "files",
            "MIRROR_SOURCE": f"{self.fleet.repository}/",
            "MIRROR_DESTINATION": f"offsite:{mirror}/",
            "MIRROR_RESTIC_REPOSITORY": str(mirror),
            "RCLONE_CONFIG_OFFSITE_TYPE": "local",
        }
        self._run("mirror.sh", instance=instance, ago=ago, code=code, prefix="", **changes)

    def all_well(self, observed: Observed) -> None:
        """Run every expected job, and let each succeed."""
        jobs = observed.expected.values()
        tags = {observed.tags[job.target]: self.source(job.instance) for job in jobs if job.kind == "backup"}
        for job in sorted(jobs, key=lambda job: ORDER.index(job.kind)):
            match job.kind:
                case "backup":
                    self.backup(job.instance, observed.tags[job.target])
                case "retention":
                    self.retention(job.instance, *tags)
                case "mirror":
                    self.mirror(job.instance)
                case "restore-test":
                    self.restore_test(job.instance, tags)
                case other:
                    raise AssertionError(other)

    def _run(
        self, script: str, *arguments: str, instance: str, ago: int, code: int, prefix: str, **changes: str
    ) -> None:
        if ago:
            changes |= {"PATH": f"{self.clock}:{self.fleet.paths['dash']}", "CLOCK_BEHIND": str(ago)}
        run = self.fleet.run(script, *arguments, prefix=prefix, RESTIC_HOSTNAME=instance, **changes)
        assert run.returncode == code, f"{instance}: {run.stdout}"
        assert "metrics not pushed" not in run.stdout
