"""Repositories, mirrors and the REST server: where backups go, and what somebody has to do about it once."""

from collections.abc import Iterable, Iterator

from backupgen.conventions.roles import PodRole
from backupgen.diff.compare import Change
from backupgen.diff.impact.kinds import ConsequenceKind
from backupgen.diff.impact.model import Impact, Situation
from backupgen.diff.impact.snapshots import fate
from backupgen.diff.jobs import RenderedJob, volumes
from backupgen.diff.pairs import Pair
from backupgen.source.untyped import get_path

_SHOWN = 12
"""Digits of an id."""


def of_repositories(pairs: Iterable[Pair], situation: Situation) -> Iterator[Impact]:
    """Compare where the jobs write, and what they accept there."""
    before = {url for old, _ in pairs if old is not None for url in (old.repository, old.copies_to)}
    for old, new in pairs:
        if old is not None and new is not None:
            yield from _repository(old, new, situation)
            yield from _mirror(old, new)
    written = {job.repository for _, job in pairs if job is not None and job.role == PodRole.BACKUP}
    written |= {job.copies_to for _, job in pairs if job is not None}
    for url in sorted(written & situation.repositories.keys() - before):
        if situation.repositories[url].id is None:
            yield _bootstrap(url, situation)


def _repository(old: RenderedJob, new: RenderedJob, situation: Situation) -> Iterator[Impact]:
    elsewhere = new.role == PodRole.BACKUP and old.repository != new.repository
    if elsewhere:
        refused = (
            f"; the new one is refused unless its id is `{_short(new.repository_id)}`" if new.repository_id else ""
        )
        message = (
            f"`{new.subject}` backs up to {_named(new.repository)} instead of {_named(old.repository)}: unless you "
            "move the repository, the first backup uploads everything; of the snapshots that exist, "
            f"{fate(old, situation)}{refused}"
        )
        yield Impact(ConsequenceKind.REPOSITORY_CHANGED, new.subject, message)
    if old.repository_id == new.repository_id or (elsewhere and new.repository_id):
        return
    if not new.repository_id:
        message = (
            f"`{new.subject}` accepts any repository, it was the one with the id `{_short(old.repository_id)}` only"
        )
        yield Impact(ConsequenceKind.REPOSITORY_UNPINNED, new.subject, message)
    else:
        was = f"`{_short(old.repository_id)}`" if old.repository_id else "any"
        message = (
            f"`{new.subject}` refuses every repository but the one with the id `{_short(new.repository_id)}`, "
            f"it was {was}: `restic cat config` prints the id"
        )
        yield Impact(ConsequenceKind.REPOSITORY_PINNED, new.subject, message)


def _mirror(old: RenderedJob, new: RenderedJob) -> Iterator[Impact]:
    if old.copies_to != new.copies_to:
        message = (
            f"`{new.subject}` copies to {_named(new.copies_to)} instead of {_named(old.copies_to)}: the first run "
            "uploads everything, and the old copy stays as it is"
        )
        yield Impact(ConsequenceKind.MIRROR_MOVED, new.subject, message)


def _bootstrap(url: str, situation: Situation) -> Impact:
    place = situation.repositories[url].place
    message = (
        f"the repository `{url}` is new to the fleet and has no id: if it does not exist, make it once this is "
        f"deployed, and write its id into `{place}.id`"
    )
    return Impact(ConsequenceKind.BOOTSTRAP_NEEDED, url, message, (f"{situation.bootstrap} | kubectl apply -f -",))


def of_server(change: Change) -> Iterator[Impact]:
    """Compare the volume of a REST server."""
    if change.old is None or change.new is None:
        return
    before, after = (volumes(get_path(obj, "spec", "template")) for obj in (change.old, change.new))
    if before != after:
        old, new = (" and ".join(found.values()) or "nothing" for found in (before, after))
        message = (
            f"`{change.identity.name}` serves {new} instead of {old}: move the repository there before this is "
            "deployed, for every job refuses an empty place"
        )
        yield Impact(ConsequenceKind.SERVER_VOLUME_CHANGED, change.identity.name, message)


def _named(url: str) -> str:
    return f"`{url}`" if url else "one that only the Secret names"


def _short(repository_id: str) -> str:
    return f"{repository_id[:_SHOWN]}…" if len(repository_id) > _SHOWN else repository_id
