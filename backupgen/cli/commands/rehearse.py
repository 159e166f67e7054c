"""`backupgen rehearse`."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backupgen.cli import exits, terminal
from backupgen.cli.command import Fleet, OneOf, Templates, command
from backupgen.cli.completing import target_names
from backupgen.report.rehearsal import REHEARSAL_FORMATS

if TYPE_CHECKING:
    from backupgen.pipeline import Compiled
    from backupgen.rehearsal.course import Course
    from backupgen.rehearsal.needs import Missing


@command(50)
def rehearse(
    fleet: Fleet = Path("fleet.yaml"),
    templates: Templates = None,
    targets: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            metavar="NAME",
            help="Only this target; may be given several times.",
            autocompletion=target_names,
        ),
    ] = None,
    form: Annotated[str, OneOf(REHEARSAL_FORMATS), typer.Option("--format", help="How to report.")] = "text",
) -> int:
    """Run the rendered fleet on this machine, with the real restic.

    Every pod, as rendered, in containers of its own, with sample data and a throw-away repository: backups, retention,
    restore test, mirror, and a restore from it. Needs no cluster and no root, touches no real data, and leaves
    nothing behind. Exits with 1 if anything failed.
    """
    from backupgen.cli.compiling import compile_file
    from backupgen.cli.showing import exit_code, note_findings

    compilation = compile_file(fleet, templates, None)
    note_findings(compilation.findings, compilation.sources, targets=compilation.targets)
    if compilation.compiled is None:
        return exit_code(compilation.findings, readable=compilation.readable)
    course = _course(compilation.compiled, targets or ())
    return exits.USAGE if course is None else _run(course, form)


def _course(compiled: "Compiled", names: Iterable[str]) -> "Course | None":
    from backupgen.cli.showing import note_unknown
    from backupgen.rehearsal.cluster import read_cluster
    from backupgen.rehearsal.course import Course, chosen

    targets, unknown = chosen(compiled.fleet, names)
    if unknown:
        note_unknown("the fleet has no target", unknown[0], [target.name for target in compiled.fleet.targets])
        return None
    return Course(compiled.fleet, read_cluster(compiled.manifests.files), targets)


def _run(course: "Course", form: str) -> int:
    import secrets

    from backupgen.adapters.rehearsal.enclosure import EnclosureError
    from backupgen.adapters.rehearsal.programs import find_programs
    from backupgen.adapters.rehearsal.rehearse import Rehearser
    from backupgen.adapters.rehearsal.stage import Stage
    from backupgen.rehearsal.environment import ConfigError
    from backupgen.rehearsal.needs import missing, programs
    from backupgen.report.rehearsal.rehearsal_report import RehearsalReport

    try:
        needed = programs(course.fleet, course.targets, course.servers())
    except ConfigError as error:
        terminal.note(f"the rendered pods cannot start: {error}\n")
        return exits.FOUND
    found = find_programs(needed)
    lacking = missing(needed, found)
    if lacking:
        terminal.note(_lacking(lacking))
        return exits.USAGE
    progress = _Progress()
    try:
        with Stage(course.cluster, found, lambda: secrets.token_hex(16)) as stage:
            rehearsal = Rehearser(stage, course, progress.begin).run()
    except EnclosureError as error:
        terminal.note(f"{error}\n{_ALLOW}")
        return exits.USAGE
    finally:
        progress.end()
    report = RehearsalReport(rehearsal, color=terminal.colored(sys.stdout))
    terminal.result(REHEARSAL_FORMATS[form](report))
    return exits.FOUND if rehearsal.failed else exits.CLEAN


_ALLOW = (
    "a rehearsal needs namespaces: run it as root, or let users make them; the switches are"
    " `sysctl kernel.unprivileged_userns_clone=1`, and on Ubuntu `kernel.apparmor_restrict_unprivileged_userns=0`\n"
)


def _lacking(lacking: "tuple[Missing, ...]") -> str:
    width = max(len(one.program) for one in lacking)
    lines = [f"  {one.program.ljust(width)}  {one.package}, for {one.why}" for one in lacking]
    packages = " ".join(sorted({one.package for one in lacking}))
    return "\n".join(
        [
            "a rehearsal of this fleet needs programs that are not on PATH:",
            *lines,
            f"on Debian: apt-get install --no-install-recommends {packages}",
            "or rehearse a part of the fleet: backupgen rehearse --target NAME\n",
        ]
    )


class _Progress:
    """The step that runs, on a terminal only."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()

    def begin(self, step: str) -> None:
        if self._shown:
            terminal.note(f"\r\x1b[K{step} …")

    def end(self) -> None:
        if self._shown:
            terminal.note("\r\x1b[K")
