"""`explain --format json`: for programs. The shape is part of the interface."""

import json
from dataclasses import asdict
from typing import Any

from backupgen.analysis.target_report import Row, TargetReport, dotted
from backupgen.report.schedule.clock import utc


def render(report: TargetReport) -> str:
    """Return the target as JSON, ASCII only, with a line break at the end. Instants are RFC 3339, in UTC."""
    runs = report.runs
    document = {
        "target": report.target,
        "file": report.file,
        "line": report.span.line,
        "column": report.span.column,
        "runs": {
            "cron": runs.cron,
            "timezone": runs.timezone,
            "chosen": runs.chosen,
            "left_out_hours": list(runs.left_out),
            "gives_way_to": list(runs.causes),
            "conflicts": list(runs.conflicts),
            "suspended": runs.suspended,
            "next": [utc(at) for at in runs.next],
            "start_within_seconds": runs.start_within,
            "deadline_seconds": runs.deadline,
            "grace_seconds": runs.grace,
            "longest_gap_seconds": runs.longest_gap,
            "overdue_after_seconds": runs.overdue_after,
        },
        "repository": {
            "name": report.home.name,
            "url": report.home.url,
            "id": report.home.id,
            "lock_wait_seconds": report.home.lock_wait,
        },
        "snapshots": {"tag": report.home.tag, "host": report.home.host, "paths": list(report.home.paths)},
        "objects": [asdict(one) for one in report.objects],
        "settings": [_setting(row, report.file) for row in report.rows],
    }
    return json.dumps(document, indent=2) + "\n"


def _setting(row: Row, file: str) -> dict[str, Any]:
    place = {"file": file, "line": row.span.line, "column": row.span.column} if row.span else None
    origin = {"kind": row.origin, "place": place, "from": row.note or None}
    return {"key": dotted(row.key), "path": list(row.key), "value": row.value, "origin": origin}
