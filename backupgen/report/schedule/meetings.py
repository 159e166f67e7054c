"""What operations do to each other, in words: conflicts, waits, overlaps and crowds, grouped to what can be read."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from backupgen.analysis.schedule_report import Clash, Overlap, ScheduleReport
from backupgen.conventions.units import format_duration
from backupgen.diagnostics.wording import counted
from backupgen.report.lines import Line, visible
from backupgen.report.schedule.clock import Clock
from backupgen.report.schedule.wording import frequency, some, wrapped

_MOST_GROUPS: Final = 20
_MOST_CLASHES: Final = 5
"""Of one exclusive operation with others for the same reason."""
_MOST_NAMES: Final = 12
_ALL: Final = "--format json lists all"


def meetings(report: ScheduleReport, clock: Clock) -> Iterator[Line]:
    """Yield the lines about what meets, a section for everything that there is."""
    sections = (
        ("conflicts", "bold red", _conflicts(report, clock)),
        ("why there is no proof", "bold red", (_paragraph(reason, report) for reason in report.reservations)),
        ("waits for a lock", "bold", _waits(report)),
        ("at the same time", "bold", _overlaps(report)),
        ("more at once than there should be", "bold yellow", _crowds(report, clock)),
    )
    for title, style, groups in sections:
        shown = list(groups)
        if shown:
            yield from ([], [(title, style)])
            for group in shown[:_MOST_GROUPS]:
                yield from group
        if len(shown) > _MOST_GROUPS:
            yield [(f"  and {counted(len(shown) - _MOST_GROUPS, 'more group')}; {_ALL}", "")]


def _paragraph(text: str, report: ScheduleReport, indent: str = "  ", style: str = "") -> list[Line]:
    return wrapped(visible(text), report.width, indent, style)


def _conflicts(report: ScheduleReport, clock: Clock) -> Iterator[list[Line]]:
    groups: dict[tuple[str, str], list[Clash]] = {}
    for clash in report.clashes:
        groups.setdefault((clash.other, clash.why), []).append(clash)
    for (other, why), clashes in groups.items():
        many = f"{len(clashes):,} operations" if len(clashes) > 1 else f"`{clashes[0].one}`"
        lines = _paragraph(
            f"{many} can meet `{other}`{_place(report, clashes[0].lines[1])}: {why}", report, style="red"
        )
        shared = [remedy for remedy in clashes[0].remedies if all(remedy in clash.remedies for clash in clashes)]
        for clash in clashes[:_MOST_CLASHES]:
            lines += _clash(clash, shared, report, clock)
        if len(clashes) > _MOST_CLASHES:
            lines += _paragraph(f"and {len(clashes) - _MOST_CLASHES:,} more; {_ALL}", report, "    ")
        lines += _remedies("for all of them" if len(clashes) > 1 else "", shared, report)
        yield lines


def _clash(clash: Clash, shared: Sequence[str], report: ScheduleReport, clock: Clock) -> Iterator[Line]:
    when = "never again" if clash.first is None else f"next {clock.exact(clash.first)}, {frequency(clash.per_year)}"
    yield from _paragraph(f"`{clash.one}`{_place(report, clash.lines[0])}: {when}", report, "    ")
    own = [remedy for remedy in clash.remedies if remedy not in shared]
    yield from _remedies(f"for `{clash.one}`", own, report)


def _place(report: ScheduleReport, line: int | None) -> str:
    return "" if line is None else f" ({report.file}:{line})"


def _remedies(for_whom: str, remedies: Sequence[str], report: ScheduleReport) -> Iterator[Line]:
    if remedies:
        each = ", each of these alone" if len(remedies) > 1 else ""
        known = "would help by the plain rule of cron" if report.reservations else "proved to help"
        yield from _paragraph(f"{known}{f' {for_whom}' if for_whom else ''}{each}:", report, "    ", "green")
    for remedy in remedies:
        yield from _paragraph(f"- {remedy}", report, "      ")


def _waits(report: ScheduleReport) -> Iterator[list[Line]]:
    groups: dict[tuple[str, int], list[str]] = {}
    for wait in report.waits:
        groups.setdefault((wait.holder, wait.seconds), []).append(f"`{wait.waiter}`")
    for (holder, seconds), waiters in groups.items():
        longest = format_duration(seconds)
        text = f"{some(waiters, _MOST_NAMES)} may wait up to {longest} for `{holder}`: covered, there is time for it"
        yield _paragraph(text, report)


def _overlaps(report: ScheduleReport) -> Iterator[list[Line]]:
    if not report.overlapping:
        return
    yield _paragraph(_counts(report), report)
    if not report.overlaps:
        yield _paragraph("these are too many pairs to list", report)
    for name, overlaps in _by_operation(report.overlaps).items():
        parts = []
        for when, on_time in (("on time", True), ("only if late", False)):
            others = [_other(name, overlap) for overlap in overlaps if overlap.on_time is on_time]
            if others:
                parts.append(f"{when}: {some(others, _MOST_NAMES)}")
        yield _paragraph(f"`{name}` overlaps, {'; '.join(parts)}", report)


def _counts(report: ScheduleReport) -> str:
    clashes, waits = len(report.clashes), len(report.waits)
    excluding = f"{clashes:,} exclude each other" if clashes else "none exclude each other"
    covered = f", not counting {waits:,} whose wait is covered" if waits else ""
    return (
        f"{report.overlapping_on_time:,} of {report.pairs:,} pairs can run at the same time even if every job"
        f" starts on time, {report.overlapping:,} if they start late; {excluding}{covered}"
    )


def _by_operation(overlaps: Sequence[Overlap]) -> dict[str, list[Overlap]]:
    """List each pair once, with the one of the two that is in more of them."""
    often = Counter(name for overlap in overlaps for name in (overlap.one, overlap.other))
    groups: dict[str, list[Overlap]] = {}
    for overlap in overlaps:
        name = overlap.one if often[overlap.one] >= often[overlap.other] else overlap.other
        groups.setdefault(name, []).append(overlap)
    return dict(sorted(groups.items(), key=lambda group: -len(group[1])))


def _other(name: str, overlap: Overlap) -> str:
    other = overlap.other if name == overlap.one else overlap.one
    return other if overlap.verdict == "shared" else f"{other} ({overlap.verdict})"


def _crowds(report: ScheduleReport, clock: Clock) -> Iterator[list[Line]]:
    for crowding in report.crowdings:
        yield _paragraph(
            f"{crowding.pool}: {crowding.worst:,} run at once, meant are {crowding.limit:,};"
            f" first {clock.exact(crowding.first)}: {some(crowding.names, _MOST_NAMES)}",
            report,
        )
