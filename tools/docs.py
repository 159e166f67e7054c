"""Writes docs/findings.md, the page of every finding, from the catalogue that `backupgen check --explain` reads.

python tools/docs.py
"""

from collections.abc import Iterable
from pathlib import Path

from backupgen.diagnostics.code import CodeInfo
from backupgen.pipeline import CATALOGUE

PAGE = Path(__file__).resolve().parent.parent / "docs" / "findings.md"

# The first digit of a code.
STAGES = {
    "1": "Reading fleet.yaml",
    "2": "The language",
    "3": "Schedules, windows and locks",
    "4": "Rules of the fleet",
    "5": "Manifests and what is committed",
}

HEAD = """\
<!-- Made by `make docs` from the catalogue in the code; do not edit. -->
# Findings

Every finding has a code that never changes and a name under which it can be waived. `backupgen check --explain CODE`
prints what stands here.
"""


def findings_page(catalogue: Iterable[CodeInfo]) -> str:
    """Return the page as Markdown: a table of all codes, then a section for each, by stage."""
    codes = sorted(catalogue, key=lambda info: info.code)
    parts = [HEAD, _table(codes)]
    for digit, title in STAGES.items():
        of_stage = [info for info in codes if info.code.startswith(f"BG{digit}")]
        if of_stage:
            parts.append(f"## {title}\n")
            parts += [_section(info) for info in of_stage]
    return "\n".join(parts)


def _table(codes: Iterable[CodeInfo]) -> str:
    rows = ["| Code | Name | Severity | What it reports |", "|---|---|---|---|"]
    for info in codes:
        summary = info.summary.replace("|", "\\|")
        rows.append(f"| [{info.code}](#{anchor(info)}) | `{info.slug}` | {info.severity.value} | {summary} |")
    return "\n".join(rows) + "\n"


def anchor(info: CodeInfo) -> str:
    """Return the fragment that Markdown renderers make of the section's heading."""
    return f"{info.code.lower()}-{info.slug}"


def _section(info: CodeInfo) -> str:
    parts = [f"### {info.code} {info.slug}\n", f"**{info.severity.value}**: {info.summary}\n", f"{info.why}\n"]
    if info.bad:
        parts.append(f"Reported:\n\n```yaml\n{info.bad.strip()}\n```\n")
    if info.good:
        parts.append(f"Instead:\n\n```yaml\n{info.good.strip()}\n```\n")
    return "\n".join([*parts, f"{info.fix}\n"])


def main() -> None:
    """Write the page."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(findings_page(CATALOGUE), encoding="utf-8")


if __name__ == "__main__":
    main()
