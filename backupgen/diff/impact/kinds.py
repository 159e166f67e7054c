"""The kinds of consequences: what `diff --format json` calls them, and how serious each is."""

from enum import Enum, StrEnum
from typing import Final


class Level(StrEnum):
    """How serious a consequence is."""

    RISK = "risk"
    """Less is protected than before, or data go."""
    ACTION = "action"
    """Somebody has to do something that no render and no GitOps controller does."""
    NOTE = "note"
    """Anything else."""


class ConsequenceKind(Enum):
    """One kind of consequence. They are told in this order, the most serious first."""

    TARGET_REMOVED = ("target-removed", Level.RISK, "A target goes; what becomes of its snapshots.")
    JOB_REMOVED = ("job-removed", Level.RISK, "A job of the fleet's own goes: retention, restore test or mirror.")
    SUSPENDED = ("suspended", Level.RISK, "A job does not run until it is resumed.")
    IDENTITY_CHANGED = (
        "identity-changed",
        Level.RISK,
        "New snapshots carry another tag or host than those that exist.",
    )
    REPOSITORY_CHANGED = ("repository-changed", Level.RISK, "A job uses another repository.")
    REPOSITORY_UNPINNED = ("repository-unpinned", Level.RISK, "A job accepts any repository in the place of its own.")
    SOURCE_REMOVED = ("source-removed", Level.RISK, "A target leaves out a volume that it backed up, or reads another.")
    EXCLUDE_ADDED = ("exclude-added", Level.RISK, "A target excludes more.")
    RETENTION_SHRUNK = ("retention-shrunk", Level.RISK, "Fewer snapshots of a tag are kept.")
    TAG_EXPIRES = ("tag-expires", Level.RISK, "The snapshots of a tag that no target has are forgotten by their age.")
    RPO_WORSE = (
        "rpo-worse",
        Level.RISK,
        "More data can be lost: gap between runs, start window and deadline together.",
    )
    RUN_SKIPPED = ("run-skipped", Level.RISK, "The change of the schedule leads to a longer gap than usual, once.")
    RESTORE_TEST_WEAKER = ("restore-test-weaker", Level.RISK, "A restore test looks for less.")
    ALERT_REMOVED = ("alert-removed", Level.RISK, "An alert goes, or all of them.")

    TARGET_RENAMED = ("target-renamed", Level.ACTION, "A target goes by another name, certainly the same one.")
    TARGET_MOVED = ("target-moved", Level.ACTION, "A target or job moves to another namespace, and its Secret with it.")
    VERSIONS_MEET = (
        "versions-meet",
        Level.ACTION,
        "An exclusive job moves: until the change is everywhere, it may meet jobs of the old version.",
    )
    REPOSITORY_PINNED = (
        "repository-pinned",
        Level.ACTION,
        "A job refuses every repository but one; another id than before.",
    )
    BOOTSTRAP_NEEDED = ("bootstrap-needed", Level.ACTION, "A repository has to be made, once.")
    MIRROR_MOVED = ("mirror-moved", Level.ACTION, "A mirror copies to another place.")
    SERVER_VOLUME_CHANGED = ("server-volume-changed", Level.ACTION, "The REST server serves another volume.")
    CREDENTIALS_MISSING = ("credentials-missing", Level.ACTION, "A Secret needs values that nobody has given yet.")
    SECRET_KEYS_ADDED = (
        "secret-keys-added",
        Level.ACTION,
        "A Secret is new or needs further keys, and has to be sealed.",
    )
    SECRET_VALUES_CHANGED = ("secret-values-changed", Level.ACTION, "A Secret has to be sealed with other values.")
    SECRET_RESEALED = (
        "secret-resealed",
        Level.ACTION,
        "A sealed Secret has other labels or the like: it is sealed anew.",
    )
    PUSHGATEWAY_CHANGED = ("pushgateway-changed", Level.ACTION, "A job reports to another Pushgateway, or to none.")
    PUSHGATEWAY_GROUP = (
        "pushgateway-group",
        Level.ACTION,
        "The Pushgateway keeps what a job that is gone reported last.",
    )

    TARGET_ADDED = ("target-added", Level.NOTE, "A target comes.")
    JOB_ADDED = ("job-added", Level.NOTE, "A job of the fleet's own comes.")
    RESUMED = ("resumed", Level.NOTE, "A suspended job runs again.")
    SCHEDULE_CHANGED = ("schedule-changed", Level.NOTE, "A job runs at other times.")
    RPO_BETTER = ("rpo-better", Level.NOTE, "Less data can be lost.")
    DEADLINE_CHANGED = ("deadline-changed", Level.NOTE, "A run may take another time.")
    SOURCE_ADDED = ("source-added", Level.NOTE, "A target backs up a further volume.")
    COMMAND_CHANGED = (
        "command-changed",
        Level.NOTE,
        "A backup has another dump, or another command before or after it.",
    )
    SOURCE_MOVED = ("source-moved", Level.NOTE, "The same data stand under another path in new snapshots.")
    EXCLUDE_REMOVED = ("exclude-removed", Level.NOTE, "A target excludes less.")
    RETENTION_GROWN = ("retention-grown", Level.NOTE, "More snapshots of a tag are kept, or all of them.")
    RETENTION_ADDED = ("retention-added", Level.NOTE, "The snapshots of a tag are thinned out from now on.")
    RESTORE_TEST_CHANGED = ("restore-test-changed", Level.NOTE, "A restore test looks for more, or for other things.")
    PLAN_CHANGED = ("plan-changed", Level.NOTE, "A job of the fleet's own does other things.")
    ALERT_ADDED = ("alert-added", Level.NOTE, "An alert comes.")
    ALERT_CHANGED = ("alert-changed", Level.NOTE, "An alert has another severity, delay or expression.")
    ALERT_THRESHOLD_CHANGED = (
        "alert-threshold-changed",
        Level.NOTE,
        "What an alert compares a job with, as when it is overdue.",
    )
    SECRET_KEYS_REMOVED = ("secret-keys-removed", Level.NOTE, "A Secret no longer needs some keys.")
    RIGHTS_ADDED = ("rights-added", Level.NOTE, "A job gets rights in the cluster.")
    IMAGE_CHANGED = ("image-changed", Level.NOTE, "A container runs another image.")

    def __init__(self, slug: str, level: Level, summary: str) -> None:
        self.slug: Final = slug
        """Its name for programs, which never changes."""
        self.level: Final = level
        self.summary: Final = summary
        """What happened, one sentence: for the documentation."""


RANK: Final = {kind: number for number, kind in enumerate(ConsequenceKind)}
