"""A code's page, in Markdown: the documentation in docs/findings, and the help that code scanning services show."""

from backupgen.diagnostics import CodeInfo


def page(info: CodeInfo) -> str:
    """Return all that is known about a code, without a heading; ends with a line break."""
    return (
        f"**{info.severity.value}**: {info.summary}\n\n"
        f"{info.why}\n\n"
        f"Reported:\n\n```yaml\n{info.bad.strip()}\n```\n\n"
        f"Instead:\n\n```yaml\n{info.good.strip()}\n```\n\n"
        f"{info.fix}\n"
    )
