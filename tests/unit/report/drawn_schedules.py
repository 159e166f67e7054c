"""Reports as Hypothesis draws them: anything that the model's types allow, and a builder could make."""

from hypothesis import strategies as st

from backupgen.analysis.schedule_report import Clash, Crowding, Overlap, Row, Run, ScheduleReport, Wait
from backupgen.conventions.roles import PodRole
from tests.unit.schedule.oracle import ZONES

MINUTE, HOUR, DAY = 60, 3600, 86_400
SPAN = (1_704_067_200, 1_893_456_000)
"""2024 to 2030."""

LONGEST = ((1, 2 * DAY), (0, HOUR), (0, HOUR))
"""Deadline, grace and delay."""

texts = st.text(st.characters() | st.sampled_from("\x00\x1b\u202e\ufffe]>&<\"'`%\r\n;,\\ -"), max_size=20)


@st.composite
def rows(draw: st.DrawFn, name: str, start: int, end: int) -> Row:
    kind = draw(st.sampled_from((PodRole.BACKUP, PodRole.RETENTION, PodRole.RESTORE_TEST, PodRole.MIRROR)))
    # Whole minutes too, so that windows end where others, or days, begin.
    unit = draw(st.sampled_from((1, MINUTE, HOUR)))
    deadline, grace, late = (unit * draw(st.integers(least, most // unit)) for least, most in LONGEST)
    hold = deadline + grace
    slots = draw(st.sets(st.integers((start - hold - late) // MINUTE + 1, (end - 1) // MINUTE), max_size=6))
    return Row(
        name=name,
        kind=kind,
        repository=draw(st.sampled_from(("main", "far"))),
        node=draw(texts),
        written=draw(st.just("auto") | texts),
        cron=draw(texts),
        timezone=draw(st.sampled_from(ZONES)),
        deadline=deadline,
        start_within=late,
        grace=grace,
        lock=draw(st.sampled_from(("shared", "exclusive", "none"))),
        suspended=draw(st.booleans()),
        left_out=tuple(sorted(draw(st.sets(st.integers(0, 23), max_size=5)))),
        causes=tuple(draw(st.lists(texts, max_size=3))),
        line=draw(st.none() | st.integers(1, 1000)),
        next_start=draw(st.none() | st.integers(start, start + 400 * DAY)),
        runs=tuple(Run(at * MINUTE, at * MINUTE + hold, at * MINUTE + hold + late) for at in sorted(slots)),
    )


@st.composite
def reports(draw: st.DrawFn, most_days: int = 4) -> ScheduleReport:
    start = draw(st.integers(SPAN[0] // MINUTE, SPAN[1] // MINUTE)) * MINUTE
    end = start + draw(st.integers(1, most_days * 24 * 60)) * MINUTE
    names = draw(st.lists(texts, unique=True, max_size=5))
    drawn = tuple(draw(rows(name, start, end)) for name in names)
    one = st.sampled_from(names) if names else st.nothing()
    pairs = st.lists(st.tuples(one, one), max_size=3) if names else st.just([])
    lines = st.none() | st.integers(1, 1000)
    return ScheduleReport(
        fleet=draw(texts),
        timezone=draw(st.sampled_from(ZONES)),
        start=start,
        end=end,
        rows=drawn,
        clashes=tuple(
            Clash(
                *pair,
                why=draw(texts),
                first=draw(st.none() | st.integers(start, start + 400 * DAY)),
                per_year=draw(st.floats(0, 1e6)),
                lines=(draw(lines), draw(lines)),
                remedies=tuple(draw(st.lists(texts, max_size=2))),
            )
            for pair in draw(pairs)
        ),
        reservations=draw(st.sampled_from(((), ("in Africa/Cairo clocks change at midnight",)))),
        waits=tuple(Wait(*pair, seconds=draw(st.integers(0, DAY))) for pair in draw(pairs)),
        crowdings=tuple(Crowding(draw(texts), 1, 2, pair, start) for pair in draw(pairs)),
        pairs=10,
        overlapping=draw(st.integers(0, 10)),
        overlapping_on_time=draw(st.integers(0, 10)),
        overlaps=tuple(
            Overlap(*pair, draw(st.booleans()), draw(st.sampled_from(("conflict", "wait", "shared"))))
            for pair in draw(pairs)
        ),
        tzdata=draw(texts),
        file=draw(texts),
        width=draw(st.integers(40, 160)),
    )
