"""The schedule as JSON, as a calendar and as a picture: what programs read."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from icalendar import Calendar

from backupgen.analysis.schedule_report import Run, ScheduleReport
from backupgen.report.schedule import SCHEDULE_FORMATS
from backupgen.report.schedule.chart import draw
from tests.thoroughness import examples
from tests.unit.report.drawn_schedules import reports
from tests.unit.report.schedules import (  # fmt: skip
    DAY,
    HOUR,
    MINUTE,
    ODD,
    SAMPLES,
    at,
    conflicting,
    healthy,
    large,
    report,
    row,
    three_days,
)

SVG = "{http://www.w3.org/2000/svg}"


def parse(svg: str) -> ET.Element:
    return ET.fromstring(svg.encode())  # noqa: S314 (our own output)


def epoch(text: str) -> int:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text)
    return int(datetime.fromisoformat(text).timestamp())


@pytest.mark.parametrize("format_", SCHEDULE_FORMATS)
@given(drawn=reports())
@examples(60)
def test_any_schedule_has_every_format(format_: str, drawn: ScheduleReport) -> None:
    shown = SCHEDULE_FORMATS[format_](drawn)
    shown.encode()
    assert shown == SCHEDULE_FORMATS[format_](drawn)
    assert shown.endswith("\n")
    assert not any(character < " " and character not in "\r\n" for character in shown)
    assert ("\r" in shown) is (format_ == "ics")
    assert "\u202e" not in shown


def test_json_has_the_agreed_shape() -> None:
    found = json.loads(SCHEDULE_FORMATS["json"](conflicting()))
    assert list(found)[:2] == ["operations", "conflicts"]
    assert list(found["operations"][2])[:8] == [
        "name", "kind", "repository", "cron", "timezone", "deadline_seconds", "lock", "windows",
    ]  # fmt: skip
    assert found["operations"][2] == {
        "name": "backup-tokyo",
        "kind": "backup",
        "repository": "far",
        "cron": "20 13 * * *",
        "timezone": "Asia/Tokyo",
        "deadline_seconds": 3600,
        "lock": "shared",
        "windows": [["2026-04-12T04:20:00Z", "2026-04-12T05:22:00Z"]],
        "worst_case_windows": [["2026-04-12T04:20:00Z", "2026-04-12T05:24:00Z"]],
        "next_start": "2026-04-12T04:20:00Z",
        "written": "20 13 * * *",
        "line": 130,
        "start_within_seconds": 120,
        "grace_seconds": 120,
        "node": None,
        "suspended": False,
        "left_out_hours": [],
        "gives_way_to": [],
    }
    assert found["conflicts"][1] == {
        "one": "backup-restore-test",
        "other": "restic-retentionpolicies",
        "why": "the second needs the repository for itself",
        "first": "2026-04-12T01:30:00Z",
        "per_year": 52.1775,
        "file": "fleet.yaml",
        "lines": [31, 25],
        "remedies": ['at: "Sun 04:00"', "skip: 01-03"],
    }
    assert (found["conflicts"][2]["first"], found["conflicts"][2]["lines"]) == (None, [130, None])
    assert found["waits"] == [{"waiter": "backup-grafana", "holder": "restic-retentionpolicies", "seconds": 1020}]
    assert found["pairs"] == {"total": 21, "overlapping": 6, "overlapping_on_time": 5}
    assert found["overlaps"][0] == {
        "one": "backup-grafana",
        "other": "restic-retentionpolicies",
        "on_time": True,
        "verdict": "wait",
    }
    assert (found["from"], found["to"]) == ("2026-04-11T22:00:00Z", "2026-04-12T22:00:00Z")
    assert (found["proved"], found["tzdata"], found["timezone"]) == (False, "2026f", "Europe/Berlin")
    assert json.loads(SCHEDULE_FORMATS["json"](healthy()))["proved"] is True
    assert json.loads(SCHEDULE_FORMATS["json"](healthy()))["operations"][0]["left_out_hours"] == [2, 3]
    assert json.loads(SCHEDULE_FORMATS["json"](healthy()))["crowds"][0]["first"] == "2026-04-11T22:10:00Z"


def test_every_key_of_the_json_is_documented(repository: Path) -> None:
    page = (repository / "docs" / "schedule.md").read_text(encoding="utf-8")
    _, _, section = page.partition("<!-- json -->")
    tables = [re.findall(r"^\| (`.*?`) \|", part, re.MULTILINE) for part in section.split("\nEach of the ")]
    documented = [re.findall(r"`(\w+)`", " ".join(keys)) for keys in tables]
    found = json.loads(SCHEDULE_FORMATS["json"](conflicting()))
    assert documented == [list(found), list(found["operations"][0]), list(found["conflicts"][0])]
    crowds = json.loads(SCHEDULE_FORMATS["json"](healthy()))["crowds"]
    for part in (found["waits"][0], found["pairs"], found["overlaps"][0], crowds[0]):
        assert [key for key in part if f"`{key}`" not in section] == []


@given(drawn=reports())
@examples(60)
def test_json_keeps_every_window(drawn: ScheduleReport) -> None:
    found = json.loads(SCHEDULE_FORMATS["json"](drawn))
    assert [one["name"] for one in found["operations"]] == [one.name for one in drawn.rows]
    for read, one in zip(found["operations"], drawn.rows, strict=True):
        assert [tuple(map(epoch, window)) for window in read["windows"]] == [(run.start, run.end) for run in one.runs]
        latest = [tuple(map(epoch, window)) for window in read["worst_case_windows"]]
        assert latest == [(run.start, run.latest_end) for run in one.runs]
        assert read["next_start"] is None or epoch(read["next_start"]) == one.next_start


@given(drawn=reports())
@examples(60)
def test_a_calendar_has_an_event_for_every_run(drawn: ScheduleReport) -> None:
    text = SCHEDULE_FORMATS["ics"](drawn)
    assert max(len(line) for line in text.encode().split(b"\r\n")) <= 75
    assert "\n" not in text.replace("\r\n", "")
    calendar = Calendar.from_ical(text)
    assert calendar.errors == []
    runs = [(one, run) for one in drawn.rows for run in one.runs]
    assert len(calendar.events) == len(runs)
    for event, (one, run) in zip(calendar.events, runs, strict=True):
        assert event.errors == []
        assert (event.start, event.end) == tuple(datetime.fromtimestamp(instant, UTC) for instant in run[:2])
        assert event["TRANSP"] == "TRANSPARENT"
        assert event.categories == [one.kind.upper()]
        assert event["STATUS"] == ("TENTATIVE" if one.suspended else "CONFIRMED")
        assert f"\nLock: {one.lock}\n" in str(event["DESCRIPTION"])
    assert len({str(event["UID"]) for event in calendar.events}) == len(runs)


def test_an_event_says_what_runs() -> None:
    event = Calendar.from_ical(SCHEDULE_FORMATS["ics"](healthy())).events[0]
    assert event["SUMMARY"] == "backup-mariadb"
    assert event["UID"] == "backup-mariadb-20260411T221000Z@k3s-at-home.backupgen"
    assert datetime(2026, 4, 11, 22, tzinfo=UTC) == event.DTSTAMP
    assert str(event["DESCRIPTION"]).splitlines() == [
        "Repository: main",
        "Lock: shared",
        "Deadline: 8m, and 2m to end",
        "Starts up to 2m late",
        "Schedule: 10 0-1,4-23 * * * (Europe/Berlin)",
    ]


def test_a_run_is_the_same_event_in_every_calendar() -> None:
    day, days = (Calendar.from_ical(SCHEDULE_FORMATS["ics"](one())).events for one in (healthy, three_days))
    assert {str(event["UID"]) for event in day} <= {str(event["UID"]) for event in days}


def test_text_of_a_calendar_comes_back() -> None:
    odd = report([row("a;b,c\\d: é漢字" * 9, "0 * * * *", 60)], "2026-04-12T00:00", "2026-04-12T01:00")
    (event,) = Calendar.from_ical(SCHEDULE_FORMATS["ics"](odd)).events
    assert event["SUMMARY"] == odd.rows[0].name


@given(drawn=reports())
@examples(60)
def test_a_picture_is_xml_that_shows_every_run(drawn: ScheduleReport) -> None:
    root = parse(SCHEDULE_FORMATS["svg"](drawn))
    assert root.get("role") == "img"
    named = {element.get("id"): element for element in root if element.get("id")}
    assert root.get("aria-labelledby") == "title desc"
    assert (named["title"].tag, named["desc"].tag) == (f"{SVG}title", f"{SVG}desc")
    chart = draw(drawn, 60, 14)
    shown = sum(len(lane.runs) for block in chart.blocks for lane in block.lanes)
    tooltips = [title.text or "" for title in root.findall(f"{SVG}g/{SVG}title")]
    assert sum(bool(re.search(r": \d\d:\d\d[^,]* to \d\d:\d\d", text)) for text in tooltips) == shown
    for element in root.iter():
        assert not {"href", "src", "onload"}.intersection(element.keys())
        assert element.tag.removeprefix(SVG) not in {"script", "image", "foreignObject", "use"}
        if element.tag == f"{SVG}rect" and element.get("x"):
            x, width = float(element.get("x", "")), float(element.get("width", ""))
            assert x >= 0
            assert width > 0
            assert x + width <= 1000 + 4


def test_a_picture_brings_nothing_from_elsewhere() -> None:
    for sample in SAMPLES.values():
        text = SCHEDULE_FORMATS["svg"](sample())
        assert re.findall(r"https?://[^\"\s]*", text) == ["http://www.w3.org/2000/svg"]
        assert set(re.findall(r"url\(([^)]*)\)", text)) <= {"#hatch", "#crossed", "#dotted"}
        assert "@import" not in text
        assert "@font-face" not in text


def test_a_picture_has_colours_for_light_and_dark() -> None:
    style = parse(SCHEDULE_FORMATS["svg"](healthy())).find(f"{SVG}style")
    assert style is not None
    light, dark = (style.text or "").split("@media (prefers-color-scheme: dark)")
    for rules in (light, dark):
        assert not re.search(r"(fill|stroke): [A-Z]", rules)
    names = [set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", rules)) for rules in (light, dark)]
    assert len(names[0]) == len(names[1])
    assert names[0].isdisjoint(names[1])
    assert contrast(names_of(light)) >= 4.5
    assert contrast(names_of(dark)) >= 4.5


def names_of(rules: str) -> list[tuple[str, str]]:
    """The colours of texts, each with that of the card."""
    (card,) = re.findall(r"\.card { fill: (#\w+)", rules)
    texts = re.findall(r"(?:^text|\.good|\.bad|\.soft) {[^}]*fill: (#\w+)", rules, re.MULTILINE)
    assert len(texts) == 4
    return [(text, card) for text in texts]


def contrast(pairs: list[tuple[str, str]]) -> float:
    """The least contrast of the pairs (WCAG 2.2, relative luminance)."""

    def luminance(color: str) -> float:
        parts = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def ratio(pair: tuple[str, str]) -> float:
        dark, light = sorted(map(luminance, pair))
        return (light + 0.05) / (dark + 0.05)

    return min(map(ratio, pairs))


def classes(svg: str) -> list[str]:
    return list(chain.from_iterable((element.get("class") or "").split() for element in parse(svg).iter()))


def test_conflicts_waits_and_exclusive_windows_are_marked_in_a_picture() -> None:
    marked = classes(SCHEDULE_FORMATS["svg"](conflicting()))
    # In the row of each operation that takes part, and in the legend.
    assert marked.count("clash") == 5 + 1
    assert marked.count("wait") == 2 + 1
    assert marked.count("over") == 2 + 1
    quiet = classes(SCHEDULE_FORMATS["svg"](healthy()))
    assert "clash" not in quiet
    assert "wait" not in quiet
    assert "suspended" in quiet


def test_a_tooltip_says_when() -> None:
    titles = [title.text for title in parse(SCHEDULE_FORMATS["svg"](three_days())).findall(f"{SVG}g/{SVG}title")]
    assert "backup-grafana: 00:20 to 00:30, at the latest until 00:32" in titles
    # The same run, seen from the day on which it began and from the next.
    assert "backup-downloader: 23:50 to 00:00 (+1 day), at the latest until 00:02 (+1 day)" in titles
    assert "backup-downloader: 23:50 (-1 day) to 00:00, at the latest until 00:02" in titles


def test_a_tooltip_is_right_after_a_change_of_the_clocks() -> None:
    # On each day a run is left that began 21 and a half hours before; on Saturday night that was in winter time.
    start = at("2026-03-29T22:00")
    slots = [start + number * DAY - 21 * HOUR - 30 * MINUTE for number in range(4)]
    runs = tuple(Run(slot, slot + 22 * HOUR, slot + 22 * HOUR) for slot in slots)
    drawn = replace(report([], "2026-03-29T22:00", "2026-04-01T22:00"), rows=(row("job", "", HOUR, runs=runs),))
    titles = [title.text for title in parse(SCHEDULE_FORMATS["svg"](drawn)).findall(f"{SVG}g/{SVG}title")]
    assert "job: 01:30 (-1 day) to 00:30" in titles
    assert "job: 02:30 (-1 day) to 00:30" in titles


def test_no_text_leaves_the_picture() -> None:
    long = report(
        [row("a" * 52, "0 * * * *", 60), row("b" * 60, "0 0 1 1 *", 60)], "2026-04-12T00:00", "2026-04-13T00:00"
    )
    root = parse(SCHEDULE_FORMATS["svg"](replace(long, fleet="f" * 300)))
    assert max(len(text.text or "") for text in root.findall(f"{SVG}text")) <= 160
    names = [text.text for text in root.findall(f"{SVG}text") if text.get("class") == "name"]
    assert names == [f"{'a' * 20}…{'a' * 19}"]


def test_a_large_picture_counts_what_it_does_not_show() -> None:
    text = SCHEDULE_FORMATS["svg"](large(200, clashing=90))
    texts = [element.text or "" for element in parse(text).findall(f"{SVG}text")]
    assert len([one for one in texts if re.fullmatch(r"backup-target-\d+", one)]) == 59
    assert "140 backups, up to 30" in texts
    (steps,) = parse(text).findall(f"{SVG}path")
    heights = [float(height) for height in re.findall(r"v-([\d.]+)", steps.get("d") or "")]
    assert max(heights) == 18
    assert min(heights) == round(18 * 20 / 30, 1)
    assert "and 85 more conflicts" in texts
    assert any(one.startswith("60 of 200 operations have a row of their own: ") for one in texts)


def test_odd_names_are_escaped_not_lost() -> None:
    root = parse(SCHEDULE_FORMATS["svg"](SAMPLES["odd"]()))
    shown = "a<b>&\"'\\x1b[31m\\u202e\\n;,\\漢字"
    assert ODD not in "".join(root.itertext())
    assert any(text.text == shown for text in root.findall(f"{SVG}text"))


def test_nothing_at_all_can_be_shown() -> None:
    empty = report([], "2026-04-12T00:00", "2026-04-12T00:01")
    assert at("2026-04-12T00:00") == empty.start
    assert json.loads(SCHEDULE_FORMATS["json"](empty))["operations"] == []
    assert Calendar.from_ical(SCHEDULE_FORMATS["ics"](empty)).events == []
    parse(SCHEDULE_FORMATS["svg"](empty))
    assert "proved: " in SCHEDULE_FORMATS["table"](empty)
