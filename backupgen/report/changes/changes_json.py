"""`diff --format json`: for programs. The shape is part of the interface."""

import json

from backupgen.report.changes.change_report import ChangeReport


def render(report: ChangeReport) -> str:
    """Return the changes as JSON, ASCII only, with a line break at the end. A value that is absent is null."""
    document = {
        "changes": [
            {
                "kind": change.identity.kind,
                "namespace": change.identity.namespace or None,
                "name": change.identity.name,
                "action": change.action.value,
                "fields": [{"path": field.path, "old": field.old, "new": field.new} for field in change.fields],
            }
            for change in report.changes
        ],
        "impact": [
            {
                "kind": one.kind.slug,
                "level": one.kind.level.value,
                "target": one.target or None,
                "message": one.message,
                "commands": list(one.commands),
            }
            for one in report.impact
        ],
    }
    return json.dumps(document, indent=2) + "\n"
