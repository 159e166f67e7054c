"""Every metric of the fleet: what the scripts push, and what the rendered rules record. No rule or panel knows another.

The scripts push to the Pushgateway group job="backup", instance=<the job's instance>; Prometheus scrapes it with
`honor_labels: true`, so both labels arrive as they were pushed.
"""

from typing import Final, NamedTuple


class Metric(NamedTuple):
    """A metric, its labels beside the group's, and what it means."""

    name: str
    type: str
    labels: tuple[str, ...]
    meaning: str


JOB: Final = "backup"
"""The Pushgateway's job, the same for the whole fleet."""

DURATION: Final = "backup_duration_seconds"
START: Final = "backup_start_timestamp"
STATUS: Final = "backup_status"
LAST_SUCCESS: Final = "backup_last_success_timestamp_seconds"
STEP_STATUS: Final = "backup_step_status"
REPOSITORY_INFO: Final = "backup_repository_info"
REPOSITORY_LOCK: Final = "backup_repository_lock"
REPOSITORY_SIZE: Final = "backup_repository_size_bytes"
SNAPSHOT_BYTES: Final = "backup_snapshot_bytes"
SNAPSHOT_FILES: Final = "backup_snapshot_files"
VANISHED_FILES: Final = "backup_vanished_files"
REPOSITORY_SNAPSHOTS: Final = "backup_repository_snapshots"
UNOWNED_SNAPSHOTS: Final = "backup_unowned_tag_snapshots"
RETENTION_REFUSED: Final = "backup_retention_refused"
RETENTION_FOREIGN: Final = "backup_retention_foreign_snapshots"
RETENTION_CUT: Final = "backup_retention_cut_timestamp_seconds"
RETENTION_KNOWN: Final = "backup_retention_known_snapshots"
RETENTION_POLICY: Final = "backup_retention_policy"
RESTORE_STATUS: Final = "backup_restore_status"
RESTORE_SIZE: Final = "backup_restore_size_bytes"
RESTORE_AGE: Final = "backup_restore_snapshot_age_seconds"
RESTORE_TIME: Final = "backup_restore_timestamp"
MIRROR_STATUS: Final = "backup_mirror_status"
MIRROR_TIME: Final = "backup_mirror_timestamp"
MIRROR_SNAPSHOTS: Final = "backup_mirror_snapshots"

METRICS: Final = (
    Metric(DURATION, "gauge", (), "run time of the job, in seconds"),
    Metric(START, "gauge", (), "Unix time at which the run started"),
    Metric(STATUS, "gauge", ("status",), "exit code of the run; status is success or failure"),
    Metric(LAST_SUCCESS, "gauge", (), "Unix time at which the last successful run ended; outlives failures"),
    Metric(STEP_STATUS, "gauge", ("step",), "exit code of each step of the last run"),
    Metric(REPOSITORY_INFO, "gauge", ("id",), "1; id is the id of the repository that the run opened"),
    Metric(
        REPOSITORY_LOCK,
        "gauge",
        ("holder",),
        '1 for each lock that others held when the run began; holder="" is 0',
    ),
    Metric(SNAPSHOT_BYTES, "gauge", (), "backup.sh: size of the source in the last snapshot made"),
    Metric(SNAPSHOT_FILES, "gauge", (), "backup.sh: files of the source in the last snapshot made"),
    Metric(VANISHED_FILES, "gauge", (), "backup.sh: files that went away while the source was read"),
    Metric(REPOSITORY_SNAPSHOTS, "gauge", ("tag",), "retention.sh: snapshots that a tag has after the run"),
    Metric(REPOSITORY_SIZE, "gauge", (), "retention.sh: size of what the repository's snapshots need"),
    Metric(
        UNOWNED_SNAPSHOTS, "gauge", ("tag",), 'retention.sh: snapshots of a tag that no target owns; tag="" has none'
    ),
    Metric(RETENTION_REFUSED, "gauge", ("tag",), "retention.sh: 1 where the plan of a tag was refused, else 0"),
    Metric(
        RETENTION_FOREIGN,
        "gauge",
        (),
        "retention.sh: snapshots with a target's tag, but another host or further tags; they are left as they are",
    ),
    Metric(
        RETENTION_CUT,
        "gauge",
        ("tag",),
        "retention.sh: Unix time up to which the last retention knew all snapshots of a tag",
    ),
    Metric(RETENTION_KNOWN, "gauge", ("tag",), "retention.sh: snapshots of a tag from before that time that it left"),
    Metric(RETENTION_POLICY, "gauge", ("tag",), "retention.sh: a number for the rules by which it thinned out a tag"),
    Metric(
        RESTORE_STATUS,
        "gauge",
        ("tag",),
        "restore-test.sh: 0 when the tag was restored and verified, else an exit code",
    ),
    Metric(RESTORE_SIZE, "gauge", ("tag",), "restore-test.sh: bytes of the restored snapshot; 0 when not restored"),
    Metric(RESTORE_AGE, "gauge", ("tag",), "restore-test.sh: age of the newest snapshot; -1 when there is none"),
    Metric(RESTORE_TIME, "gauge", (), "restore-test.sh: Unix time at which the drill ended"),
    Metric(MIRROR_STATUS, "gauge", (), "mirror.sh: exit code of the mirror run"),
    Metric(MIRROR_TIME, "gauge", (), "mirror.sh: Unix time at which the mirror run ended"),
    Metric(MIRROR_SNAPSHOTS, "gauge", (), "mirror.sh: snapshots of the source in this run"),
)
"""What the scripts push; `templates/scripts/lib.sh` lists the same."""

EXPECTED_WITHIN: Final = "backup_expected_within_seconds"
JOB_DEADLINE: Final = "backup_job_deadline_seconds"
MAX_SHRINK: Final = "backup_max_shrink_ratio"
QUOTA: Final = "backup_repository_quota_bytes"
EXPECTED_SINCE: Final = "instance:backup_expected_since:first"
LAST_START: Final = "instance:backup_start_timestamp:last"
LAST_SUCCESS_SEEN: Final = "instance:backup_last_success_timestamp_seconds:last"

OF_JOB: Final = ("fleet", "instance", "namespace", "cronjob", "kind", "target", "repository", "mirror")
"""What a constant says of its job; `target` is that of a backup, `mirror` that of a copy and of its restore test."""

RECORDED: Final = (
    Metric(
        EXPECTED_WITHIN,
        "gauge",
        OF_JOB,
        "how long ago an expected job may have started: less while no more runs were missed than may be",
    ),
    Metric(JOB_DEADLINE, "gauge", ("fleet", "instance"), "the deadline of a job of the fleet, suspended or not"),
    Metric(
        MAX_SHRINK,
        "gauge",
        OF_JOB,
        "the share by which a backup's snapshots may shrink, where it is not the usual half",
    ),
    Metric(QUOTA, "gauge", ("fleet", "repository"), "how much room there is for a repository"),
    Metric(EXPECTED_SINCE, "gauge", ("fleet", "instance"), "Unix time since which a job has been expected"),
    Metric(
        LAST_START,
        "gauge",
        ("fleet", "instance"),
        "backup_start_timestamp, kept while the Pushgateway has forgotten it",
    ),
    Metric(
        LAST_SUCCESS_SEEN,
        "gauge",
        ("fleet", "instance"),
        "backup_last_success_timestamp_seconds, kept while the Pushgateway has forgotten it",
    ),
)
"""What the rendered rules record; each series carries the fleet's name, since several fleets may share a Prometheus."""
