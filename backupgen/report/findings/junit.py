"""`check --format junit`: JUnit XML, one test case a code.

CI systems follow a test case over builds by its name. A case a code keeps its name while lines move, shows the codes
that found nothing as passed, and fails once however many places it found. Warnings fail where they fail `check`, with
`--strict`; otherwise they stand in the case's output.
"""

from html import escape

from backupgen.diagnostics import CodeInfo, Finding
from backupgen.report.findings.check_report import Report, spot_place
from backupgen.report.lines import visible


def render(report: Report) -> str:
    """Return the report as JUnit XML, with a line break at the end."""
    by_code: dict[str, list[Finding]] = {}
    for finding in report.findings:
        by_code.setdefault(finding.info.code, []).append(finding)
    infos = {info.code: info for info in (*report.catalogue, *(finding.info for finding in report.findings))}
    failing = {code for code in by_code if infos[code].severity.fails(strict=report.strict)}
    counts = f'tests="{len(infos)}" failures="{len(failing)}" errors="0"'
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<testsuites name="backupgen" {counts}>']
    lines.append(f'  <testsuite name="backupgen check" {counts} skipped="0">')
    for code in sorted(infos):
        lines += _case(infos[code], by_code.get(code, []), fails=code in failing)
    return "\n".join([*lines, "  </testsuite>", "</testsuites>", ""])


def _case(info: CodeInfo, findings: list[Finding], *, fails: bool) -> list[str]:
    name = _attribute(f"{info.code} {info.slug}: {info.summary}")
    if not findings:
        return [f'    <testcase classname="backupgen.check" name="{name}"/>']
    body = escape(visible("\n".join(_line(finding) for finding in findings), keep="\n"), quote=False)
    if fails:
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        message = _attribute(findings[0].message + more)
        content = f'<failure type="{info.code}" message="{message}">{body}</failure>'
    else:
        content = f"<system-out>{body}</system-out>"
    return [f'    <testcase classname="backupgen.check" name="{name}">', f"      {content}", "    </testcase>"]


def _line(finding: Finding) -> str:
    where = spot_place(finding)
    head = f"{where}: " if where else ""
    lines = [f"{head}{finding.severity.value}: {finding.message}"]
    for title, text in (("cause", finding.cause), ("help", finding.help)):
        margin = f"  {title}: "
        lines += [
            f"{margin if number == 0 else ' ' * len(margin)}{line}" for number, line in enumerate(text.splitlines())
        ]
    return "\n".join(lines)


def _attribute(text: str) -> str:
    return escape(visible(text))
