"""What becomes of the snapshots that exist."""

from backupgen.diff.impact.model import Situation
from backupgen.diff.jobs import RenderedJob


def fate(job: RenderedJob, situation: Situation) -> str:
    """Say what becomes of the snapshots with a tag that the job no longer makes."""
    tag, holding = job.tag or job.subject, situation.repositories.get(job.repository)
    if holding is None:
        return f"those with the tag `{tag}` stay in the repository, which the fleet no longer uses"
    if tag in holding.owners:
        return f"those with the tag `{tag}` now belong to `{holding.owners[tag]}`, whose retention thins them out"
    if tag in holding.legacy:
        return f"those with the tag `{tag}` are forgotten when older than {holding.legacy[tag]}d, the last one too"
    if not holding.forgets:
        return f"those with the tag `{tag}` stay for ever, for the repository has no retention"
    place = f"{holding.place}.retention.legacy"
    return f"those with the tag `{tag}` stay for ever, until `{place}` says how old they may get, as in `{tag}: 90d`"
