"""`schedule --format json`: for programs. The shape is part of the interface."""

import json
from typing import Any

from backupgen.analysis.schedule_report import Clash, Crowding, Row, ScheduleReport
from backupgen.report.schedule.clock import utc


def render(report: ScheduleReport) -> str:
    """Return the schedule as JSON, ASCII only, with a line break at the end. Instants are RFC 3339, in UTC."""
    document = {
        "operations": [_operation(row) for row in report.rows],
        "conflicts": [_conflict(clash, report.file) for clash in report.clashes],
        "waits": [{"waiter": wait.waiter, "holder": wait.holder, "seconds": wait.seconds} for wait in report.waits],
        "crowds": [_crowd(crowding) for crowding in report.crowdings],
        "pairs": {
            "total": report.pairs,
            "overlapping": report.overlapping,
            "overlapping_on_time": report.overlapping_on_time,
        },
        "overlaps": [
            {"one": overlap.one, "other": overlap.other, "on_time": overlap.on_time, "verdict": overlap.verdict}
            for overlap in report.overlaps
        ],
        "fleet": report.fleet,
        "timezone": report.timezone,
        "from": utc(report.start),
        "to": utc(report.end),
        "proved": report.proved,
        "reservations": list(report.reservations),
        "tzdata": report.tzdata,
    }
    return json.dumps(document, indent=2) + "\n"


def _operation(row: Row) -> dict[str, Any]:
    return {
        "name": row.name,
        "kind": row.kind,
        "repository": row.repository,
        "cron": row.cron,
        "timezone": row.timezone,
        "deadline_seconds": row.deadline,
        "lock": row.lock,
        "windows": [[utc(run.start), utc(run.end)] for run in row.runs],
        "worst_case_windows": [[utc(run.start), utc(run.latest_end)] for run in row.runs],
        "next_start": _moment(row.next_start),
        "written": row.written,
        "line": row.line,
        "start_within_seconds": row.start_within,
        "grace_seconds": row.grace,
        "node": row.node or None,
        "suspended": row.suspended,
        "left_out_hours": list(row.left_out),
        "gives_way_to": list(row.causes),
    }


def _conflict(clash: Clash, file: str) -> dict[str, Any]:
    return {
        "one": clash.one,
        "other": clash.other,
        "why": clash.why,
        "first": _moment(clash.first),
        "per_year": clash.per_year,
        "file": file,
        "lines": list(clash.lines),
        "remedies": list(clash.remedies),
    }


def _crowd(crowding: Crowding) -> dict[str, Any]:
    return {
        "pool": crowding.pool,
        "limit": crowding.limit,
        "worst": crowding.worst,
        "operations": list(crowding.names),
        "first": utc(crowding.first),
    }


def _moment(instant: int | None) -> str | None:
    return None if instant is None else utc(instant)
