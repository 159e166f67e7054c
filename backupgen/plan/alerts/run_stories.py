"""The stories of the alerts about runs: failed, late, slow, shrunk, never seen."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, pairwise, takewhile

from backupgen.conventions import metrics
from backupgen.conventions.roles import PodRole
from backupgen.plan.alerts.runs import NEVER, SHRINK_WINDOW
from backupgen.plan.alerts.story import TO_THE_END, Rules, Run, Story, one_of_each_kind
from backupgen.plan.expectations import MonitoredJob
from backupgen.resolve.targets import MAX_SHRINK
from backupgen.schedule import CYCLE_START, CronExpr, load_zone, next_firings

EXIT_CODES = (1, 2, 3, 10, 11, 12, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 124, 130, 137, 143)
"""restic's and the scripts' (templates/scripts/lib.sh), and that of a SIGKILL."""
_FEW_CODES = (1, 3, 143)
_PATIENCE = 45
"""For how many steps an alert may wait and still get a phase for each exit code."""
_QUIET = 2
_CHANGE = 10
"""The step at which a condition begins to hold."""
_DAY = 86400


def stories(rules: Rules, monitored: Sequence[MonitoredJob], schedules: Mapping[str, CronExpr]) -> Iterator[Story]:
    """The stories about the jobs of a fleet. Raises KeyError if an expected job has no schedule."""
    kinds = one_of_each_kind(monitored)
    if not kinds:
        return
    yield from _exit_codes(rules, kinds)
    yield _late(rules, kinds)
    yield _back_in_time(rules, kinds)
    yield _by_schedule(rules, kinds, schedules)
    yield _without_success(rules, kinds)
    yield _never_a_success(rules, kinds)
    yield _first_deployment(rules, kinds)
    yield _forgotten(rules, kinds)
    yield _not_expected(rules, [item for item in monitored if not item.max_success_age])
    yield _slow(rules, kinds)
    shrinking = {
        item.max_shrink: item for item in reversed(monitored) if item.role is PodRole.BACKUP and item.max_success_age
    }
    for share, item in sorted(shrinking.items()):
        yield _shrunk(rules, item, share)
        if share < 100:
            yield _shrunk_long_ago(rules, item)
    for item in kinds:
        if item.role is PodRole.RESTORE_TEST:
            yield _unverified_tag(rules, item)


def _failing(item: MonitoredJob, code: int) -> str:
    """The alert of a job that ends with an exit code."""
    if item.role is PodRole.RESTORE_TEST:
        return "BackupRestoreTestFailed"
    if item.role is PodRole.MIRROR:
        return "BackupMirrorFailed"
    return "BackupPartial" if item.role is PodRole.BACKUP and code == 3 else "BackupFailed"


def _exit_codes(rules: Rules, kinds: Sequence[MonitoredJob]) -> Iterator[Story]:
    """One story for the kinds whose alerts wait equally long."""
    waiting: dict[int, list[MonitoredJob]] = {}
    for item in kinds:
        waiting.setdefault(max(rules.pending(_failing(item, code)) for code in (1, 3)), []).append(item)
    for waits, items in waiting.items():
        codes = EXIT_CODES if waits <= _PATIENCE else _FEW_CODES
        length = waits + 1
        named = ", ".join(item.job.name for item in items)
        story = Story(rules, f"each exit code: {named}", (length + _QUIET) * len(codes))
        for item in items:
            runs: list[Run] = []
            for number, code in enumerate(codes):
                since = number * (length + _QUIET) + _QUIET
                runs += [(0, _QUIET), (code, length)]
                story.holds(_failing(item, code), story.of(item), since, since + length)
            story.pushed(metrics.STATUS, item.job.instance, *runs, (0, TO_THE_END), status="failure")
        yield story


def _alert_of_lateness(item: MonitoredJob) -> str:
    by_role = {PodRole.RESTORE_TEST: "BackupRestoreTestStale", PodRole.MIRROR: "BackupMirrorStale"}
    return by_role.get(item.role, "BackupOverdue")


def _alert_of_failures(item: MonitoredJob) -> str:
    return "BackupMirrorUnverified" if item.mirror else "BackupNotSucceeding"


def _just_in_time(item: MonitoredJob) -> int:
    """An instant that is exactly as old as is in order at the step at which things change."""
    return _CHANGE * 60 - item.max_success_age


def _late(rules: Rules, kinds: Sequence[MonitoredJob]) -> Story:
    waits = max(rules.pending(_alert_of_lateness(item)) for item in kinds)
    story = Story(rules, "more runs are missed than may be", _CHANGE + waits + 5)
    for item in kinds:
        for metric in (metrics.START, metrics.LAST_SUCCESS):
            story.pushed(metric, item.job.instance, (_just_in_time(item), TO_THE_END))
        story.holds(_alert_of_lateness(item), story.of(item), _CHANGE + 1)
    return story


def _back_in_time(rules: Rules, kinds: Sequence[MonitoredJob]) -> Story:
    story = Story(rules, "a run that is as late as it may be", _CHANGE + 30)
    for item in kinds:
        for metric in (metrics.START, metrics.LAST_SUCCESS):
            last = (_just_in_time(item), _CHANGE + 1)
            story.pushed(metric, item.job.instance, last, (_CHANGE * 60, TO_THE_END))
    story.looks(*range(_CHANGE, _CHANGE + 30, 5))
    return story


def _by_schedule(rules: Rules, kinds: Sequence[MonitoredJob], schedules: Mapping[str, CronExpr]) -> Story:
    """The most frequent job starts as late and takes as long as it may, across the longest gap of a day."""
    item = kinds[0]
    job = item.job
    firings = next_firings(schedules[job.name], load_zone(job.timezone), CYCLE_START)
    instants = list(islice(takewhile(lambda instant: instant < CYCLE_START + 3 * _DAY, firings), 200))
    if not instants:
        instants = list(islice(next_firings(schedules[job.name], load_zone(job.timezone), CYCLE_START), 2))
    gaps = [later - first for first, later in pairwise(instants)]
    at = gaps.index(max(gaps)) if gaps else 0
    chosen = instants[max(0, at - 1) : at + 3]
    step = 1 if chosen[-1] - chosen[0] <= _DAY else 60
    starts = [instant - chosen[0] + job.start_within for instant in chosen]
    reports = [-(-(start + job.deadline + job.grace) // (60 * step)) for start in starts]
    story = Story(rules, f"{job.name} runs by its schedule, as late as it may", reports[-1] + 5, step)
    runs: list[Run] = [("_", reports[0])]
    for number, start in enumerate(starts):
        until = reports[number + 1] if number + 1 < len(reports) else None
        runs.append((start, TO_THE_END if until is None else until - reports[number]))
    for metric in (metrics.START, metrics.LAST_SUCCESS):
        story.pushed(metric, job.instance, *runs)
    story.looks(*(report - 1 for report in reports))
    return story


def _without_success(rules: Rules, kinds: Sequence[MonitoredJob]) -> Story:
    waits = max(rules.pending(_alert_of_failures(item)) for item in kinds)
    story = Story(rules, "runs start, but none succeeds", _CHANGE + waits + 5)
    for item in kinds:
        story.pushed(metrics.START, item.job.instance, ("now", TO_THE_END))
        story.pushed(metrics.LAST_SUCCESS, item.job.instance, (_just_in_time(item), TO_THE_END))
        story.holds(_alert_of_failures(item), story.of(item), _CHANGE + 1)
    return story


def _never_a_success(rules: Rules, kinds: Sequence[MonitoredJob]) -> Story:
    """What counts then is since when the job has been expected."""
    waits = max(rules.pending(_alert_of_failures(item)) for item in kinds)
    story = Story(rules, "runs start, but none has ever succeeded", _CHANGE + waits + 5)
    for item in kinds:
        story.pushed(metrics.START, item.job.instance, ("now", TO_THE_END))
        story.series(metrics.EXPECTED_SINCE, (_just_in_time(item), 1), ("stale", 1), **_remembered(rules, item))
        story.holds(_alert_of_failures(item), story.of(item), _CHANGE + 1)
    return story


def _remembered(rules: Rules, item: MonitoredJob) -> dict[str, str]:
    """Labels of what Prometheus knows of a job from before the story."""
    return {"fleet": rules.fleet, "instance": item.job.instance, "told": "before"}


def _first_deployment(rules: Rules, kinds: Sequence[MonitoredJob]) -> Story:
    """Nothing was ever pushed. Since when the jobs are expected is what Prometheus remembers."""
    reports = _CHANGE + rules.pending("BackupNeverRun") + 5
    story = Story(rules, "jobs that have never reported, until they do", reports + 5)
    for item in kinds:
        since = _CHANGE * 60 - max(item.max_success_age, NEVER)
        story.series(metrics.EXPECTED_SINCE, (since, 1), ("stale", 1), **_remembered(rules, item))
        for metric in (metrics.START, metrics.LAST_SUCCESS):
            story.pushed(metric, item.job.instance, ("_", reports), ("now", TO_THE_END))
        story.holds("BackupNeverRun", story.of(item), _CHANGE + 1, reports)
    return story


def _forgotten(rules: Rules, kinds: Sequence[MonitoredJob]) -> Story:
    """The Pushgateway restarts and has forgotten all; one job runs again but only fails, the others never run."""
    restart, again, change = 20, 25, 40
    first, *others = kinds
    waits = max(
        rules.pending(_alert_of_failures(first)), *(rules.pending(_alert_of_lateness(item)) for item in others), 0
    )
    story = Story(rules, "the Pushgateway restarts, one job fails from then on, others rest", change + waits + 5)
    for item in kinds:
        before: Run = (change * 60 - item.max_success_age, restart)
        after: tuple[Run, ...] = (("stale", again - restart), ("now" if item is first else "_", TO_THE_END))
        story.pushed(metrics.START, item.job.instance, before, *after)
        story.pushed(metrics.LAST_SUCCESS, item.job.instance, before, ("stale", TO_THE_END))
        alert = _alert_of_failures(item) if item is first else _alert_of_lateness(item)
        story.holds(alert, story.of(item), change + 1)
    return story


def _not_expected(rules: Rules, resting: Sequence[MonitoredJob]) -> Story:
    """A target that was removed, and jobs that are suspended: their groups live on in the Pushgateway."""
    story = Story(rules, "groups of what the fleet does not expect", rules.pending("BackupNotInFleet") + 5)
    for instance in ("no-longer-in-the-fleet", *(item.job.instance for item in resting)):
        for metric in (metrics.START, metrics.LAST_SUCCESS):
            story.pushed(metric, instance, (-366 * _DAY, TO_THE_END))
        story.pushed(metrics.STATUS, instance, (1, TO_THE_END), status="failure")
        story.pushed(metrics.RESTORE_STATUS, instance, (72, TO_THE_END), tag="no-longer-in-the-fleet")
        story.pushed(metrics.MIRROR_STATUS, instance, (1, TO_THE_END))
        story.pushed(metrics.REPOSITORY_LOCK, instance, (1, TO_THE_END), holder="root@laptop")
    story.holds("BackupNotInFleet", {"instance": "no-longer-in-the-fleet"}, 0)
    return story


def _slow(rules: Rules, kinds: Sequence[MonitoredJob]) -> Story:
    percent = rules.wanted.threshold("BackupNearDeadline")
    waits = rules.pending("BackupNearDeadline")
    failed = _CHANGE + waits + 5
    story = Story(rules, "a run takes nearly all of its deadline", failed + waits + 5)
    for item in kinds:
        longest = item.job.deadline * percent // 100
        story.pushed(metrics.DURATION, item.job.instance, (longest, _CHANGE), (longest + 1, TO_THE_END))
        story.pushed(metrics.STATUS, item.job.instance, (0, failed), ("stale", TO_THE_END), status="success")
        story.holds("BackupNearDeadline", story.of(item), _CHANGE, failed)
    return story


def _shrunk(rules: Rules, item: MonitoredJob, share: int) -> Story:
    waits = rules.pending("BackupSnapshotShrank")
    name = "half" if share == MAX_SHRINK else f"{share} %"
    story = Story(rules, f"a snapshot of {item.job.name} is smaller by more than {name}", 2 * _CHANGE + waits + 5)
    least = 100_000 - 1000 * share
    if 1 - least / 100_000 > share / 100:
        least += 1  # what a float makes of it
    smaller = (max(least - 1, 0), TO_THE_END)
    story.pushed(metrics.SNAPSHOT_BYTES, item.job.instance, (100_000, _CHANGE), (least, _CHANGE), smaller)
    if share < 100:
        story.holds("BackupSnapshotShrank", story.of(item), 2 * _CHANGE)
    return story


def _shrunk_long_ago(rules: Rules, item: MonitoredJob) -> Story:
    """What was there a week ago is what it is compared with, and no longer."""
    step = 1000
    waits = rules.pending("BackupSnapshotShrank", step)
    week = SHRINK_WINDOW // (step * 60)
    story = Story(rules, f"a snapshot of {item.job.name} has been smaller for a week", week + waits + 5, step)
    story.pushed(metrics.SNAPSHOT_BYTES, item.job.instance, (100_000, 1), (1, TO_THE_END))
    story.holds("BackupSnapshotShrank", story.of(item), 1, week + 1)
    return story


def _unverified_tag(rules: Rules, item: MonitoredJob) -> Story:
    """One of two tags cannot be verified; then the drill ends before it reports any."""
    waits = rules.pending("BackupRestoreTestFailed")
    early = _CHANGE + waits + 5
    story = Story(rules, f"{item.job.name} cannot verify a tag", early + waits + 5)
    instance = item.job.instance
    story.pushed(metrics.RESTORE_STATUS, instance, (0, _CHANGE), (72, waits + 5), ("stale", TO_THE_END), tag="one")
    story.pushed(metrics.RESTORE_STATUS, instance, (0, early), ("stale", TO_THE_END), tag="two")
    story.pushed(metrics.STATUS, instance, (0, _CHANGE), (72, TO_THE_END), status="failure")
    story.holds("BackupRestoreTestFailed", story.of(item) | {"tag": "one"}, _CHANGE, early)
    story.holds("BackupRestoreTestFailed", story.of(item), early)
    return story
