"""`backupgen debug`: what a stage of the compiler made of the fleet."""

import time
from pathlib import Path
from typing import Annotated, Literal

import typer

from backupgen.cli import exits, terminal
from backupgen.cli.command import Fleet, Out, Templates, command


@command(140, hidden=True)
def debug(
    stage: Annotated[
        Literal["resolved", "timetable", "plan"],
        typer.Argument(metavar="resolved|timetable|plan", help="Which stage.", show_default=False),
    ],
    fleet: Fleet = Path("fleet.yaml"),
    out: Out = Path("out"),
    templates: Templates = None,
    *,
    timings: Annotated[
        bool, typer.Option("--timings", help="Print what each stage up to this one took, not its value.")
    ] = False,
) -> int:
    """Print what a stage of the compiler made of the fleet, as JSON.

    For those who work on backupgen, or report a fault of it. resolved is the fleet with every default filled in,
    timetable its operations and the proof or the conflicts, plan the facts of every object before it is rendered. The
    same fleet gives the same bytes; their form may change with any release.

    A value is printed as well where a later stage finds an error. Exits with 1 if there is one before.
    """
    from dataclasses import replace

    from backupgen.adapters.files import read_fleet
    from backupgen.cli import clock
    from backupgen.cli.compiling import compile_context, shown
    from backupgen.cli.showing import exit_code, note_findings
    from backupgen.pipeline import compile_fleet
    from backupgen.report.inside import Lap, as_json, timing_table
    from backupgen.report.schedule.timetable import timetable

    raw = read_fleet(fleet)
    if raw.value is None:
        note_findings(raw.findings, {})
        return exits.USAGE
    values: dict[str, object] = {}
    laps: list[Lap] = [Lap("start", time.perf_counter(), time.process_time())]

    def observe(name: str, value: object) -> None:
        values[name] = value
        laps.append(Lap(name, time.perf_counter(), time.process_time()))

    around = replace(compile_context(out, clock.now()), observe=observe)
    checked = compile_fleet(raw.value, str(fleet), templates, around, timetable)
    if stage not in values:
        note_findings(checked.findings, {str(fleet): shown(raw.value)})
        return exit_code(checked.findings)
    if timings:
        names = [lap.stage for lap in laps]
        terminal.result(timing_table(laps[: names.index(stage) + 1]))
    else:
        terminal.result(as_json(values[stage]))
    return exits.CLEAN
