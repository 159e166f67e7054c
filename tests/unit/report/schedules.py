"""Sample reports for the formats of `schedule`: made by hand but for their runs, which follow from the slots."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any

from backupgen.analysis.schedule_report import Clash, Crowding, Overlap, Row, Run, ScheduleReport, Wait
from backupgen.conventions.roles import PodRole
from backupgen.schedule import load_zone, next_firings, parse_cron

BERLIN = "Europe/Berlin"
MINUTE, HOUR, DAY = 60, 3600, 86_400
LOCKS = {"backup": "shared", "retention": "exclusive", "restore-test": "shared", "mirror": "none"}


def at(text: str) -> int:
    """Epoch seconds of a time in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def row(name: str, cron: str, deadline: int, kind: PodRole = PodRole.BACKUP, **more: object) -> Row:
    made = Row(
        name=name,
        kind=kind,
        repository="main",
        node="",
        written=cron,
        cron=cron,
        timezone=BERLIN,
        deadline=deadline,
        start_within=2 * MINUTE,
        grace=2 * MINUTE,
        lock=LOCKS[kind],
        suspended=False,
        left_out=(),
        causes=(),
        line=None,
        next_start=None,
        runs=(),
    )
    return made._replace(**more)  # type: ignore[arg-type]


def running(made: Row, start: int, end: int) -> Row:
    """The row with its runs and its next start."""
    schedule, zone = parse_cron(made.cron), load_zone(made.timezone)
    hold = made.deadline + made.grace
    longest = hold + made.start_within
    slots = takewhile(lambda slot: slot < end, next_firings(schedule, zone, start - longest))
    runs = tuple(Run(slot, slot + hold, slot + longest) for slot in slots if slot + longest > start)
    return made._replace(runs=runs, next_start=next(next_firings(schedule, zone, start - 1), None))


def report(rows: Iterable[Row], start: str, end: str, **more: object) -> ScheduleReport:
    first, last = at(start), at(end)
    filled = tuple(running(one, first, last) for one in rows)
    pairs = len(filled) * (len(filled) - 1) // 2
    plain = ScheduleReport(
        fleet="k3s-at-home",
        timezone=BERLIN,
        start=first,
        end=last,
        rows=filled,
        clashes=(),
        reservations=(),
        waits=(),
        crowdings=(),
        pairs=pairs,
        overlapping=0,
        overlapping_on_time=0,
        overlaps=(),
        tzdata="2026f",
    )
    return replace(plain, **more)  # type: ignore[arg-type]


RETENTION = "restic-retentionpolicies"
YIELDING: dict[str, Any] = {"left_out": (2, 3), "causes": (RETENTION,)}
FLEET = (
    row("backup-mariadb", "10 0-1,4-23 * * *", 8 * MINUTE, written=":10", line=64, **YIELDING),
    row("backup-grafana", "20 0-1,4-23 * * *", 8 * MINUTE, written=":20", line=71, **YIELDING),
    row("backup-emby", "37 0-1,4-23 * * *", 8 * MINUTE, written="auto", line=80, **YIELDING),
    row("backup-downloader", "50 0-1,4-23 * * *", 8 * MINUTE, node="zfs", line=98, suspended=True, **YIELDING),
    row("backup-paperless", "0 0,4-23 * * *", 2 * HOUR, line=118, left_out=(1, 2, 3), causes=(RETENTION,)),
    row(RETENTION, "5 3 * * *", 45 * MINUTE, PodRole.RETENTION, line=25),
    row("backup-restore-test", "0 5 * * 0", 3 * HOUR, PodRole.RESTORE_TEST, line=31),
    row("backup-mirror-wasabi", "0 5 * * *", 4 * HOUR, PodRole.MIRROR, line=37),
)
OVERLAPS = (
    Overlap("backup-mariadb", "backup-grafana", on_time=False, verdict="shared"),
    Overlap("backup-mariadb", "backup-paperless", on_time=True, verdict="shared"),
    Overlap("backup-grafana", "backup-paperless", on_time=True, verdict="shared"),
    Overlap("backup-emby", "backup-paperless", on_time=True, verdict="shared"),
    Overlap("backup-downloader", "backup-paperless", on_time=True, verdict="shared"),
    Overlap("backup-paperless", "backup-restore-test", on_time=True, verdict="shared"),
    Overlap("backup-paperless", "backup-mirror-wasabi", on_time=True, verdict="shared"),
)


def healthy() -> ScheduleReport:
    """A Sunday on which all is well."""
    crowding = Crowding(
        "repository main", 1, 2, ("backup-paperless", "backup-mariadb", "backup-grafana"), at("2026-04-11T22:10")
    )
    return report(
        FLEET,
        "2026-04-11T22:00",
        "2026-04-12T22:00",
        crowdings=(crowding,),
        overlapping=7,
        overlapping_on_time=6,
        overlaps=OVERLAPS,
    )


