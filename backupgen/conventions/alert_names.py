"""The names of the alerts that the compiler writes."""

ALERT_NAMES = (
    "BackupFailed",
    "BackupPartial",
    "BackupNotSucceeding",
    "BackupOverdue",
    "BackupNeverRun",
    "BackupNearDeadline",
    "BackupSnapshotShrank",
    "BackupRestoreTestFailed",
    "BackupRestoreTestStale",
    "BackupRetentionRefused",
    "BackupMirrorFailed",
    "BackupMirrorStale",
    "BackupMirrorUnverified",
    "BackupLockHeld",
    "BackupRepositoryNearQuota",
    "BackupNotInFleet",
    "BackupLabelsLost",
    "BackupServerDown",
    "BackupJobKilled",
    "BackupJobStuck",
    "BackupCronJobMissing",
)
"""The compiler's alerts; a fleet has those that it has a use for."""
