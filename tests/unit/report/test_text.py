"""Text for people."""

import re
import subprocess
import sys
from dataclasses import replace

import pytest

from backupgen.diagnostics import Finding, Related, Severity, Span, Spot
from backupgen.report.findings import FORMATS
from backupgen.report.findings.check_report import Report, arrange
from backupgen.report.findings.code_page import explain
from backupgen.report.lines import visible
from tests.codes import made_up

EXPECTED = """\
info[BG320 note]: no place <at> all & "quotes"
  = why: w

error[BG301 slot-collision]: `grafana` and `mariadb` meet at `03:20`
 --> fleet.yaml:3:9
  |
3 |     at: ":20"
  |         ^^^^^
 ::: fleet.yaml:6:9
  |
6 |     at: ":25"
  |         ----- the other one
 ::: out/a:b,c.yaml:1:1: rendered here
  = cause: the one takes `9m`
           the other `5m`
  = why: one fails
  = help: move one of them, for instance to `at: ":40"`,
          or shorten its deadline

warning[BG310 tight-window]: only 90% of the window:\\x1b[2J used\\n
 --> fleet.yaml:4:6
  |
4 |     漢字: "a    b"
  |           ^^^^^^^^
  = why: w

`backupgen check --explain BG320` says more
1 error, 1 warning, 1 info in 2 targets
"""


def many(number: int, severity: Severity = Severity.WARNING, code: str = "BG310") -> list[Finding]:
    info = made_up(code, "many", severity)
    return [Finding(info, "m", Spot(file="f", span=Span(line, 1, line, 2))) for line in range(1, number + 1)]


def test_text(report: Report) -> None:
    assert FORMATS["text"](report) == EXPECTED


def test_colour_adds_nothing_but_escapes(report: Report) -> None:
    colored = FORMATS["text"](replace(report, color=True))
    assert "\x1b[1;31merror[BG301 slot-collision]\x1b[0m" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == EXPECTED


def test_square_brackets_are_no_markup() -> None:
    info = made_up("BG999", "x", Severity.ERROR)
    report = Report((Finding(info, "list [red]here[/red] :smile:", Spot()),), color=True)
    assert "list [red]here[/red] :smile:" in FORMATS["text"](report)


def test_silence(silence: Report) -> None:
    assert FORMATS["text"](silence) == "no findings: 6 targets, 74 manifests\n"
    assert FORMATS["concise"](silence) == "no findings: 6 targets, 74 manifests\n"


def test_what_is_not_shown_and_what_counts_is_said(report: Report, silence: Report) -> None:
    for name in ("text", "concise"):
        assert FORMATS[name](replace(silence, hidden=3)) == "no findings: 6 targets, 74 manifests, 3 not selected\n"
        last = FORMATS[name](replace(report, strict=True, hidden=3)).splitlines()[-1]
        assert last == "1 error, 1 warning, 1 info in 2 targets (strict: warnings count as errors, 3 not selected)"
        errors = replace(report, strict=True, findings=report.findings[:2])
        assert FORMATS[name](errors).splitlines()[-1] == "1 error, 1 info in 2 targets"


def test_at_most_50_findings_are_shown_errors_first() -> None:
    findings = arrange([*many(60), *many(70, Severity.ERROR, "BG301")])
    lines = FORMATS["text"](Report(findings)).splitlines()
    assert sum(1 for line in lines if line.startswith("error[")) == 50
    assert lines[-4:] == [
        "and 80 more findings: 20 BG301, 60 BG310; `backupgen check --format concise` lists all",
        "",
        "`backupgen check --explain BG301` says more",
        "70 errors, 60 warnings",
    ]


def test_a_code_that_is_found_once_is_not_lost_among_many() -> None:
    (rare,) = many(1, code="BG311")
    assert rare.spot.span
    last = replace(rare, spot=replace(rare.spot, span=replace(rare.spot.span, line=999)))
    lines = FORMATS["text"](Report(arrange([*many(200), last]), limit=3)).splitlines()
    assert [line.strip() for line in lines if "-->" in line] == ["--> f:1:1", "--> f:2:1", "--> f:999:1"]
    assert "and 198 more findings: 198 BG310; `backupgen check --format concise` lists all" in lines


def test_why_a_finding_matters_is_said_once_for_each_code() -> None:
    first, second = (replace(finding, info=replace(finding.info, why="w")) for finding in many(2))
    other = replace(first, info=replace(first.info, code="BG311"))
    text = FORMATS["text"](Report((first, second, other)))
    assert [line for line in text.splitlines() if line] == [
        "warning[BG310 many]: m", " --> f:1:1", "  = why: w",
        "warning[BG310 many]: m", " --> f:2:1",
        "warning[BG311 many]: m", " --> f:1:1", "  = why: w",
        "`backupgen check --explain BG310` says more",
        "3 warnings",
    ]  # fmt: skip