def conflicting() -> ScheduleReport:
    """Two repositories and two zones, two conflicts, a wait, and a job that never runs."""
    rows = (
        row("backup-grafana", "20 * * * *", 8 * MINUTE, line=71),
        row("backup-paperless", "0 * * * *", 2 * HOUR, line=118),
        row("backup-tokyo", "20 13 * * *", HOUR, timezone="Asia/Tokyo", repository="far", line=130),
        row("backup-leap", "0 0 30 2 *", HOUR, repository="far", line=140),
        row(RETENTION, "5 3 * * *", 45 * MINUTE, PodRole.RETENTION, line=25),
        row("retention-far", "20 6 * * *", 45 * MINUTE, PodRole.RETENTION, repository="far", line=52),
        row("backup-restore-test", "30 3 * * 0", 3 * HOUR, PodRole.RESTORE_TEST, line=31),
    )
    reason = "the second needs the repository for itself"
    return report(
        rows,
        "2026-04-11T22:00",
        "2026-04-12T22:00",
        clashes=(
            Clash("backup-paperless", RETENTION, reason, at("2026-04-12T01:05"), 1095.75, (118, 25), ("skip: 01-03",)),
            Clash(
                "backup-restore-test",
                RETENTION,
                reason,
                at("2026-04-12T01:30"),
                52.1775,
                (31, 25),
                ('at: "Sun 04:00"', "skip: 01-03"),
            ),
            Clash("backup-tokyo", "retention-far", reason, None, 0.0025, (130, None), ()),
        ),
        waits=(Wait("backup-grafana", RETENTION, 17 * MINUTE),),
        overlapping=6,
        overlapping_on_time=5,
        overlaps=(
            Overlap("backup-grafana", RETENTION, on_time=True, verdict="wait"),
            Overlap("backup-paperless", RETENTION, on_time=True, verdict="conflict"),
            Overlap("backup-restore-test", RETENTION, on_time=True, verdict="conflict"),
            Overlap("backup-grafana", "backup-paperless", on_time=True, verdict="shared"),
            Overlap("backup-grafana", "backup-restore-test", on_time=True, verdict="shared"),
            Overlap("backup-tokyo", "retention-far", on_time=False, verdict="conflict"),
        ),
    )


def spring() -> ScheduleReport:
    """The day of 23 hours."""
    return report((*FLEET, row("daily", "30 2 * * *", HOUR)), "2026-03-28T23:00", "2026-03-29T22:00")


def autumn() -> ScheduleReport:
    """The day of 25 hours."""
    return report((*FLEET, row("daily", "30 2 * * *", HOUR)), "2026-10-24T22:00", "2026-10-25T23:00")


def three_days() -> ScheduleReport:
    """From a Friday to a Sunday; the first two are alike."""
    return report(FLEET, "2026-04-09T22:00", "2026-04-12T22:00")


ODD = "a<b>&\"'\x1b[31m\u202e\n;,\\漢字"


def odd() -> ScheduleReport:
    """Characters that no name can have, everywhere."""
    rows = (
        row(ODD, "20 * * * *", 8 * MINUTE, repository=ODD, node=ODD, written=ODD, left_out=(2,), causes=(ODD,)),
        row(f"2{ODD}", "5 3 * * *", 45 * MINUTE, PodRole.RETENTION, suspended=True),
    )
    return report(
        rows,
        "2026-04-12T00:00",
        "2026-04-12T06:00",
        fleet=ODD,
        tzdata=ODD,
        file=ODD,
        clashes=(Clash(ODD, f"2{ODD}", ODD, at("2026-04-12T01:05"), 1.0, (1, 2), (ODD,)),),
        waits=(Wait(ODD, f"2{ODD}", 60),),
        overlapping=1,
        overlaps=(Overlap(ODD, f"2{ODD}", on_time=False, verdict="conflict"),),
        crowdings=(Crowding(ODD, 1, 2, (ODD,), at("2026-04-12T01:05")),),
    )


def large(rows: int, *, days: int = 1, clashing: int = 0) -> ScheduleReport:
    """Hourly backups, and a retention that some of them meet."""
    backups = [row(f"backup-target-{number:04}", f"{number % 60} * * * *", 8 * MINUTE) for number in range(rows - 1)]
    start = at("2026-04-11T22:00")
    clashes = tuple(
        Clash(one.name, RETENTION, "it needs the repository for itself", start + 3 * HOUR, 365.2425, (9, 5), ())
        for one in backups[:clashing]
    )
    end = datetime.fromtimestamp(start + days * DAY, UTC).isoformat(timespec="minutes")[:16]
    made = (*backups, row(RETENTION, "5 3 * * *", 45 * MINUTE, PodRole.RETENTION))
    return report(made, "2026-04-11T22:00", end, clashes=clashes, overlapping=clashing)


SAMPLES = {
    "healthy": healthy,
    "conflicting": conflicting,
    "spring": spring,
    "autumn": autumn,
    "three-days": three_days,
    "odd": odd,
}
"""Each is kept as it looks in every format."""
