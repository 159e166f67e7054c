"""restic's retention (internal/data/snapshot_policy.go), and its plan as JSON: fast enough for thousands of nights."""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

_NUMBERS = count(1)
_SPAN = re.compile(r"([0-9]+)([ymdh])")
_BUCKETS: dict[str, Callable[[datetime], object]] = {
    "hourly": lambda t: (t.year, t.month, t.day, t.hour),
    "daily": lambda t: (t.year, t.month, t.day),
    "weekly": lambda t: t.isocalendar()[:2],
    "monthly": lambda t: (t.year, t.month),
    "yearly": lambda t: t.year,
}


@dataclass(frozen=True)
class Snapshot:
    time: datetime
    bytes: int = 1000
    files: int = 10
    tags: tuple[str, ...] = ("photos",)
    host: str = "photos"
    paths: tuple[str, ...] = ("/backup/photos",)
    real: bool = True
    id: str = field(default_factory=lambda: f"{next(_NUMBERS):064x}")

    def listed(self) -> dict[str, object]:
        text = self.time.isoformat(timespec="microseconds").replace("+00:00", "Z")
        summary = {"total_files_processed": self.files, "total_bytes_processed": self.bytes}
        return {
            "time": text, "tree": self.id, "paths": list(self.paths), "hostname": self.host, "username": "root",
            "tags": list(self.tags), "program_version": "restic 0.19.1",
            **({} if self.bytes < 0 else {"summary": summary}), "id": self.id, "short_id": self.id[:8],
        }  # fmt: skip


def border(latest: datetime, span: str) -> datetime:
    """latest - span, as Go's AddDate counts on the wall clock."""
    parts = {unit: int(amount) for amount, unit in _SPAN.findall(span)}
    months = latest.year * 12 + latest.month - 1 - 12 * parts.get("y", 0) - parts.get("m", 0)
    if months < 12:
        return datetime.min.replace(tzinfo=UTC) + timedelta(days=2)
    first = latest.replace(year=months // 12, month=months % 12 + 1, day=1)
    try:
        return first + timedelta(days=latest.day - 1 - parts.get("d", 0), hours=-parts.get("h", 0))
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC) + timedelta(days=2)


def kept(group: Iterable[Snapshot], flags: Sequence[str], now: datetime) -> list[Snapshot]:
    """What stays of one group, newest first."""
    newest = sorted(group, key=lambda item: item.time, reverse=True)
    past = [item for item in newest if item.time <= now]
    latest = past[0].time if past else now
    rules: list[list[Any]] = []
    for flag in flags:
        name, _, value = flag.removeprefix("--keep-").partition("=")
        within = name.startswith("within")
        bucket = name.removeprefix("within").removeprefix("-") if within else name
        rules.append([bucket, border(latest, value) if within else None, 10**9 if within else int(value), None])
    stays = []
    for number, item in enumerate(newest):
        found = False
        for rule in rules:
            bucket, since, left, last = rule
            if left <= 0 or (since is not None and item.time <= since):
                continue
            bucketed = number if bucket in {"", "last"} else _BUCKETS[bucket](item.time)
            if bucketed != last or number == len(newest) - 1:
                found = True
                rule[3], rule[2] = bucketed, left - 1
        if found:
            stays.append(item)
    return stays


def plan(snapshots: Iterable[Snapshot], tags: Iterable[str], flags: Sequence[str], now: datetime) -> str:
    """What `restic forget --dry-run --json --group-by host,tags` prints."""
    wanted = set(tags)
    groups: dict[tuple[str, tuple[str, ...]], list[Snapshot]] = {}
    for item in snapshots:
        if wanted & set(item.tags):
            groups.setdefault((item.host, tuple(sorted(item.tags))), []).append(item)
    printed = []
    for (host, own), group in sorted(groups.items()):
        stays = kept(group, flags, now)
        ids = {item.id for item in stays}
        goes = sorted((item for item in group if item.id not in ids), key=lambda item: item.time, reverse=True)
        reasons = [{"snapshot": item.listed(), "matches": ["x"]} for item in stays]
        printed.append(
            {"tags": list(own), "host": host, "paths": None, "keep": [item.listed() for item in stays],
             "remove": [item.listed() for item in goes] or None, "reasons": reasons or None}
        )  # fmt: skip
    text = json.dumps(printed, separators=(",", ":"), ensure_ascii=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026") + "\n"
