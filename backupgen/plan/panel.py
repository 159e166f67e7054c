"""A panel of the dashboard, as facts: what it asks, how the answers look, and where it stands."""

from typing import Final, Literal, NamedTuple

Threshold = tuple[str, float | None]
"""A colour, and the value from which on it is shown; None: from the least one on."""
Text = tuple[int, str, str]
"""A value, and the text and the colour that it is shown as."""


Kind = Literal["stat", "table", "timeseries", "state-timeline"]

CELL: Final = "${__value.text}"
"""What Grafana replaces by the text of the cell that was clicked, in a link."""


class Look(NamedTuple):
    """How the values of a query are shown."""

    unit: str = "none"
    thresholds: tuple[Threshold, ...] = (("text", None),)
    texts: tuple[Text, ...] = ()
    cell: Literal["auto", "gauge", "color-background"] = "auto"
    """How a table draws them."""


class Query(NamedTuple):
    """A query of a panel; of a table it is a column."""

    ref: str
    expr: str
    legend: str
    look: Look


class LabelColumn(NamedTuple):
    """A column of a table that shows a label."""

    label: str
    title: str
    link: str = ""
    """Where a click on a cell leads; CELL in it is the cell's text."""


class Panel(NamedTuple):
    """A panel, and its place in a grid of 24 columns."""

    kind: Kind
    title: str
    description: str
    queries: tuple[Query, ...]
    width: int
    height: int
    columns: tuple[LabelColumn, ...] = ()
    """The columns of a table that are labels. Its queries are joined by those labels that all of them have."""
    sort_by: str = ""
    """The column by which a table is sorted, its greatest value first."""
    no_value: str = "?"
    """What stands where there is no value."""
    last_day: bool = False
    """Whether it always shows the last 24 hours."""
    x: int = 0
    y: int = 0


GOOD: Final = "green"
DOUBTFUL: Final = "orange"
BAD: Final = "red"
NEUTRAL: Final = "text"
INVISIBLE: Final = "transparent"

EXIT_TEXTS: Final = {
    0: "ok",
    1: "1 failed",
    3: "3 incomplete",
    10: "10 no repository",
    11: "11 locked",
    12: "12 wrong password",
    64: "64 wrong configuration",
    65: "65 source missing or empty",
    66: "66 other repository",
    67: "67 unreachable",
    68: "68 hook failed",
    69: "69 program missing",
    70: "70 no workspace",
    71: "71 not removed",
    72: "72 not verified",
    73: "73 shrank",
    74: "74 retention refused",
    75: "75 snapshot missing or old",
    76: "76 exists already",
    77: "77 no room",
    78: "78 dump not complete",
    79: "79 not judged",
    124: "124 out of time",
    130: "130 interrupted",
    143: "143 ended by SIGTERM",
}
"""The exit codes of the scripts (the head of templates/scripts/lib.sh), short enough for a cell."""

IDLE: Final = -1
"""What the day's timeline shows while a job does not run."""

_FROM_ONE: Final[tuple[Threshold, ...]] = ((GOOD, None), (BAD, 1))
_CODES: Final[tuple[Text, ...]] = tuple((code, text, BAD if code else GOOD) for code, text in EXIT_TEXTS.items())

COUNT: Final = Look()
NUMBER: Final = Look("short")
BYTES: Final = Look("bytes")
DURATION: Final = Look("s")
SNAPSHOT_AGE: Final = Look("s", texts=((-1, "no snapshot", BAD),))
CODE: Final = Look("none", _FROM_ONE, _CODES, "color-background")
RUN: Final = Look("none", _FROM_ONE, ((IDLE, " ", INVISIBLE), *_CODES))
# Where the gaps of a schedule are alike, a job that runs in time uses little more than half of what it is allowed.
OF_ALLOWED: Final = Look("percentunit", ((GOOD, None), (DOUBTFUL, 0.7), (BAD, 1)), cell="gauge")
OF_DEADLINE: Final = Look("percentunit", ((GOOD, None), (DOUBTFUL, 0.8), (BAD, 1)), cell="gauge")
SINCE: Final = Look("dateTimeFromNow")
# Grafana shows the absence of a value in the first colour: it must not be that of what is good.
_KNOWN: Final[tuple[Threshold, ...]] = ((DOUBTFUL, None), (GOOD, 0), (BAD, 1))
PROTECTED: Final = Look("prefix:No: ", _KNOWN, ((0, "Yes", GOOD),))
ALERTS: Final = Look("none", _KNOWN, ((0, "None", GOOD),))
FAILURES: Final = Look("none", _KNOWN)
