"""Rendered files against rendered files: what is out of date, what changes, and what that means. Pure."""

from backupgen.diff.codes import CODES
from backupgen.diff.compare import Action, Change, compare
from backupgen.diff.fields import FieldChange
from backupgen.diff.impact import Impact, impact
from backupgen.diff.staleness import OutTree, staleness

__all__ = ["CODES", "Action", "Change", "FieldChange", "Impact", "OutTree", "compare", "impact", "staleness"]
