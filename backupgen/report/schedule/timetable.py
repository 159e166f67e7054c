"""The picture of the runbooks: a week of the fleet, the same on every day and with every time zone database."""

from dataclasses import replace
from typing import Final

from backupgen.analysis.schedule import schedule_report
from backupgen.report.schedule.svg import MOST_ROWS, render
from backupgen.rules import RuleContext
from backupgen.schedule import load_zone
from backupgen.source import Document

_MONDAY: Final = 1_704_067_200
"""2024-01-01 in UTC. Its past is known: no later release of the database moves a clock in that week."""
_WEEK: Final = 7 * 86_400


def timetable(document: Document, context: RuleContext) -> str:
    """Return the week as SVG; nothing for a fleet of which not every operation could be drawn."""
    if len(context.operations) > MOST_ROWS:
        return ""
    start = _MONDAY - load_zone(context.fleet.timezone).data.offset(_MONDAY)
    report = schedule_report(document, context, start, start + _WEEK)
    # What is proved holds for the cycle; the release of the database would be another one on another machine.
    return render(replace(report, tzdata=""))
