"""Codes that no catalogue has, for tests of what is done with any."""

from backupgen.diagnostics import CodeInfo, Severity


def made_up(
    code: str, slug: str, severity: Severity, summary: str = "", why: str = "", fix: str = "", *examples: str
) -> CodeInfo:
    bad, good = examples or ("", "")
    return CodeInfo(code=code, slug=slug, severity=severity, summary=summary, why=why, fix=fix, bad=bad, good=good)
