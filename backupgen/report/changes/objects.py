"""Changed objects as lines: those that change in the same way together, fields shortened."""

from collections.abc import Iterable, Iterator
from typing import Final

from backupgen.diagnostics.wording import counted, few
from backupgen.diff.compare import Action, Change
from backupgen.diff.objects import FILE
from backupgen.report.changes.values import Piece, changed_lines, field_lines
from backupgen.report.lines import visible

_MOST_NAMES: Final = 8
_SIGNS: Final = {Action.ADDED: "+", Action.REMOVED: "-", Action.CHANGED: "~"}


def object_lines(changes: Iterable[Change], width: int) -> Iterator[tuple[bool, Piece]]:
    """Yield the lines of all changes; each says whether it is the title of an object."""
    groups: dict[str, list[Change]] = {}
    for number, change in enumerate(changes):
        alike = change.action is Action.CHANGED and change.identity.kind != FILE
        key = (
            f"{change.identity.kind} {[(one.path, one.old, one.new) for one in change.fields]!r}"
            if alike
            else str(number)
        )
        groups.setdefault(key, []).append(change)
    for first, *others in groups.values():
        sign = _SIGNS[first.action]
        yield True, (sign, visible(_title(first, others)) + _counts(first))
        # Of runbooks, pictures and rule tests the number of lines is enough; what steers other programs is shown.
        for field in first.fields if first.identity.kind != FILE or first.identity.name.startswith(".") else ():
            yield from ((False, piece) for piece in field_lines(field, width))


def _title(first: Change, others: list[Change]) -> str:
    """Return for instance `CronJob monitoring/backup-grafana`, or with `, media/backup-emby and 7 more` behind."""
    names = [_name(change) for change in (first, *others)]
    return f"{first.identity.kind} {few(names, _MOST_NAMES)}"


def _name(change: Change) -> str:
    one = change.identity
    return f"{one.namespace}/{one.name}" if one.namespace else one.name


def _counts(change: Change) -> str:
    """Say how many lines a file that is no object gets and loses."""
    if change.identity.kind != FILE:
        return ""
    old, new = ("" if obj is None else str(obj.get("text", "")) for obj in (change.old, change.new))
    if change.action is not Action.CHANGED:
        return f" ({counted(len((old or new).splitlines()), 'line')})"
    less, more = changed_lines(old, new)
    return f" ({counted(more, 'line')} added, {less} removed)" if less or more else " (the end of its last line)"
