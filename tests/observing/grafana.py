"""Asks a Prometheus what a dashboard would ask it."""

from typing import Any, NamedTuple

from tests.observing.prometheus import Prometheus

DAY = 86400
ALL = ".*"
"""What the dashboard puts in for `All` jobs."""


class Answer(NamedTuple):
    """The series that a query of a panel gets, with their newest values."""

    panel: str
    column: str
    series: list[tuple[dict[str, str], float]]


def panel(dashboard: Any, title: str) -> Any:
    """The panel of a title."""
    (found,) = (one for one in dashboard["panels"] if one["title"] == title)
    return found


def ask(server: Prometheus, panel: Any, now: int, instance: str = ALL) -> list[Answer]:
    """Ask each query of a panel, an instant or a range as it is set, over the range that the panel shows."""
    titles = _titles(panel)
    answers = []
    for target in panel["targets"]:
        expr = target["expr"].replace("$instance", instance)
        if target["instant"]:
            series = server.instant(expr, now)
        else:
            series = [(labels, samples[-1][1]) for labels, samples in ranged(server, panel, target, now, instance)]
        answers.append(Answer(panel["title"], titles.get(target["refId"], target["refId"]), series))
    return answers


def ranged(
    server: Prometheus, panel: Any, target: Any, now: int, instance: str = ALL
) -> list[tuple[dict[str, str], list[tuple[int, float]]]]:
    """The samples of a query over the range that its panel shows, which is that of the dashboard if it has none."""
    span, step = (DAY, 60) if panel.get("timeFrom") == "24h" else (7 * DAY, 600)
    return server.range(target["expr"].replace("$instance", instance), now - span, now, step)


def _titles(panel: Any) -> dict[str, str]:
    """The titles of a table's columns by the query that they come from."""
    names: dict[str, str] = next(
        (t["options"]["renameByName"] for t in panel.get("transformations", []) if t["id"] == "organize"), {}
    )
    single = len(panel["targets"]) == 1
    return {
        target["refId"]: names.get("Value" if single else f"Value #{target['refId']}", target["refId"])
        for target in panel["targets"]
    }
