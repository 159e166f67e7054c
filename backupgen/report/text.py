"""`check --format text`: for people, with the source lines that findings point at."""

from typing import Final

from backupgen.diagnostics import Finding, Severity, Spot
from backupgen.report.excerpt import cut, source_lines
from backupgen.report.model import Report, place
from backupgen.report.styled import Line, paint
from backupgen.report.summary import counted, rest, summary
from backupgen.report.visible import visible

_STYLES: Final = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.INFO: "bold cyan"}
_FRAME: Final = "blue"
_RELATED: Final = "cyan"
_RANK: Final = tuple(Severity)
_MOST_RELATED: Final = 5


def render(report: Report) -> str:
    """Return the findings with excerpts, then the summary; at most `report.limit` of them, errors before the others."""
    shown, hidden = _choose(report)
    lines: list[Line] = []
    for finding in shown:
        lines += [*_finding(finding, report), []]
    if hidden:
        lines += [[("and ", ""), (rest(hidden), "bold")], []]
    worst = next((_STYLES[severity] for severity in _RANK if report.count(severity)), "bold green")
    lines.append([(summary(report), worst)])
    return paint(lines, color=report.color)


def _choose(report: Report) -> tuple[list[Finding], list[Finding]]:
    findings = list(report.findings)
    if report.limit is None or len(findings) <= report.limit:
        return findings, []
    ranked = sorted(range(len(findings)), key=lambda number: _RANK.index(findings[number].severity))
    chosen = frozenset(ranked[: report.limit])
    shown = [finding for number, finding in enumerate(findings) if number in chosen]
    return shown, [finding for number, finding in enumerate(findings) if number not in chosen]


def _finding(finding: Finding, report: Report) -> list[Line]:
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
    for number, text in enumerate(finding.help.splitlines()):
        head = "= help: " if number == 0 else "        "
        lines.append([(f"{' ' * margin} {head}", _FRAME), (visible(text), "")])
    return lines


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
