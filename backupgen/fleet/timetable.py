"""ResolvedFleet -> the operations that the schedule proof is about."""

from collections.abc import Iterator
from dataclasses import replace

from backupgen.fleet import naming
from backupgen.fleet.resolved import Job, Mirror, Repository, ResolvedFleet, Target
from backupgen.schedule import CronExpr, Operation, Placer, Use, parse_cron

_ANY = parse_cron("0 * * * *")
"""Stands for the slot of an operation that has none yet."""

_ATTEMPTS = 200


def operations_of(fleet: ResolvedFleet) -> tuple[Operation, ...]:
    """Every operation with its slot and its lock; `auto` slots are chosen here.

    A suspended operation counts as well: it may be resumed, or started by hand, at any time.
    """
    repositories = {repository.name: repository for repository in fleet.repositories}
    own = [operation for repository in fleet.repositories for operation in _of_repository(repository)]
    explicit = {
        target.name: _operation(target.job, repositories[target.repository], Use.BACKUP, target.job.slot)
        for target in fleet.targets
        if isinstance(target.job.slot, CronExpr)
    }
    placer = Placer((*explicit.values(), *own))
    backups = [
        explicit.get(target.name) or _placed(target, repositories[target.repository], placer)
        for target in fleet.targets
    ]
    return (*backups, *own)


def _placed(target: Target, repository: Repository, placer: Placer) -> Operation:
    """Choose the slot. One that lies in the skipped hours as a whole is passed over for that of a longer name."""
    operation = _operation(target.job, repository, Use.BACKUP, _ANY)
    chosen = placer.place(operation, target.job.every)
    left = chosen.without_hours(target.skip)
    for attempt in range(1, _ATTEMPTS):
        if left is not None:
            break
        longer = replace(operation, name=operation.name + "+" * attempt)
        left = placer.place(longer, target.job.every).without_hours(target.skip)
    return replace(operation, schedule=left or _in_first_hour(chosen, target.skip))


def _in_first_hour(chosen: CronExpr, skip: int) -> CronExpr:
    """The slot moved to an hour that is not skipped; whether it meets something there is for the proof to say."""
    fields = str(chosen).split()
    fields[1] = str(next(hour for hour in range(24) if not skip >> hour & 1))
    return parse_cron(" ".join(fields))


def _operation(job: Job, repository: Repository, use: Use, schedule: CronExpr) -> Operation:
    return Operation(
        name=job.name,
        repository=repository.name,
        use=use,
        schedule=schedule,
        zone=job.timezone,
        deadline=job.deadline,
        start_within=job.start_within,
        grace=job.grace,
        lock_wait=repository.lock_wait_of(job),
        may_yield=use is Use.BACKUP,
    )


def parallel_of(fleet: ResolvedFleet) -> dict[str, int]:
    """How many backups each repository takes at once."""
    return {repository.name: repository.parallel for repository in fleet.repositories}


def _of_repository(repository: Repository) -> Iterator[Operation]:
    operations: list[tuple[Job, Use]] = []
    if repository.retention is not None:
        operations.append((repository.retention.job, Use.EXCLUSIVE))
    if repository.restore_test is not None:
        operations.append((repository.restore_test.job, Use.READ))
    operations += [(mirror.job, _use(mirror)) for mirror in repository.mirrors]
    for job, use in operations:
        if isinstance(job.slot, CronExpr):
            yield _operation(job, repository, use, job.slot)
    for mirror in repository.mirrors:
        test = mirror.restore_test
        if test is not None and isinstance(test.job.slot, CronExpr):
            # It reads the copy, which is a repository of its own: nobody removes anything there.
            operation = _operation(test.job, repository, Use.READ, test.job.slot)
            yield replace(operation, repository=naming.mirror_owner(repository.name, mirror.name))


def _use(mirror: Mirror) -> Use:
    """The script of `rclone` copies from frozen lists, so it may meet backups; `restic copy` locks as a reader."""
    return Use.FILE_COPY if mirror.method == "rclone" else Use.READ
