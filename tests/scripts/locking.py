"""Locks as other processes would have left them, sealed with the repository's own key."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.scripts.jobs import Fleet
from tests.scripts.make_repository import sealed

LONG_GONE = "backup-x-29384756-x7k2p"
"""The pod of a CronJob: its slot was in November 2025."""
BY_HAND = "backup-x-by-hand-x7k2p"
"""The pod of a Job that somebody made: its name says nothing of when."""


def lock_of_another_pod(
    fleet: Fleet, *, exclusive: bool, age: timedelta, host: str = LONG_GONE, process: int = 7
) -> Path:
    """The lock of a pod elsewhere: restic cannot ask whether its process still runs there."""
    made = (datetime.now(UTC) - age).isoformat()
    lock = {"time": made, "exclusive": exclusive, "hostname": host, "username": "", "pid": process}
    master = json.loads(fleet.restic("cat", "masterkey", "--no-lock"))
    return lock_file(fleet, sealed(master, json.dumps(lock).encode()))


def lock_file(fleet: Fleet, content: bytes) -> Path:
    file = fleet.repository / "locks" / hashlib.sha256(content).hexdigest()
    file.write_bytes(content)
    return file


def locks_of(fleet: Fleet) -> dict[str, float]:
    """The locks that the last job saw."""
    return {name: value for name, value in fleet.metrics().items() if name.startswith("backup_repository_lock")}
