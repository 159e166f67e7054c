"""`check --format text`: for people, with the source lines that findings point at."""

import re
from collections import Counter
from textwrap import wrap
from typing import Final

from backupgen.diagnostics import Finding, Severity, Spot
from backupgen.diagnostics.wording import counted
from backupgen.report.findings.check_report import Report, place, rest, summary
from backupgen.report.findings.excerpt import cut, source_lines
from backupgen.report.lines import Line, paint, visible

_STYLES: Final = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.INFO: "bold cyan"}
_FRAME: Final = "blue"
_RELATED: Final = "cyan"
_RANK: Final = tuple(Severity)
_MOST_RELATED: Final = 5
_LEAST_NOTE: Final = 40
_QUOTED: Final = re.compile(r"`[^`]*`")
_JOINT: Final = "\0"


def render(report: Report) -> str:
    """Return the findings with excerpts, then the summary.

    If there are more than `report.limit`, errors come before the others, and a code that is found once before one that
    is found everywhere.
    """
    shown, hidden = _choose(report)
    lines: list[Line] = []
    known: set[str] = set()
    for finding in shown:
        lines += [*_finding(finding, report, explained=finding.info.code in known), []]
        known.add(finding.info.code)
    if hidden:
        lines += [[("and ", ""), (rest(hidden), "bold"), ("; `backupgen check --format concise` lists all", "")], []]
    if shown:
        lines.append([(f"`backupgen check --explain {shown[0].info.code}` says more", "dim")])
    worst = next((_STYLES[severity] for severity in _RANK if report.count(severity)), "bold green")
    lines.append([(summary(report), worst)])
    return paint(lines, color=report.color)


def _choose(report: Report) -> tuple[list[Finding], list[Finding]]:
    findings = list(report.findings)
    if report.limit is None or len(findings) <= report.limit:
        return findings, []
    seen: Counter[str] = Counter()
    ranks = []
    for finding in findings:
        seen[finding.info.code] += 1
        ranks.append((_RANK.index(finding.severity), seen[finding.info.code]))
    chosen = frozenset(sorted(range(len(findings)), key=ranks.__getitem__)[: report.limit])
    shown = [finding for number, finding in enumerate(findings) if number in chosen]
    return shown, [finding for number, finding in enumerate(findings) if number not in chosen]


def _finding(finding: Finding, report: Report, *, explained: bool) -> list[Line]:
    style = _STYLES[finding.severity]
    code = f"{finding.severity.value}[{finding.info.code} {finding.info.slug}]"
    lines: list[Line] = [[(code, style), (f": {visible(finding.message)}", "bold")]]
    spots = [finding.spot, *(other.spot for other in finding.related)]
    margin = max((len(str(spot.span.line)) for spot in spots if spot.span), default=1)
    lines += _place(finding.spot, "-->", "^", style, "", margin, report)
    for other in finding.related[:_MOST_RELATED]:
        lines += _place(other.spot, ":::", "-", _RELATED, visible(other.message), margin, report)
    if len(finding.related) > _MOST_RELATED:
        more = counted(len(finding.related) - _MOST_RELATED, "more place")
        lines.append([(f"{' ' * margin} = ", _FRAME), (f"and {more}", "")])
    why = "" if explained else finding.info.why
    for head, text in (("cause", finding.cause), ("why", why), ("help", finding.help)):
        lines += _note(f"{' ' * margin} = {head}: ", text, report.width)
    return lines


def _note(head: str, text: str, width: int) -> list[Line]:
    """Return the lines of one note, wrapped; nothing for an empty text."""
    room = max(width - len(head), _LEAST_NOTE)
    lines = [line for part in text.splitlines() for line in _wrapped(visible(part), room)]
    return [[(head if number == 0 else " " * len(head), _FRAME), (line, "")] for number, line in enumerate(lines)]


def _wrapped(text: str, room: int) -> list[str]:
    """Return the text in lines of so many characters, none of which ends between backticks."""
    joined = _QUOTED.sub(lambda match: match[0].replace(" ", _JOINT), text)
    lines = wrap(joined, room, break_on_hyphens=False, break_long_words=False)
    return [line.replace(_JOINT, " ") for line in lines]


def _place(spot: Spot, arrow: str, sign: str, style: str, label: str, margin: int, report: Report) -> list[Line]:
    """Return the lines for one place: where it is, and what stands there if its text is known."""
    pad = " " * margin
    if spot.file is None:
        return [[(f"{pad} = ", _FRAME), (label, "")]] if label else []
    line, column = (spot.span.line, spot.span.column) if spot.span else (None, None)
    where: Line = [(f"{pad}{arrow} ", _FRAME), (visible(place(spot.file, line, column)), "")]
    text = source_lines(report.sources[spot.file]) if spot.file in report.sources else ()
    if spot.span is None or spot.span.line > len(text):
        return [[*where, (f": {label}" if label else "", style)]]
    excerpt = cut(text[spot.span.line - 1], spot.span, report.width - margin - 3)
    bar = (f"{pad} |", _FRAME)
    carets = " " * (excerpt.indent + 1), sign * excerpt.carets + (f" {label}" if label else "")
    source = f" {excerpt.line}" if excerpt.line else ""
    return [
        where,
        [bar],
        [(f"{spot.span.line:>{margin}} |", _FRAME), (source, "")],
        [bar, (carets[0], ""), (carets[1], style)],
    ]
