"""What render, check and diff begin with: read, and compile."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from backupgen.cli import clock
from backupgen.diagnostics import Finding

if TYPE_CHECKING:
    from backupgen.pipeline import CompileContext, Compiled, Scheduled


class Paths(NamedTuple):
    """Where a command reads and writes."""

    fleet: Path
    out: Path = Path("out")
    templates: Path | None = None

    def flags(self) -> str:
        """The flags that a further command needs to mean the same: those that are not the default."""
        given = [f" --fleet {self.fleet}"] if str(self.fleet) != "fleet.yaml" else []
        given += [f" --out {self.out}"] if str(self.out) != "out" else []
        given += [f" --templates {self.templates}"] if self.templates else []
        return "".join(given)


@dataclass(frozen=True, slots=True)
class Compilation:
    """The outcome of reading and compiling."""

    compiled: "Compiled | None"
    findings: tuple[Finding, ...]
    """Located."""
    sources: Mapping[str, str]
    """The text of fleet.yaml, for excerpts."""
    readable: bool = True
    """Whether there was something to compile. If not, the exit code is that of unreadable input."""

    @property
    def targets(self) -> int:
        """How many targets the fleet has; 0, if it could not be compiled."""
        return len(self.compiled.fleet.targets) if self.compiled else 0

    @property
    def manifests(self) -> Mapping[str, str]:
        """The rendered files; none, if it could not be compiled."""
        return self.compiled.manifests.files if self.compiled else {}


def compile_file(fleet: Path, templates: Path | None, out: Path | None) -> Compilation:
    """Read fleet.yaml, and compile it with the user's templates, beside what was rendered into `out` before."""
    from backupgen.adapters.files import read_fleet
    from backupgen.manifests.codes import UNREADABLE_TEMPLATE
    from backupgen.pipeline import compile_fleet
    from backupgen.report.schedule.timetable import timetable

    raw = read_fleet(fleet)
    if raw.value is None:
        return Compilation(None, raw.findings, {}, readable=False)
    checked = compile_fleet(raw.value, str(fleet), templates, compile_context(out, clock.now()), timetable)
    readable = all(finding.info is not UNREADABLE_TEMPLATE for finding in checked.findings)
    return Compilation(checked.value, checked.findings, {str(fleet): shown(raw.value)}, readable=readable)


@dataclass(frozen=True, slots=True)
class Judged:
    """The outcome of reading a fleet and judging its schedule."""

    scheduled: "Scheduled | None"
    findings: tuple[Finding, ...]
    """Located."""
    sources: Mapping[str, str]
    """The text of fleet.yaml, for excerpts."""
    raw: bytes
    readable: bool = True


def schedule_file(fleet: Path, out: Path, now: int, templates: Path | None = None) -> Judged:
    """Read fleet.yaml and judge its schedule, beside what was rendered into `out` before; `now` in epoch seconds.

    With a folder of templates, scripts of the user's are known to take the proof with them.
    """
    from backupgen.adapters.files import read_fleet
    from backupgen.pipeline import schedule_fleet

    raw = read_fleet(fleet)
    if raw.value is None:
        return Judged(None, raw.findings, {}, b"", readable=False)
    checked = schedule_fleet(raw.value, str(fleet), compile_context(out, now), templates)
    return Judged(checked.value, checked.findings, {str(fleet): shown(raw.value)}, raw.value)


def compile_context(out: Path | None, since: int) -> "CompileContext":
    """Return what a compile has to know beside the text of fleet.yaml."""
    from backupgen.adapters.shell import syntax_error
    from backupgen.adapters.tree import read_chosen
    from backupgen.pipeline import CompileContext

    return CompileContext(read_chosen(out) if out is not None else {}, since, syntax_error)


def shown(raw: bytes) -> str:
    """Return the text of fleet.yaml for excerpts."""
    return raw.decode("utf-8", errors="replace").removeprefix("\ufeff")
