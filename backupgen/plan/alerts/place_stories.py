"""The stories of the alerts about places: mirrors, repositories and their servers, the cluster, the scraping."""

from collections.abc import Iterator, Sequence

from backupgen.conventions import metrics
from backupgen.conventions.roles import PodRole
from backupgen.plan.alerts.story import TO_THE_END, Rules, Run, Story, one_of_each_kind
from backupgen.plan.expectations import MonitoredJob
from backupgen.resolve.resolved import Repository, ResolvedFleet

_CHANGE = 10
_BEGUN = 1_000_000
"""When a Job began: ahead, so that nothing is late."""
_HALF_A_DAY = 12 * 60
"""Up to how many minutes a story goes by the minute."""


def stories(rules: Rules, fleet: ResolvedFleet, monitored: Sequence[MonitoredJob]) -> Iterator[Story]:
    """The stories about what is around the jobs of a fleet."""
    kinds = one_of_each_kind(monitored)
    for item in kinds:
        if item.role is PodRole.MIRROR:
            yield _mirror_fails(rules, item)
        if item.role is PodRole.RETENTION:
            yield _refused(rules, item)
    yield from _locks(rules, monitored)
    for repository in fleet.repositories:
        if repository.quota is not None and (retention := _retention(repository, monitored)) is not None:
            yield _full(rules, repository, repository.quota, retention)
        if repository.server is not None:
            yield _down(rules, repository)
    yield _labels_lost(rules)
    if kinds:
        yield _killed(rules, kinds)
        yield _stuck(rules, kinds)
        yield _missing(rules, kinds, monitored)


def _mirror_fails(rules: Rules, item: MonitoredJob) -> Story:
    """First the mirror reports its own exit code, then it ends before it does."""
    waits = rules.pending("BackupMirrorFailed")
    early = _CHANGE + waits + 5
    story = Story(rules, f"{item.job.name} fails", early + waits + 15)
    failing = (1, waits + 5)
    story.pushed(metrics.MIRROR_STATUS, item.job.instance, (0, _CHANGE), failing, (0, TO_THE_END))
    story.pushed(metrics.STATUS, item.job.instance, (0, early + 5), (66, TO_THE_END), status="failure")
    story.holds("BackupMirrorFailed", story.of(item), _CHANGE, early)
    story.holds("BackupMirrorFailed", story.of(item), early + 5)
    return story


def _refused(rules: Rules, item: MonitoredJob) -> Story:
    """The plan of one tag is refused, that of another is not; then it succeeds, and its group has neither."""
    waits = rules.pending("BackupRetentionRefused")
    released = _CHANGE + waits + 5
    story = Story(rules, f"{item.job.name} refuses a plan", released + 10)
    refused: list[Run] = [("_", _CHANGE), (1, waits + 5), ("stale", TO_THE_END)]
    story.pushed(metrics.RETENTION_REFUSED, item.job.instance, *refused, tag="one")
    story.pushed(metrics.RETENTION_REFUSED, item.job.instance, (0, released), ("stale", TO_THE_END), tag="two")
    story.holds("BackupRetentionRefused", story.of(item) | {"tag": "one"}, _CHANGE, released)
    return story


