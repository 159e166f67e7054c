"""All that is known about a code: for `check --explain`, for docs/findings, and for code scanning services."""

import textwrap

from backupgen.diagnostics import CodeInfo
from backupgen.report.lines import visible


def explain(info: CodeInfo, *, width: int = 80) -> str:
    """Return the explanation of a code as plain text of at most `width` cells, fragments excepted."""
    parts = [f"{info.code} {info.slug} ({info.severity.value})", _wrapped(info.summary, width)]
    for title, text in (("Why", info.why), ("Fix", info.fix)):
        parts.append(f"{title}\n{_wrapped(text, width)}")
    for title, fragment in (("Bad", info.bad), ("Good", info.good)):
        body = "\n".join(f"  {line}".rstrip() for line in visible(fragment, keep="\n").rstrip("\n").split("\n"))
        parts.append(f"{title}\n{body}")
    return "\n\n".join(parts) + "\n"


def _wrapped(text: str, width: int) -> str:
    return textwrap.fill(visible(text), max(width, 40), initial_indent="  ", subsequent_indent="  ")


def page(info: CodeInfo) -> str:
    """Return a code's page in Markdown, without a heading; ends with a line break."""
    return (
        f"**{info.severity.value}**: {info.summary}\n\n"
        f"{info.why}\n\n"
        f"Reported:\n\n```yaml\n{info.bad.strip()}\n```\n\n"
        f"Instead:\n\n```yaml\n{info.good.strip()}\n```\n\n"
        f"{info.fix}\n"
    )
