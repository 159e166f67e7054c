"""Sample data for every source: what its verify rules look for, and what a file system may hold beside."""

import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from fnmatch import fnmatchcase
from typing import Final, Literal, NamedTuple

from backupgen.integrations.dump_tools import BY_VERIFY_KIND, DumpTool, noise
from backupgen.rehearsal.pod import Pod, volume_of
from backupgen.resolve.resolved import Target, VerifyRule

MOST: Final = 8 << 20
"""Bytes that a rule may ask for in a rehearsal; a rule that asks for more gets so many, and its size is lowered."""
MOST_FILES: Final = 1000
"""Files that a rule may ask for."""
_ROWS: Final = 200
_LITERAL: Final = re.compile(r"[^*?\[\]!\\]+")


Fate = Literal["kept", "may", "left out"]


class Sample(NamedTuple):
    """A file to be made before a rehearsal."""

    place: str
    """The volume that it lies in, as `pod.StagedVolume.place` names it."""
    path: str
    """Relative to the volume's root."""
    content: bytes
    snapshot_path: str
    """Its absolute path in the snapshot."""
    fate: Fate = "kept"
    """What a backup has to do with it; `may` is left to patterns that only restic itself reads exactly."""
    tool: DumpTool | None = None
    """The tool that the content has to come from."""


def lowered(size: int) -> int:
    """Return how many bytes of a rule's least size a rehearsal makes."""
    return min(size, MOST)


def is_lowered(rule: VerifyRule) -> bool:
    """Whether a rule asks for more than a rehearsal makes."""
    return rule.min_bytes > MOST or rule.min_files > MOST_FILES


def samples_of(target: Target, pod: Pod, round_: int = 0) -> tuple[Sample, ...]:
    """Return the files of a target's volumes, in the `round_`th state that they take."""
    wanted = [*_ruled(target, pod), *_sentinels(pod), *_ordinary(target, pod, round_), *_left_out(target, pod)]
    found: dict[str, Sample] = {}
    for path, content, fate in wanted:
        held = volume_of(pod, path)
        if held is not None and held[0].place:
            made, tool = (b"", content) if isinstance(content, DumpTool) else (content, None)
            found.setdefault(path, Sample(held[0].place, held[1], made, path, fate, tool))
    return tuple(found.values())


_Wanted = tuple[str, bytes | DumpTool, Fate]
"""The path in the snapshot, the content or the tool that has to make it, and what becomes of it."""


def _ruled(target: Target, pod: Pod) -> Iterator[_Wanted]:
    dump = target.dump.file if target.dump is not None else None
    for rule in target.verify:
        if rule.file == dump:
            continue  # the dump's command prints it
        if rule.kind != "dir":
            yield rule.file, content_for(rule), "kept"
            continue
        count = max(1, min(rule.min_files, MOST_FILES))
        each = max(1, -(-lowered(rule.min_bytes) // count))
        folder = _mounted(rule.file, target, pod)
        for number in range(count):
            yield f"{folder}/{number:04d}.dat", noise(f"{folder}{number}", each), "kept"


def _mounted(folder: str, target: Target, pod: Pod) -> str:
    """The folder itself, or what is mounted below one that is only the root of several mounts."""
    below = [source for source in _sources(target, pod) if source.startswith(f"{folder}/")]
    return below[0] if below and volume_of(pod, folder) is None else folder


def _sentinels(pod: Pod) -> Iterator[_Wanted]:
    """The files by which a job knows its volumes: one of each block of paths has to be there."""
    text = pod.containers[0].environment.get("BACKUP_SENTINELS", "")
    for block in filter(None, text.split("\n\n")):
        yield block.split("\n")[0], b"the right volume\n", "may"


def _ordinary(target: Target, pod: Pod, round_: int) -> Iterator[_Wanted]:
    """What every source holds: names that a shell could trip over, something binary, something that changes."""
    files = {
        'notes/it\'s "quoted" $(x) \u00fc {{y}}.txt': b"as it was\n" * 9,
        "notes/empty": b"",
        "binary": noise(target.name, 1 << 14),
        "changes": f"round {round_}\n".encode() * 100,
    }
    for source in _sources(target, pod):
        for name, content in files.items():
            path = f"{source}/{name}"
            yield path, content, "may" if _may_be_excluded(path, target.exclude) else "kept"


def _may_be_excluded(path: str, patterns: Iterable[str]) -> bool:
    """Whether a pattern could mean a path or a folder above it; rather too often than too seldom."""
    above = [path[: match.start()] for match in re.finditer("/", path)] + [path]
    return any(fnmatchcase(one, f"*{pattern.lstrip('!')}") for pattern in patterns for one in above)


def _sources(target: Target, pod: Pod) -> list[str]:
    dump = target.dump.file if target.dump is not None else None
    volumes = {volume.name for volume in pod.volumes if volume.place}
    mounts = [mount for one in pod.containers for mount in one.mounts if mount.volume in volumes]
    return [mount.path for mount in mounts if mount.path != dump and mount.read_only]


def _left_out(target: Target, pod: Pod) -> Iterator[_Wanted]:
    """A file for each exclude that names a file or folder; patterns are left to restic's own tests."""
    for pattern in target.exclude:
        if not _LITERAL.fullmatch(pattern):
            continue
        folders = [""] if pattern.startswith("/") else [f"{source}/" for source in _sources(target, pod)]
        for folder in folders:
            yield f"{folder}{pattern.rstrip('/')}/left-out", b"must not come back\n", "left out"


def content_for(rule: VerifyRule) -> bytes | DumpTool:
    """Return a file that satisfies a rule about a file, or the tool that alone can make one."""
    size = lowered(rule.min_bytes)
    tool = BY_VERIFY_KIND.get(rule.kind)
    if tool is not None:
        return tool.sample(rule.file, size) if tool.sample is not None else tool
    return _sqlite(rule.file) if rule.kind == "sqlite" else noise(rule.file, max(size, 1000))


def _sqlite(seed: str) -> bytes:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE sample (id INTEGER PRIMARY KEY, name TEXT UNIQUE, content BLOB)")
        rows = ((number, f"{seed} \u00fc {number}", noise(f"{seed}{number}", 100)) for number in range(_ROWS))
        database.executemany("INSERT INTO sample VALUES (?, ?, ?)", rows)
        database.commit()
        return database.serialize()


def dump_content(target: Target) -> bytes:
    """Return what a stand-in for a target's dump command prints: what its verify rule looks for."""
    file = target.dump.file if target.dump is not None else ""
    rule = next((rule for rule in target.verify if rule.file == file), None)
    content = content_for(rule) if rule is not None else b""
    return content if isinstance(content, bytes) and content else noise(file, 4096)


def places(samples: Iterable[Sample]) -> dict[str, list[Sample]]:
    """Return the samples by the volume that they lie in."""
    found: dict[str, list[Sample]] = {}
    for sample in samples:
        found.setdefault(sample.place, []).append(sample)
    return found
