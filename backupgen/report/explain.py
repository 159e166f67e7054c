"""`check --explain CODE`: all that is known about a code."""

import textwrap

from backupgen.diagnostics import CodeInfo
from backupgen.report.visible import visible


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
