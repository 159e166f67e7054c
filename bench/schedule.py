"""What the proof costs, by itself: CPU of one process after fleet.yaml is read and resolved, medians.

    python bench/schedule.py [--rounds N] [TARGETS ...]

Five fleets of each size: hourly backups at sixty minutes with one deadline, as most fleets are; hourly, daily and
weekly ones with 25 deadlines in three time zones; the first with every slot chosen by the compiler; slots chosen for
every cadence from half an hour to a month, with room; and the same where there is none for most.
"""

import argparse
import random
import subprocess
import sys
import time
from collections.abc import Sequence

from fleets import fleet

from backupgen.language.load import load_fleet
from backupgen.resolve.fleet import resolve_fleet
from backupgen.resolve.schedule_input import schedule_input
from backupgen.schedule import prove
from backupgen.source import read_document

KINDS = ("hourly", "mixed", "auto", "cadences", "shortage")
EVERY_CADENCE = ("cadences", "shortage")
MOST = 1000
"""Of these kinds, for the time it takes."""
EVERY = ("1h", "1d", "7d", "30d", "6h", "30m", "12h")
ZONES = ("Europe/Berlin", "America/New_York", "UTC")


def text_of(kind: str, targets: int) -> str:
    """The fleet.yaml of a kind."""
    lines, chance, number = [], random.Random(1), 0  # noqa: S311
    for line in fleet(targets).splitlines():
        if line.startswith('    at: ":'):
            number += 1
            line = {"hourly": line, "mixed": _mixed(number, chance), "auto": "    at: auto"}.get(  # noqa: PLW2901
                kind, _chosen(number, kind)
            )
        lines.append(line)
    return "\n".join(lines) + "\n"


def _mixed(number: int, chance: random.Random) -> str:
    clock = f"{chance.randrange(9, 19):02}:{chance.randrange(60):02}"
    slot = (f":{chance.randrange(60):02}", f":{chance.randrange(60):02}", clock, f"Tue {clock}")[number % 4]
    return f'    at: "{slot}"\n    deadline: {4 + number % 25}m\n    timezone: {ZONES[number % 3]}'


def _chosen(number: int, kind: str) -> str:
    """A slot of `auto` of any cadence: so short and seldom that all find room, or not."""
    short = kind == "cadences"
    every = "30d" if short and number > 20 else EVERY[number % len(EVERY)]
    deadline = "3m" if short else f"{10 + number % 25}m"
    return f"    at: auto\n    every: {every}\n    deadline: {deadline}\n    timezone: {ZONES[number % 3]}"


def measure(kind: str, targets: int) -> tuple[float, float]:
    """Return the seconds of CPU for the slots and for the proof, in a process that has done nothing of it yet."""
    code = f"import schedule; schedule.main_once({kind!r}, {targets})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=sys.path[0])
    slots, proof = map(float, done.stdout.split())
    return slots, proof


def main_once(kind: str, targets: int) -> None:
    """Measure once, and print it."""
    read = read_document(text_of(kind, targets).encode(), "fleet.yaml")
    loaded = load_fleet(read.value) if read.value else None
    resolved = resolve_fleet(loaded.value) if loaded and loaded.value else None
    if resolved is None or resolved.value is None:
        raise SystemExit("the fleet of the benchmark is none")
    start = time.process_time()
    timetable = schedule_input(resolved.value)
    middle = time.process_time()
    outcome = prove(timetable.operations, timetable.limits)
    end = time.process_time()
    if isinstance(outcome, tuple):
        raise SystemExit(f"the fleet of the benchmark has {len(outcome)} conflicts")
    print(middle - start, end - middle)


def median(figures: Sequence[float]) -> float:
    """The middle one."""
    return sorted(figures)[len(figures) // 2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", type=int, nargs="*", default=[100, 1000, 10_000], help="sizes of fleets")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    print(f"{'':8}{'targets':>8}{'slots s':>10}{'proof s':>10}{'a target, µs':>14}")
    for kind in KINDS:
        for targets in arguments.targets if kind not in EVERY_CADENCE else [n for n in arguments.targets if n <= MOST]:
            figures = [measure(kind, targets) for _ in range(arguments.rounds)]
            slots, proof = median([one[0] for one in figures]), median([one[1] for one in figures])
            print(f"{kind:8}{targets:8}{slots:10.3f}{proof:10.3f}{(slots + proof) / targets * 1e6:14.0f}")


if __name__ == "__main__":
    main()
