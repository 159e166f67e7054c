"""What a pod of the fleet is for."""

from enum import StrEnum


class PodRole(StrEnum):
    """What a pod is for: the value of its label `backupgen.io/role`, and of the label `kind` of what is expected of it.

    The first four are the operations of a fleet, each a CronJob.
    """

    BACKUP = "backup"
    RETENTION = "retention"
    """forget, prune and check."""
    RESTORE_TEST = "restore-test"
    MIRROR = "mirror"
    RESTORE = "restore"
    """A restore by hand, as the runbooks have it."""
    SERVER = "server"
    """The fleet's own REST server."""

    @property
    def phrase(self) -> str:
        """The role in a sentence: `restore test`."""
        return self.value.replace("-", " ")
