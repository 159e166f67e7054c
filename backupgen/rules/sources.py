"""What restic is given to read of a target, as paths of the snapshot."""

from collections.abc import Iterator

from backupgen.conventions import naming
from backupgen.resolve.resolved import Target


def sources_of(target: Target) -> Iterator[str]:
    """Yield the dump, and each volume or the folders of it that are mounted: absolute paths."""
    if target.dump is not None:
        yield target.dump.file
    for volume in target.volumes:
        place = f"{naming.BACKUP_DIR}/{volume.name}"
        yield from [f"{place}/{path}" for path in volume.paths if path != "."] or [place]


def within(path: str, place: str) -> bool:
    """Whether a path is a place, or lies in it."""
    return path == place or path.startswith(f"{place.rstrip('/')}/")
