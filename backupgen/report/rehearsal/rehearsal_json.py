"""`rehearse --format json`: for programs. The shape is part of the interface."""

import json

from backupgen.rehearsal.outcome import Step, Verdict
from backupgen.report.rehearsal.rehearsal_report import RehearsalReport


def render(report: RehearsalReport) -> str:
    """Return the outcome as JSON, ASCII only, with a line break at the end."""
    rehearsal = report.rehearsal
    counts = {
        verdict.value.replace(" ", "_"): sum(1 for step in rehearsal.steps if step.verdict is verdict)
        for verdict in Verdict
    }
    document = {
        "fleet": rehearsal.fleet,
        "steps": [_step(step) for step in rehearsal.steps],
        "differences": list(rehearsal.differences),
        "summary": {**counts, "seconds": round(rehearsal.seconds, 1)},
    }
    return json.dumps(document, indent=2) + "\n"


def _step(step: Step) -> dict[str, object]:
    return {
        "phase": step.phase,
        "name": step.name,
        "namespace": step.namespace or None,
        "verdict": step.verdict.value,
        "reason": step.reason or None,
        "exit_codes": list(step.exit_codes),
        "seconds": round(step.seconds, 1),
        "metrics": step.metrics,
        "snapshots": step.snapshots or None,
        "notifications": list(step.notifications),
        "notes": list(step.notes),
        "log": step.log or None,
    }
