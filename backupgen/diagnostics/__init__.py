"""Findings, their codes and their places. Knows nothing of fleets; every other package may import it."""

from backupgen.diagnostics.code import CodeInfo, Severity, declared
from backupgen.diagnostics.finding import Checked, Finding, Related, has_errors
from backupgen.diagnostics.span import NodePath, Span, Spot

__all__ = [
    "Checked",
    "CodeInfo",
    "Finding",
    "NodePath",
    "Related",
    "Severity",
    "Span",
    "Spot",
    "declared",
    "has_errors",
]
