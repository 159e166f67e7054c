"""A fleet audited against a tree in memory, as `check --repo` does it."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from backupgen.audit.judge import audit
from backupgen.audit.tree import Content, read_tree
from backupgen.diagnostics import Finding
from backupgen.pipeline import Scheduled, schedule_fleet
from backupgen.rules import waive_audit
from backupgen.schedule import CYCLE_START

HEAD = """\
fleet: home
home_namespace: backup
timezone: Europe/Vienna
images: {restic: "r:1", kubectl: "k:1", rest_server: "s:1"}
repository: {url: "s3:s3.example.com/b", waive: {missing-operation: a test}}
defaults: {deadline: 10m, run_as: 1000}
"""

Files = Mapping[str, str | bytes]


def contents(files: Files) -> list[Content]:
    """What the walk through a folder with these files yields."""
    return [Content(path, text.encode() if isinstance(text, str) else text) for path, text in sorted(files.items())]


def audited(fleet: str, files: Files, *, below: str = "") -> tuple[Finding, ...]:
    """Every finding of an audit, located."""
    known = _resolved(fleet)
    found = waive_audit(audit(known.fleet, read_tree(contents(files), ".", below)), known.fleet, CYCLE_START)
    return tuple(known.document.locate(one) for one in found)


@cache
def _resolved(fleet: str) -> Scheduled:
    checked = schedule_fleet(fleet.encode(), "fleet.yaml")
    assert checked.value is not None, [finding.message for finding in checked.findings]
    return checked.value


def lines_of(findings: tuple[Finding, ...]) -> list[str]:
    """`file:line:column CODE message`, sorted by place."""
    rows = []
    for one in findings:
        span = one.spot.span
        at = (span.line, span.column) if span else (0, 0)
        place = f"{one.spot.file}:{at[0]}:{at[1]}" if span else str(one.spot.file)
        rows.append((str(one.spot.file), at, f"{place} {one.info.code} {one.message}"))
    return [row[2] for row in sorted(rows)]


def sections(path: Path) -> dict[str, str]:
    """The parts of a file whose heads are lines such as `-- apps/pvc.yaml --`."""
    parts = re.split(r"^-- (.+) --\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))
