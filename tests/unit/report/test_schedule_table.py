"""The schedule in a terminal: the table of operations, the Gantt chart, and what meets what."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backupgen.analysis.schedule_report import Overlap, Row, Run, ScheduleReport, Wait
from backupgen.conventions.roles import PodRole
from backupgen.report.schedule import SCHEDULE_FORMATS
from backupgen.report.schedule.chart import draw
from backupgen.report.schedule.columns import Columns
from tests.thoroughness import examples
from tests.unit.report.drawn_schedules import reports
from tests.unit.report.schedules import (
    DAY,
    FLEET,
    HOUR,
    MINUTE,
    RETENTION,
    SAMPLES,
    at,
    autumn,
    conflicting,
    healthy,
    large,
    odd,
    report,
    row,
    running,
    spring,
    three_days,
)  # fmt: skip
from tests.unit.schedule.oracle import zone_info

RUN = set("╸╺━╾╼")
EXCLUSIVE = set("▌▐█")
AXIS = re.compile(r" +(\d\d'? *)+")
CELLS = (300, 600, 900, 1200, 1800, 3600)


def table(of: ScheduleReport) -> list[str]:
    return SCHEDULE_FORMATS["table"](of).splitlines()


def cells_of(lines: list[str], name: str, number: int = 0) -> str:
    """What the chart shows of an operation, on the nth day on which it runs."""
    label = next(line for line in lines if AXIS.fullmatch(line)).index("0")
    rows = [line[label:] for line in lines if line[: label - 1].rstrip() == name and len(line) > label]
    return rows[1 + number]


@given(drawn=reports())
@examples(60)
def test_colour_is_only_added(drawn: ScheduleReport) -> None:
    plain, painted = (SCHEDULE_FORMATS["table"](replace(drawn, color=color)) for color in (False, True))
    assert "\x1b[" not in plain
    assert "\x1b[1" in painted
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == plain


@pytest.mark.parametrize("width", [60, 80, 100, 120])
@pytest.mark.parametrize("sample", SAMPLES)
def test_lines_fit_the_terminal(sample: str, width: int) -> None:
    if sample != "odd":
        assert max(map(len, table(replace(SAMPLES[sample](), width=width)))) <= max(width, 74)


def test_the_first_line_is_the_verdict() -> None:
    assert table(healthy())[0] == "proved: no two operations that exclude each other ever meet (tzdata 2026f)"
    assert table(conflicting())[0] == "3 conflicts: operations that exclude each other can meet (tzdata 2026f)"
    waiting = replace(healthy(), waits=(Wait("backup-emby", RETENTION, 60),))
    assert table(waiting)[0] == (
        "proved: no two operations that exclude each other ever meet, but for 1 wait with time enough (tzdata 2026f)"
    )


def test_columns_that_say_nothing_are_left_out() -> None:
    titles = table(healthy())[3].split()
    assert titles == ["operation", "kind", "slot", "next", "deadline", "lock", "remarks"]
    assert table(conflicting())[3].split()[2] == "repository"
    plain = report(FLEET[5:7], "2026-04-12T00:00", "2026-04-12T06:00")
    assert table(plain)[3].split()[-1] == "lock"


def test_what_has_no_room_is_said() -> None:
    lines = table(replace(conflicting(), width=80))
    assert "kind" not in lines[3]
    assert "for want of room without: kind, lock" in lines
    assert not any(line.startswith("for want") for line in table(replace(conflicting(), width=100)))


def test_what_gives_way_is_grouped() -> None:
    text = " ".join(SCHEDULE_FORMATS["table"](healthy()).split())
    assert (
        f"hours 02-03 left out to give way to {RETENTION}:"
        " backup-mariadb, backup-grafana, backup-emby, backup-downloader "
    ) in text
    assert f"hours 01-03 left out to give way to {RETENTION}: backup-paperless " in text


def test_hours_of_another_zone_say_so() -> None:
    tokyo = row("a", "5 3 * * *", HOUR, timezone="Asia/Tokyo", left_out=(10, 11), causes=("b",))
    lines = table(report([tokyo], "2026-04-11T22:00", "2026-04-12T22:00"))
    assert "hours 10-11 in Asia/Tokyo left out to give way to b: a" in lines


def test_a_start_far_ahead_has_its_date() -> None:
    rows = (row("near", "5 3 * * 3", HOUR), row("far", "5 3 1 6 *", HOUR), row("never", "5 3 30 2 *", HOUR))
    lines = table(report(rows, "2026-04-11T22:00", "2026-04-12T22:00"))
    assert "  Wed 03:05  " in lines[4]
    assert "  Mon 2026-06-01 03:05  " in lines[5]
    assert "  never  " in lines[6]
    assert lines[-1] == "not running: near, far, never"


@given(
    start=st.integers(1_704_067_200 // MINUTE, 1_893_456_000 // MINUTE).map(lambda minute: minute * MINUTE),
    minutes=st.integers(1, 23 * 60),
    slots=st.sets(st.integers(0, 23 * 60), min_size=1, max_size=5),
    hold=st.integers(1, 3 * HOUR),
    late=st.integers(0, HOUR),
    lock=st.sampled_from(("shared", "exclusive", "none")),
    width=st.integers(40, 160),
)
@examples(200)
def test_every_window_is_seen(
    start: int, minutes: int, slots: set[int], hold: int, late: int, lock: str, width: int
) -> None:
    """Cell by cell: marked as running exactly where a window touches the cell, however short it is."""
    end = start + minutes * MINUTE
    begins = [start + slot * MINUTE for slot in sorted(slots) if start + slot * MINUTE < end]
    runs = tuple(Run(begin, begin + hold, begin + hold + late) for begin in begins)
    one = row("job", "* * * * *", HOUR, lock=lock, runs=runs)
    drawn = replace(report([], "2026-01-01T00:00", "2026-01-01T00:01"), start=start, end=end, rows=(one,), width=width)
    lines = table(drawn)
    if not runs:
        assert "not running: job" in lines
        return
    room = max(width - len("job "), 25)
    size = next(cell for cell in CELLS if -(-(end - start) // cell) <= room)
    (cells,) = [line.removeprefix("job ") for line in lines if line.startswith("job ")][1:]
    for number in range(-(-(end - start) // size)):
        begin, stop = start + number * size, min(start + (number + 1) * size, end)
        shown = cells[number : number + 1]
        runs_then = any(run.start < stop and begin < run.end for run in runs)
        late_then = any(run.start < stop and begin < run.latest_end for run in runs)
        if runs_then:
            assert shown in (EXCLUSIVE if lock == "exclusive" else RUN)
        elif late_then:
            assert shown in ({"▒"} if lock == "exclusive" else set("─╴╶"))
        else:
            assert shown in {"", " ", "·"}


def hours_of(lines: list[str]) -> list[str]:
    (axis,) = [line for line in lines if AXIS.fullmatch(line)]
    return axis.split()


def test_the_spring_day_has_23_hours() -> None:
    lines = table(spring())
    heading = lines.index("Sun 2026-03-29, 23h")
    assert lines[heading + 1] == "02:00 to 03:00 does not exist: clocks go forward"
    hours = hours_of(table(replace(spring(), width=200)))
    assert hours == [f"{hour:02}" for hour in range(24) if hour != 2]
    assert "not running: daily" in lines


def test_the_autumn_day_has_25_hours() -> None:
    lines = table(autumn())
    heading = lines.index("Sun 2026-10-25, 25h")
    assert lines[heading + 1] == "02:00 to 03:00 comes twice: clocks go back"
    hours = hours_of(table(replace(autumn(), width=200)))
    assert hours == ["00", "01", "02", "02'", *(f"{hour:02}" for hour in range(3, 24))]
    # 02:30 comes twice, and so does the run: from 02:30 on an hour and then an hour and two minutes, in cells of ten.
    cells = cells_of(table(replace(autumn(), width=200)), "daily")
    assert cells.rstrip(" ·░") == f"{cells[:15]}{'━' * 12}╸"
    assert set(cells[:15]) <= {" ", "·"}


def test_days_that_look_alike_are_drawn_once() -> None:
    lines = table(three_days())
    assert "Fri 2026-04-10 to Sat 2026-04-11 (2 days alike)" in lines
    assert "Sun 2026-04-12" in lines
    assert len([line for line in lines if line.startswith("backup-paperless ")]) == 1 + 2
    assert cells_of(lines, "backup-restore-test")[15:25] == "━━━━━━━━━╸"
    assert len([line for line in lines if line.startswith("backup-restore-test ")]) == 1 + 1
    month = table(report(FLEET, "2026-04-05T22:00", "2026-05-10T22:00"))
    ranges = "Mon 2026-04-06 to Sat 2026-04-11, Mon 2026-04-13 to Sat 2026-04-18"
    assert any(line.startswith(ranges) and line.endswith(", … (30 days alike)") for line in month)
    sundays = ", ".join(f"Sun 2026-{date}" for date in ("04-12", "04-19", "04-26", "05-03"))
    assert f"{sundays}, … (5 days alike)" in month


def test_the_days_around_a_change_of_the_clocks_are_no_alike() -> None:
    lines = table(report(FLEET[:1], "2026-03-27T23:00", "2026-03-30T22:00"))
    assert [line for line in lines if re.match("[A-Z][a-z]{2} 2026", line)] == [
        "Sat 2026-03-28, Mon 2026-03-30 (2 days alike)",
        "Sun 2026-03-29, 23h",
    ]


def test_a_day_may_begin_at_any_time() -> None:
    lines = table(report(FLEET, "2026-04-12T12:37", "2026-04-14T15:00"))
    assert "Sun 2026-04-12 to Mon 2026-04-13 (2 days alike), from 14:37 on" in lines
    assert "Tue 2026-04-14, from 14:37 on, 2h23m" in lines


def test_too_many_days_of_other_looks_are_counted() -> None:
    start = at("2026-04-11T22:00")
    # On each of twenty days at another time.
    runs = tuple(
        Run(slot, slot + HOUR, slot + HOUR) for slot in (start + number * (DAY + HOUR) for number in range(20))
    )
    drawn = replace(report([], "2026-04-11T22:00", "2026-05-01T22:00"), rows=(row("job", "", HOUR, runs=runs),))
    lines = table(drawn)
    assert "6 more days of other looks not drawn: ask for fewer days at a time" in lines
    assert len([line for line in lines if line.startswith("job ")]) == 1 + 14


def test_conflicts_and_waits_are_marked_in_both_rows() -> None:
    lines = table(replace(conflicting(), width=120))
    assert cells_of(lines, "backup-paperless").startswith("━━━━━━━━━XXX━━━")
    assert cells_of(lines, RETENTION).startswith("·     ·  XXX·")
    assert cells_of(lines, "backup-restore-test").startswith("·     ·  ░XX━━")
    assert cells_of(lines, "backup-grafana").startswith("·╾  ╾ ·╾ ░~░·╾")
    assert cells_of(lines, "backup-tokyo").startswith("·     ·     ·     ·XXX╸")
    legend = [line for line in lines if "X conflict" in line]
    assert len(legend) == 1
    assert not any("X conflict" in line or "~ may wait" in line for line in table(healthy()))


def test_other_repositories_are_not_closed() -> None:
    lines = table(replace(conflicting(), width=120))
    assert "░" in cells_of(lines, "backup-grafana")[9:12]
    assert cells_of(lines, "backup-tokyo")[9:12] == "   "


def test_the_suspended_are_told_apart() -> None:
    lines = table(healthy())
    assert any(line.startswith("(backup-downloader) ") for line in lines)
    assert any(line.startswith("backup-downloader ") and "  suspended  " in line for line in lines)
    assert any(line.endswith("(name) suspended") for line in lines)


def test_names_that_are_too_long_keep_their_ends() -> None:
    name = f"backup-{'x' * 40}-{'y' * 4}"
    lines = table(replace(report([row(name, "0 * * * *", HOUR)], "2026-04-12T00:00", "2026-04-12T06:00"), width=60))
    assert any(re.match(r"backup-x+…x+-yyyy ", line) and len(line) <= 60 for line in lines)


def test_a_large_fleet_is_counted() -> None:
    lines = table(large(1000, clashing=400))
    chart = lines[lines.index("Sun 2026-04-12") :]
    assert sum(line.startswith("backup-target-") for line in chart) == 49
    assert sum(line.startswith("backup-target-") for line in lines) == 999 + 49
    (others,) = [line for line in chart if line.startswith("950 backups, up to ")]
    assert "XXX" in others
    text = " ".join(chart)
    assert "50 of 1,000 operations have a row of their own" in text
    assert f"400 operations can meet `{RETENTION}` (fleet.yaml:5)" in text
    assert text.count(": next Sun ") == 5
    assert "and 395 more; --format json lists all" in text
    assert "these are too many pairs to list" in text


def test_a_run_that_ends_at_midnight_is_none_of_the_next_day() -> None:
    runs = (Run(at("2026-04-11T21:00"), at("2026-04-11T21:30"), at("2026-04-11T22:00")),)
    drawn = report([], "2026-04-10T22:00", "2026-04-12T22:00")
    blocks = draw(replace(drawn, rows=(row("job", "", HOUR, runs=runs),)), 9, 9).blocks
    assert [len(block.lanes) for block in blocks] == [1, 0]


def test_what_matters_has_a_row() -> None:
    fleet = large(100)
    names = [one.name for one in fleet.rows]
    clash = large(2, clashing=1).clashes[0]
    fleet = replace(fleet, clashes=(clash._replace(one=names[70]),), waits=(Wait(names[80], names[90], 60),))
    for most, expected in ((4, {99, 70, 80, 90}), (3, {99, 70, 80}), (2, {99, 70}), (1, {99})):
        (block,) = draw(fleet, most, 1).blocks
        assert {lane.row.name for lane in block.lanes} == {names[number] for number in expected}


def test_those_without_a_row_show_how_many_run_at_once() -> None:
    held = partial(row, cron="0 1 * * *", deadline=58 * MINUTE, lock="exclusive", kind=PodRole.RETENTION)
    early = [held(f"a{number}") for number in range(50)]
    counted = [row(f"b{number}", f"0 {5 + number // 4} * * *", 58 * MINUTE, grace=0) for number in range(10)]
    lines = table(report([*early, *counted], "2026-04-11T22:00", "2026-04-12T22:00"))
    (others,) = [line.removeprefix("10 backups, up to 4 ") for line in lines if line.startswith("10 backups, up to 4 ")]
    assert others.replace("·", " ").split() == ["██████▄▄▄"]
    assert any(line.endswith("▁█ how many of these run at once") for line in lines)


def test_conflicts_name_places_times_and_remedies() -> None:
    text = SCHEDULE_FORMATS["table"](replace(conflicting(), width=160))
    _, _, found = text.partition("\nconflicts\n")
    assert found.startswith(
        f"  2 operations can meet `{RETENTION}` (fleet.yaml:25): the second needs the repository for itself\n"
        "    `backup-paperless` (fleet.yaml:118): next Sun 2026-04-12 03:05 +02:00 (2026-04-12T01:05:00Z),"
        " 1,095.8 times a year\n"
        "    `backup-restore-test` (fleet.yaml:31): next Sun 2026-04-12 03:30 +02:00 (2026-04-12T01:30:00Z),"
        " 52.2 times a year\n"
        "    proved to help for `backup-restore-test`:\n"
        '      - at: "Sun 04:00"\n'
        "    proved to help for all of them:\n"
        "      - skip: 01-03\n"
        "  `backup-tokyo` can meet `retention-far`: the second needs the repository for itself\n"
        "    `backup-tokyo` (fleet.yaml:130): never again\n"
        "\n"
        "waits for a lock\n"
        f"  `backup-grafana` may wait up to 17m for `{RETENTION}`: covered, there is time for it\n"
        "\n"
        "at the same time\n"
        "  5 of 21 pairs can run at the same time even if every job starts on time, 6 if they start late;"
        " 3 exclude each other, not counting 1 whose wait is covered\n"
    )


def test_each_pair_is_listed_once() -> None:
    overlaps = healthy().overlaps
    text = " ".join(SCHEDULE_FORMATS["table"](healthy()).split())
    assert "7 if they start late; none exclude each other" in text
    assert (
        "`backup-paperless` overlaps, on time: backup-mariadb, backup-grafana, backup-emby, backup-downloader,"
        " backup-restore-test, backup-mirror-wasabi `backup-mariadb` overlaps, only if late: backup-grafana"
    ) in text
    assert len(overlaps) == 7


def test_long_lists_are_cut_and_say_so() -> None:
    many = tuple(Overlap(f"a{number}", f"b{number}", on_time=True, verdict="shared") for number in range(30))
    lines = table(replace(healthy(), overlaps=many, overlapping=30))
    assert sum(" overlaps, on time: b" in line for line in lines) == 19
    assert "  and 11 more groups; --format json lists all" in lines
    star = tuple(Overlap("a", f"b{number}", on_time=False, verdict="shared") for number in range(30))
    assert "b10 and 19 more" in " ".join(table(replace(healthy(), overlaps=star, overlapping=30)))


def test_no_name_steers_the_terminal() -> None:
    shown = SCHEDULE_FORMATS["table"](odd())
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "\\x1b[31m\\u202e\\n" in shown


words = st.text("ab-", min_size=1, max_size=12).filter(lambda text: text.strip("-"))


@given(
    rows=st.lists(st.tuples(words, words, words), min_size=1, max_size=5),
    width=st.integers(1, 60),
)
def test_columns_lose_no_text_and_fit_if_they_can(rows: list[tuple[str, str, str]], width: int) -> None:
    columns = Columns(["one", "two", "three"], [[(text, "") for text in one] for one in rows], {"one", "three"})
    lines = ["".join(text for text, _ in line) for line in columns.lines(width)]
    assert max(map(len, lines)) <= max(width, columns.least)
    letters = sorted("".join(("one", "two", "three", *(text for one in rows for text in one))))
    assert sorted("".join(lines).replace(" ", "")) == letters
    if width >= 3 * 12 + 4:
        assert len(lines) == 1 + len(rows)


def days_of(drawn: ScheduleReport) -> list[tuple[int, int]]:
    """The days of a report, by zoneinfo: each begins when the clock shows the time of the start."""
    zone = zone_info(drawn.timezone)
    first = datetime.fromtimestamp(drawn.start, zone).replace(tzinfo=None)
    bounds = [drawn.start]
    for number in range(1, 10):
        begin = int((first + timedelta(days=number)).replace(tzinfo=zone, fold=0).timestamp())
        if bounds[-1] < begin < drawn.end:
            bounds.append(begin)
    return list(zip(bounds, [*bounds[1:], drawn.end], strict=True))


@given(drawn=reports(most_days=6))
@examples(150)
def test_no_run_is_lost_between_the_days(drawn: ScheduleReport) -> None:
    chart = draw(drawn, most_rows=100, most_blocks=100)
    by_day = {start: block for block in chart.blocks for start in block.alike}
    days = days_of(drawn)
    assert sorted(by_day) == [start for start, _ in days]
    for start, end in days:
        block = by_day[start]
        assert block.end - block.start == end - start
        shift = start - block.start
        shown = {lane.row.name: [tuple(at + shift for at in run) for run in lane.runs] for lane in block.lanes}
        expected: dict[str, list[Run]] = {}
        for one in drawn.rows:
            touching = [run for run in one.runs if run.start < end and start < run.latest_end]
            if touching:
                expected[one.name] = touching
        assert shown == expected
        assert set(block.idle) == {one.name for one in drawn.rows} - set(expected)


@given(drawn=reports())
@examples(100)
def test_meetings_are_where_both_may_run(drawn: ScheduleReport) -> None:
    chart = draw(drawn, most_rows=100, most_blocks=100)
    by_name: dict[str, Row] = {one.name: one for one in drawn.rows}

    def runs_at(name: str, instant: int) -> bool:
        return any(run.start <= instant < run.latest_end for run in by_name[name].runs)

    for block in chart.blocks:
        probes = {block.start, block.end - 1}
        probes |= {edge for one in drawn.rows for run in one.runs for at in run for edge in (at - 1, at)}
        for lane in block.lanes:
            for instant in probes:
                if block.start <= instant < block.end:
                    marked = any(when.start <= instant < when.end for when in lane.clashes.when)
                    assert marked is any(
                        runs_at(pair[0], instant) and runs_at(pair[1], instant)
                        for pair in ((clash.one, clash.other) for clash in drawn.clashes)
                        if lane.row.name in pair
                    )


def test_a_sample_runs_as_its_slot_says() -> None:
    one = running(row("x", "10 3 * * *", 8 * MINUTE), at("2026-04-12T01:15"), at("2026-04-13T00:00"))
    assert one.runs == (Run(at("2026-04-12T01:10"), at("2026-04-12T01:20"), at("2026-04-12T01:22")),)
    assert one.next_start == at("2026-04-13T01:10")
