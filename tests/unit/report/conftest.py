"""A report with one finding of each severity."""

import pytest

from backupgen.diagnostics import Finding, Related, Severity, Span, Spot
from backupgen.report.findings.check_report import Report, arrange
from tests.codes import made_up

COLLISION = made_up(
    "BG301", "slot-collision", Severity.ERROR, "two operations meet", "one fails", "move one", "bad: 1\n", "good: 1\n"
)
TIGHT = made_up("BG310", "tight-window", Severity.WARNING, "a window is tight", "w", "f", "b", "g")
NOTE = made_up("BG320", "note", Severity.INFO, "worth knowing", "w", "f", "b", "g")
SILENT = made_up("BG330", "silent", Severity.ERROR, "never found here", "w", "f", "b", "g")

FLEET = 'targets:\n  grafana:\n    at: ":20"\n\t漢字: "a\tb"\r\n  mariadb:\n    at: ":25"  \n    x: \x1b[31m!\n'


def spot(line: int, column: int, end_column: int, file: str = "fleet.yaml") -> Spot:
    return Spot(file=file, span=Span(line, column, line, end_column))


@pytest.fixture
def report() -> Report:
    findings = (
        Finding(
            COLLISION,
            "`grafana` and `mariadb` meet at `03:20`",
            spot(3, 9, 14),
            'move one of them, for instance to `at: ":40"`,\nor shorten its deadline',
            "grafana",
            (Related("the other one", spot(6, 9, 14)), Related("rendered here", spot(1, 1, 2, "out/a:b,c.yaml"))),
            "the one takes `9m`\nthe other `5m`",
        ),
        Finding(TIGHT, "only 90% of the window:\x1b[2J used\n", spot(4, 6, 11), target="漢字"),
        Finding(NOTE, 'no place <at> all & "quotes"', Spot()),
    )
    return Report(arrange(findings), (COLLISION, TIGHT, NOTE, SILENT), {"fleet.yaml": FLEET}, targets=2, manifests=9)


@pytest.fixture
def silence() -> Report:
    return Report((), (COLLISION, SILENT), targets=6, manifests=74)