def _locks(rules: Rules, monitored: Sequence[MonitoredJob]) -> Iterator[Story]:
    """A lock that every job sees; and one that a job saw which was not the last to look."""
    lookers = [item for item in monitored if item.max_success_age and not item.mirror]
    if not lookers:
        return
    waits = rules.pending("BackupLockHeld")
    step = 1 if waits <= _HALF_A_DAY else -(-waits // 100)
    pending = rules.pending("BackupLockHeld", step)
    story = Story(rules, "a lock that nobody lets go of", _CHANGE + pending + 5, step)
    last, *others = [item for item in lookers if item.repository == lookers[0].repository][:2]
    _looks(story, last, "now", ("_", _CHANGE), (1, TO_THE_END))
    for item in others:
        _looks(story, item, "now-60", ("_", TO_THE_END))
    story.holds("BackupLockHeld", {"repository": last.repository, "holder": "root@laptop"}, _CHANGE)
    yield story
    if others:
        gone = Story(rules, "a lock that is gone when the next job looks", pending + 5, step)
        _looks(gone, last, "now", ("_", TO_THE_END))
        _looks(gone, others[0], "now-60", (1, TO_THE_END))
        yield gone


def _looks(story: Story, item: MonitoredJob, start: str, *lock: Run) -> None:
    """A job that has just begun, or a minute ago, and what it sees."""
    story.pushed(metrics.START, item.job.instance, (start, TO_THE_END))
    story.pushed(metrics.LAST_SUCCESS, item.job.instance, (start, TO_THE_END))
    story.pushed(metrics.REPOSITORY_LOCK, item.job.instance, (0, TO_THE_END), holder="")
    story.pushed(metrics.REPOSITORY_LOCK, item.job.instance, *lock, holder="root@laptop")


def _retention(repository: Repository, monitored: Sequence[MonitoredJob]) -> MonitoredJob | None:
    return next(
        (
            item
            for item in monitored
            if item.max_success_age and item.role is PodRole.RETENTION and item.repository == repository.name
        ),
        None,
    )


def _full(rules: Rules, repository: Repository, quota: int, retention: MonitoredJob) -> Story:
    waits = rules.pending("BackupRepositoryNearQuota")
    story = Story(rules, f"repository {repository.name} comes near its quota", _CHANGE + waits + 5)
    most = quota * rules.wanted.threshold("BackupRepositoryNearQuota") // 100
    story.pushed(metrics.REPOSITORY_SIZE, retention.job.instance, (most, _CHANGE), (most + 1, TO_THE_END))
    story.holds("BackupRepositoryNearQuota", {"repository": repository.name}, _CHANGE)
    return story


def _down(rules: Rules, repository: Repository) -> Story:
    """It answers, does not, and is not even scraped any more."""
    server = repository.server
    assert server is not None  # noqa: S101 (who calls has looked)
    waits = rules.pending("BackupServerDown")
    story = Story(rules, f"the server of repository {repository.name} is down", _CHANGE + waits + 10)
    up: list[Run] = [(1, _CHANGE), (0, waits), ("stale", TO_THE_END)]
    story.series("up", *up, job=server.name, namespace=server.namespace)
    about = {"namespace": server.namespace, "server": server.name, "repository": repository.name}
    story.holds("BackupServerDown", about, _CHANGE)
    return story


def _labels_lost(rules: Rules) -> Story:
    story = Story(rules, "the Pushgateway is scraped without honor_labels", rules.pending("BackupLabelsLost") + _CHANGE)
    scraped = {"job": "pushgateway", "instance": "10.0.0.1:9091"}
    pushed = {"exported_job": metrics.JOB, "exported_instance": "some"}
    story.series(metrics.START, ("now", TO_THE_END), **scraped, **pushed)
    story.holds("BackupLabelsLost", scraped, 0)
    return story


def _cluster(story: Story, kinds: Sequence[MonitoredJob]) -> None:
    """The CronJobs of these jobs are there, and have begun a Job."""
    story.leaves_out("BackupCronJobMissing")
    for item in kinds:
        job, name = item.job, {"namespace": item.job.namespace}
        story.series("kube_cronjob_info", (1, TO_THE_END), **name, cronjob=job.name)
        owner = {"owner_kind": "CronJob", "owner_name": job.name, "job_name": f"{job.name}-1"}
        story.series("kube_job_owner", (1, TO_THE_END), **name, **owner)
        story.series("kube_job_status_start_time", (_BEGUN, TO_THE_END), **name, job_name=f"{job.name}-1")


def _killed(rules: Rules, kinds: Sequence[MonitoredJob]) -> Story:
    """Its Job fails, but what was reported last is older than the Job; then a report comes after all.

    The last of the kinds has never reported anything, and does not.
    """
    waits = rules.pending("BackupJobKilled")
    reported = _CHANGE + waits + 5
    story = Story(rules, "a Job fails without a report", reported + 5)
    _cluster(story, kinds)
    for item in kinds:
        failed = {"namespace": item.job.namespace, "job_name": f"{item.job.name}-1", "condition": "true"}
        story.series("kube_job_failed", (0, _CHANGE), (1, TO_THE_END), **failed)
        if item is kinds[-1]:
            story.holds("BackupJobKilled", story.of(item), _CHANGE)
            continue
        for metric in (metrics.START, metrics.LAST_SUCCESS):
            story.pushed(metric, item.job.instance, (_BEGUN - 1, reported), (_BEGUN, TO_THE_END))
        story.holds("BackupJobKilled", story.of(item), _CHANGE, reported)
    return story


def _stuck(rules: Rules, kinds: Sequence[MonitoredJob]) -> Story:
    """Its pod waits; then it runs its init container, in which it is pending too."""
    waits = rules.pending("BackupJobStuck")
    dumps = _CHANGE + waits + 5
    story = Story(rules, "a pod does not start, and then dumps", dumps + 5)
    _cluster(story, kinds)
    for item in kinds:
        pod = {"namespace": item.job.namespace, "pod": f"{item.job.name}-1-a"}
        owner = {"owner_kind": "Job", "owner_name": f"{item.job.name}-1"}
        story.series("kube_pod_owner", (1, TO_THE_END), **pod, **owner)
        story.series("kube_pod_status_phase", (0, _CHANGE), (1, TO_THE_END), **pod, phase="Pending")
        story.series("kube_pod_status_phase", (1, _CHANGE), (0, TO_THE_END), **pod, phase="Running")
        running: list[Run] = [("_", dumps), (1, TO_THE_END)]
        story.series("kube_pod_init_container_status_running", *running, **pod, container="dump")
        story.holds("BackupJobStuck", story.of(item), _CHANGE, dumps)
    return story


def _missing(rules: Rules, kinds: Sequence[MonitoredJob], monitored: Sequence[MonitoredJob]) -> Story:
    """Of the kinds, one CronJob is suspended by hand, and the others vanish."""
    story = Story(rules, "CronJobs are gone or suspended", _CHANGE + rules.pending("BackupCronJobMissing") + 5)
    story.series("kube_cronjob_info", (1, TO_THE_END), namespace="default", cronjob="another")
    for item in (item for item in monitored if item.max_success_age):
        name = {"namespace": item.job.namespace, "cronjob": item.job.name}
        vanishes: list[Run] = [(1, _CHANGE), ("stale", TO_THE_END)] if item in kinds[1:] else [(1, TO_THE_END)]
        story.series("kube_cronjob_info", *vanishes, **name)
        if item in kinds:
            story.series("kube_cronjob_spec_suspend", (0, _CHANGE), (int(item == kinds[0]), TO_THE_END), **name)
            story.holds("BackupCronJobMissing", story.of(item), _CHANGE)
    return story
