"""The codes of the stage that reads a fleet."""

from typing import Final

from backupgen.diagnostics import CodeInfo, Severity, declared

UNKNOWN_KEY = CodeInfo(
    code="BG201",
    slug="unknown-key",
    severity=Severity.ERROR,
    summary="A key that the language does not know.",
    why="A mistyped key would be a setting that silently does nothing.",
    fix="Correct the spelling; the finding names the nearest key.",
    bad="targets:\n  grafana: {namspace: monitoring, …}",
    good="targets:\n  grafana: {namespace: monitoring, …}",
)
MISSING_KEY = CodeInfo(
    code="BG202",
    slug="missing-key",
    severity=Severity.ERROR,
    summary="A key that has no default is missing.",
    why="The compiler does not guess what only you can know.",
    fix="Add the key.",
    bad="grafana: {namespace: monitoring, deadline: 9m, run_as: 472, volume: {pvc: grafana}}",
    good='grafana: {namespace: monitoring, at: ":20", deadline: 9m, run_as: 472, volume: {pvc: grafana}}',
)
INVALID_VALUE = CodeInfo(
    code="BG203",
    slug="invalid-value",
    severity=Severity.ERROR,
    summary="A value is not of the form that its key takes.",
    why="Kubernetes, restic or the shell would refuse it, or take it for something else.",
    fix="Write it in the form that the finding names.",
    bad="deadline: 9",
    good="deadline: 9m",
)

CODES: Final = declared(globals())
