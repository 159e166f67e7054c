"""The page on the dashboard, and the picture of how its panels lie, from a rendered dashboard."""

import textwrap
from collections.abc import Iterator
from html import escape
from typing import Any

HEAD = """\
<!-- Made by `make docs` from out/ and the words in tools/dashboard_page.py; do not edit. -->
# The dashboard

`dashboard: {namespace: …, labels: {…}}` renders a ConfigMap that Grafana's sidecar loads. It is for Grafana 11, 12
and 13: the tests judge it by the types that Grafana publishes for each of them, and ask a real Prometheus every
query, with what the real scripts pushed in a rehearsal. On a fleet that is well, no panel is empty but the one that
says `No alert is firing`.

![Where the panels of this repository's fleet lie, drawn from the JSON](dashboard.svg)

This is a drawing of the layout, made from the JSON: not a screenshot.

## Reading it

1. **Is everything protected?** `Yes`, or `No` and how many jobs are not: their last success is older than it may be.
   The limit is the alerts' own, worked out from each job's schedule; there is no number for all. A `?` in the first
   row says that nothing is known: Prometheus has not loaded the rules.
2. **What is wrong** has the firing alerts, and since when what they tell of has been so. With `runbooks` under
   `alerts:`, a click on an alert or a target opens its page.
3. **Targets**: the worst is on top. `Of allowed` is the age of the last success as a share of what it may be: where
   the gaps of a schedule are alike, about half of it is usual, and above 100 % too many runs are missing.
   `Of deadline` is how much of its time the last run took.
4. **The last 24 hours**: what ran when. A run is known when it has ended; one that was killed, or that still goes on,
   has no bar. Bars are five minutes longer than their runs, so that short ones are seen.

Below is what was before: durations, sizes, restored sizes, snapshots.

## Panels

"""

TAIL = """
## What it needs

- The data source: the Prometheus that has the fleet's rules and scrapes the Pushgateway, with `honor_labels: true`.
  Its scrapes are at most five minutes apart. The variable `Data source` chooses it.
- `alerts:` in fleet.yaml. Without them nothing records what is expected: the dashboard then shows what was pushed,
  and can neither say that everything is protected nor miss anything.
- Prometheus 2.33 or newer, or what speaks its language with negative offsets: the timeline looks ahead for reports.
"""

UNIT_X, UNIT_Y, GAP, PAD = 40, 17, 3, 9


def page(dashboard: Any) -> str:
    """Return the page as Markdown."""
    rows = ["| panel | what it shows |", "|---|---|"]
    for panel in dashboard["panels"]:
        text = panel["description"].replace("|", "\\|")
        columns = ", ".join(_columns(panel))
        rows.append(f"| {panel['title']} | {text}{f' Columns: {columns}.' if columns else ''} |")
    return HEAD + "\n".join(rows) + "\n" + TAIL


def picture(dashboard: Any) -> str:
    """Return the layout as SVG."""
    panels = dashboard["panels"]
    height = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels) * UNIT_Y
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {24 * UNIT_X} {height}" role="img" '
        'font-family="system-ui, sans-serif" font-size="12">'
    )
    title = f"<title>{escape(dashboard['title'])}: where the panels lie</title>"
    ground = f'<rect width="{24 * UNIT_X}" height="{height}" fill="#f4f5f5"/>'
    return "\n".join([head, title, ground, *(line for panel in panels for line in _drawn(panel)), "</svg>", ""])


def _drawn(panel: Any) -> Iterator[str]:
    grid = panel["gridPos"]
    x, y = grid["x"] * UNIT_X + GAP, grid["y"] * UNIT_Y + GAP
    width, height = grid["w"] * UNIT_X - 2 * GAP, grid["h"] * UNIT_Y - 2 * GAP
    yield f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="3" fill="#fff" stroke="#c7d0d9"/>'
    yield _text(x + PAD, y + 18, panel["title"], 'font-weight="600" fill="#24292e"')
    columns = _columns(panel)
    size = 10 if len(columns) * 100 > width else 12
    for number, column in enumerate(columns):
        place = round(x + PAD + number * (width - PAD) / len(columns))
        yield _text(place, y + 38, column, f'fill="#3871dc" font-size="{size}"')
    sentence = panel["description"].partition(". ")[0].rstrip(".")
    for number, line in enumerate(textwrap.wrap(sentence, width // 6)):
        yield _text(x + PAD, y + (56 if columns else 34) + number * 13, line, 'fill="#6a737d" font-size="11"')


def _text(x: int, y: int, text: str, style: str) -> str:
    return f'<text x="{x}" y="{y}" {style}>{escape(text)}</text>'


def _columns(panel: Any) -> list[str]:
    """The titles of a table's columns."""
    steps = panel.get("transformations", [])
    return [title for step in steps if step["id"] == "organize" for title in step["options"]["renameByName"].values()]