def test_notes_are_wrapped_but_not_inside_of_what_is_quoted() -> None:
    (finding,) = many(1)
    said = replace(finding, help=f"{'word ' * 6}`at: a b c d e f`, {'x' * 60}\nand `open")
    notes = FORMATS["text"](Report((said,), width=20)).splitlines()[2:7]
    assert notes == [
        "  = help: word word word word word word",
        "          `at: a b c d e f`,",
        f"          {'x' * 60}",
        "          and `open",
        "",
    ]


@pytest.mark.parametrize(("limit", "shown"), [(None, 60), (60, 60), (59, 59), (1, 1)])
def test_the_limit_can_be_told(limit: int | None, shown: int) -> None:
    text = FORMATS["text"](Report(tuple(many(60)), limit=limit))
    assert text.count("warning[") == shown
    assert ("more finding" in text) == (shown < 60)


def test_related_places_are_cropped_too() -> None:
    (finding,) = many(1)
    related = tuple(Related("used here", Spot(file="f", span=Span(line, 1, line, 2))) for line in range(1, 10))
    text = FORMATS["text"](Report((replace(finding, related=related),)))
    assert text.count("used here") == 5
    assert "  = and 4 more places\n" in text


def test_a_place_beyond_the_known_text_has_no_excerpt() -> None:
    (finding,) = many(1)
    spot = Spot(file="f", span=Span(7, 1, 7, 2))
    text = FORMATS["text"](Report((replace(finding, spot=spot),), sources={"f": "one line\n"}))
    assert text == "warning[BG310 many]: m\n --> f:7:1\n\n`backupgen check --explain BG310` says more\n1 warning\n"


def test_gutters_are_as_wide_as_the_largest_line_number() -> None:
    (finding,) = many(1)
    related = (Related("there", Spot(file="f", span=Span(100, 3, 100, 4))),)
    text = FORMATS["text"](Report((replace(finding, related=related),), sources={"f": "a: b\n" * 100}))
    assert "\n   --> f:1:1\n    |\n  1 | a: b\n    | ^\n   ::: f:100:3\n    |\n100 | a: b\n" in text


def test_concise(report: Report) -> None:
    assert FORMATS["concise"](report).splitlines() == [
        'info[BG320 note] no place <at> all & "quotes"',
        "fleet.yaml:3:9: error[BG301 slot-collision] `grafana` and `mariadb` meet at `03:20`",
        "fleet.yaml:4:6: warning[BG310 tight-window] only 90% of the window:\\x1b[2J used\\n",
        "1 error, 1 warning, 1 info in 2 targets",
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("é 漢 😀", "é 漢 😀"),
        ("\x1b]0;x\x07", "\\x1b]0;x\\x07"),
        ("\x9b31m\x7f", "\\x9b31m\\x7f"),
        ("a\u202eb\u2066\u2028\ufeff\ud800", "a\\u202eb\\u2066\\u2028\\ufeff\\ud800"),
        ("a\tb\r\n", "a\\tb\\r\\n"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_explain() -> None:
    info = made_up("BG301", "slot", Severity.ERROR, "two meet", "why " * 30, "fix\x1b", "bad:\n  - 1\n", "good: 2")
    assert explain(info, width=60) == (
        "BG301 slot (error)\n\n  two meet\n\nWhy\n"
        f"  {' '.join(['why'] * 14)}\n  {' '.join(['why'] * 14)}\n  why why\n\n"
        "Fix\n  fix\\x1b\n\nBad\n  bad:\n    - 1\n\nGood\n  good: 2\n"
    )


def test_arrange_orders_and_removes_repetitions() -> None:
    one, two, three = many(3)
    elsewhere = replace(one, spot=Spot(file="e", span=Span(9, 1, 9, 2)))
    again = replace(one, help="the first one stays")
    other = replace(one, message="l")
    assert arrange([three, one, again, two, elsewhere, other, one]) == (elsewhere, other, one, two, three)


@pytest.mark.parametrize("name", FORMATS)
def test_rich_is_imported_for_colour_only(name: str) -> None:
    code = (
        "import sys; from backupgen.report.findings import FORMATS; "
        "from backupgen.report.findings.check_report import Report; "
        f"FORMATS[{name!r}](Report(())); assert not [m for m in sys.modules if m.split('.')[0] == 'rich']"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
