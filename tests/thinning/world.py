"""A repository whose retention runs every night: thin.sh as it is, with a model in restic's place."""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from backupgen.plan.thinning import kept_in_time
from tests.thinning.model import Snapshot, kept, plan

SCRIPTS = Path(__file__).resolve().parents[2] / "templates" / "scripts"
DRIVER = """
own() { :; }
fail() { shift; echo "error: $*"; exit 70; }
say() { printf '%s\\n' "$*"; }
is_number() { case $1 in '' | *[!0-9]*) return 1 ;; esac; }
step() { printf '%s %s\\n' "$2" "$1" >>"$work/steps"; }
metric() { printf '%s{instance="retention",job="backup"%s} %s\\n' "$1" "${5:+,tag=\\"$5\\"}" "$3" >>"$work/pushed"; }
run() { shift 2; cat "$work/restic.json"; }
locked() {
  shift
  printf '%s\\n' "$@" >>"$work/forgotten"
  [ ! -e "$work/again.json" ] || mv "$work/again.json" "$work/restic.json"
}
EX_USAGE=64 EX_REFUSED=74 UNBOUNDED=1
. "${0%/*}/thin.sh"
recall() { cat "$work/pushgateway"; }
retain photos photos $WORDS
thin "$GAP" ns retention
[ ! -s "$work/verdict.state" ] || remember
"""
START = datetime(2026, 3, 2, 3, 5, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass
class Night:
    """What a retention did."""

    removed: list[Snapshot]
    refused: str
    log: str


@dataclass
class World:
    """One target and its retention, and what the Pushgateway knows."""

    folder: Path
    keep: tuple[str, ...] = ("--keep-daily=7", "--keep-weekly=4")
    every: timedelta = DAY
    lasts: int = 840
    attempts: int = 3
    gap: int = 86_520
    derived: bool = True
    pushgateway: bool = True
    now: datetime = START
    snapshots: list[Snapshot] = field(default_factory=list)
    known: str = ""
    shell: str = "dash"

    @property
    def flags(self) -> tuple[str, ...]:
        also = kept_in_time(self.keep, int(self.every.total_seconds())) if self.derived else ()
        return (*self.keep, *also)

    def retention(self, release: str = "") -> Night:
        """Run the retention once, now."""
        work = self.folder / "work"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        (work / "restic.json").write_text(plan(self.snapshots, ["photos"], self.flags, self.now))
        good = [item for item in self.snapshots if not self.holds_nothing(item)]
        (work / "again.json").write_text(plan(good, ["photos"], self.flags, self.now))
        (work / "pushgateway").write_text(self.known)
        for name in ("removed", "groups", "verdict.state", "forgotten", "pushed"):
            (work / name).touch()
        every = int(self.every.total_seconds())
        words = f"every={every} rarest={every} lasts={self.lasts} attempts={self.attempts}"
        environment = {
            "PATH": os.environ["PATH"],
            "work": str(work),
            "WORDS": f"{words} path=/backup/photos {' '.join(self.flags)}",
            "GAP": str(self.gap),
            "job_started": str(int(self.now.timestamp())),
            "RESTIC_HOSTNAME": "retention",
            "repository_id": "1234",
            "BACKUP_RELEASE": release,
        }
        shell = {"dash": ["dash"], "busybox": ["busybox", "ash"], "bash": ["bash"]}[self.shell]
        ran = subprocess.run(
            [*shell, "-u", "-c", DRIVER, str(SCRIPTS / "driver")],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert ran.stderr == "", ran.stderr
        gone = set((work / "forgotten").read_text().split())
        removed = [item for item in self.snapshots if item.id in gone]
        assert len(removed) == len(gone)
        self.snapshots = [item for item in self.snapshots if item.id not in gone]
        if self.pushgateway:
            self.known = (work / "pushed").read_text()
        refused = next((line for line in ran.stdout.splitlines() if "nothing is removed" in line), "")
        steps = (work / "steps").read_text()
        assert ("74 forget photos" in steps) == bool(refused), steps
        assert not refused or all(self.holds_nothing(item) for item in removed)
        return Night(removed, refused, ran.stdout)

    def holds_nothing(self, item: Snapshot) -> bool:
        return item.files == 0 or item.bytes == 0

    def day(self, back_up: Callable[[datetime], object]) -> Night:
        """Let a day pass: `back_up` gets its beginning; then the retention runs at 03:05."""
        back_up(self.now)
        self.now += DAY
        return self.retention()

    def add(self, time: datetime, **more: object) -> Snapshot:
        made = Snapshot(time, **more)  # type: ignore[arg-type]
        self.snapshots.append(made)
        return made

    def honest(self) -> set[str]:
        """What an honest retention would leave of the real ones."""
        return {item.id for item in kept((item for item in self.snapshots if item.real), self.flags, self.now)}
