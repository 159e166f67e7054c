"""Targets and jobs that come, go, or go by another name; what becomes of their snapshots."""

from collections.abc import Iterator, Mapping
from typing import Final

from backupgen.conventions.roles import PodRole
from backupgen.conventions.units import format_duration
from backupgen.diff.impact.kinds import ConsequenceKind
from backupgen.diff.impact.model import Impact, Situation
from backupgen.diff.impact.snapshots import fate
from backupgen.diff.impact.timing import data_loss, slot_words
from backupgen.diff.jobs import RenderedJob
from backupgen.diff.pairs import Pair

_ENDS: Final[Mapping[str, str]] = {
    PodRole.RETENTION: "nothing forgets, prunes or checks, so the repository grows and damage is not seen",
    PodRole.RESTORE_TEST: "nothing proves any more that these backups can be restored",
}
_RESTS: Final[Mapping[str, str]] = {
    PodRole.BACKUP: "nothing is backed up, and no alert tells",
    PodRole.RETENTION: "nothing is forgotten, pruned or checked",
    PodRole.RESTORE_TEST: "nothing proves that the backups can be restored",
    PodRole.MIRROR: "the copy grows old, and no alert tells",
}


def of_jobs(pair: Pair, situation: Situation) -> Iterator[Impact]:
    """Say whether a job comes, goes, moves, rests or has another name."""
    if pair.new is None:
        if pair.old is not None:
            yield _gone(pair.old, situation)
    elif pair.old is None:
        yield _come(pair.new, situation)
    else:
        yield from _renamed(pair.old, pair.new)
        yield from _suspension(pair.old, pair.new)
        yield from _identity(pair.old, pair.new, situation)


def _come(job: RenderedJob, situation: Situation) -> Impact:
    backup = job.role == PodRole.BACKUP
    loss, left_out = data_loss(job) if backup else None, situation.left_out.get(job.name)
    said = [f"`{job.subject}` will {'be backed up' if backup else 'run'} at {slot_words(job)}"]
    said += [f"up to {format_duration(loss)} of its data can be lost"] if loss and not job.suspended else []
    message = "; ".join([*said, *([left_out] if left_out else [])])
    return Impact(ConsequenceKind.TARGET_ADDED if backup else ConsequenceKind.JOB_ADDED, job.subject, message)


def _gone(job: RenderedJob, situation: Situation) -> Impact:
    name = job.subject
    if job.role == PodRole.BACKUP:
        message = f"nothing backs up `{name}` any more; of its snapshots: {fate(job, situation)}"
        return Impact(ConsequenceKind.TARGET_REMOVED, name, message)
    if job.role == PodRole.MIRROR:
        copy = f"the copy at `{job.copies_to}`" if job.copies_to else "its copy"
        message = f"`{name}` no longer runs: {copy} stays as it is, grows old, and is yours to delete"
        return Impact(ConsequenceKind.JOB_REMOVED, name, message)
    ends = _ENDS.get(job.role)
    return Impact(ConsequenceKind.JOB_REMOVED, name, f"`{name}` no longer runs{': ' + ends if ends else ''}")


def _renamed(old: RenderedJob, new: RenderedJob) -> Iterator[Impact]:
    if old.name != new.name:
        kept = (old.tag, old.instance, old.repository) == (new.tag, new.instance, new.repository)
        why = "with the tag and host of its snapshots, so their history goes on" if kept else "it reads the same data"
        message = f"`{new.subject}` is the new name of `{old.subject}`: {why}"
        yield Impact(ConsequenceKind.TARGET_RENAMED, new.subject, message)
    if old.namespace != new.namespace:
        message = (
            f"`{new.subject}` moves from the namespace `{old.namespace}` to `{new.namespace}`, where its Secret is "
            "sealed anew"
        )
        claims = any(text.startswith("the claim") for text in new.sources.values())
        yield Impact(
            ConsequenceKind.TARGET_MOVED, new.subject, message + ("; claims are other ones there" if claims else "")
        )


def _suspension(old: RenderedJob, new: RenderedJob) -> Iterator[Impact]:
    if new.suspended and not old.suspended:
        what = _RESTS.get(new.role, "nothing happens")
        yield Impact(ConsequenceKind.SUSPENDED, new.subject, f"`{new.subject}` rests: until it is resumed, {what}")
    elif old.suspended and not new.suspended:
        yield Impact(ConsequenceKind.RESUMED, new.subject, f"`{new.subject}` runs again")


def _identity(old: RenderedJob, new: RenderedJob, situation: Situation) -> Iterator[Impact]:
    """Tell what another tag or host means for the snapshots that exist, if the repository is the same."""
    if new.role != PodRole.BACKUP or old.repository != new.repository:
        return
    if old.tag != new.tag:
        message = (
            f"new snapshots of `{new.subject}` get another tag, `{new.tag}`: the retention and the restore test no "
            f"longer look at the old ones; {fate(old, situation)}; `tag: {old.tag}` keeps the history together"
        )
        yield Impact(ConsequenceKind.IDENTITY_CHANGED, new.subject, message)
    elif old.instance != new.instance:
        message = (
            f"new snapshots of `{new.subject}` get another host, `{new.instance}`: the next backup reads everything "
            f"anew, and the retention goes on keeping the last ones of the host `{old.instance}` beside them; "
            f"`hostname: {old.instance}` keeps the history together"
        )
        yield Impact(ConsequenceKind.IDENTITY_CHANGED, new.subject, message)
