"""ResolvedFleet -> the operations that the schedule proof is about."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from backupgen.conventions import naming
from backupgen.conventions.roles import PodRole
from backupgen.resolve import resolved
from backupgen.resolve.resolved import Job, Repository, ResolvedFleet, Target
from backupgen.schedule import (
    ALL_HOURS,
    CronError,
    CronExpr,
    Operation,
    Pool,
    PoolKind,
    Request,
    Shortage,
    Use,
    parse_cron,
    place,
)

_ANY = parse_cron("0 * * * *")
"""Stands for the slot of an operation that has none yet."""

BEFORE_LOCK: Final = 600
"""Seconds that may pass from the Job's start until restic asks for its lock, where no dump and no hook comes first.

For a node and an image, up to five minutes of `restic unlock` where the repository is slow, and questions of whether
it is there.
"""

NOTHING_CHOSEN: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class ScheduleInput:
    """Every operation with its slot, and what the proof has to know beside them."""

    operations: tuple[Operation, ...]
    """The backups in the order of the targets, then each repository's own operations."""
    chosen: Mapping[str, CronExpr]
    """The slots that the compiler chose, by job: what `at:` would say; `skip` and yielding come on top."""
    shortages: tuple[Shortage, ...]
    """Where not all of them found room."""
    limits: Mapping[Pool, int]
    """How many operations a repository or a node takes at once."""


def schedule_input(fleet: ResolvedFleet, chosen_before: Mapping[str, str] = NOTHING_CHOSEN) -> ScheduleInput:
    """Give every operation its slot and its lock.

    `chosen_before` maps a job to the slot that was chosen for it when it was rendered last; it is kept where it can be.
    A suspended operation counts as well: it may be resumed, or started by hand, at any time.
    """
    repositories = {repository.name: repository for repository in fleet.repositories}
    own = [operation for repository in fleet.repositories for operation in _of_repository(fleet, repository)]
    backups = {target.job.name: _backup(fleet, target, repositories[target.repository]) for target in fleet.targets}
    auto = [target for target in fleet.targets if not isinstance(target.job.slot, CronExpr)]
    requests = [
        Request(backups[target.job.name], target.job.every, _closed(target), _slot(chosen_before.get(target.job.name)))
        for target in auto
    ]
    placed_by_hand = [backups[target.job.name] for target in fleet.targets if isinstance(target.job.slot, CronExpr)]
    limits = _limits(fleet)
    placement = place(requests, [*placed_by_hand, *own], limits)
    for target in auto:
        slot = placement.slots[target.job.name]
        rest = slot.without_hours(_closed(target)) or slot
        backups[target.job.name] = _backup(fleet, target, repositories[target.repository], rest)
    return ScheduleInput((*backups.values(), *own), placement.slots, placement.shortages, limits)


def _closed(target: Target) -> int:
    """The hours in which a target whose slot is chosen does not start."""
    return target.skip | ALL_HOURS & ~target.between


def _slot(text: str | None) -> CronExpr | None:
    try:
        return None if text is None else parse_cron(text)
    except CronError:
        return None


def _limits(fleet: ResolvedFleet) -> dict[Pool, int]:
    limits = {Pool(PoolKind.REPOSITORY, repository.name): repository.parallel for repository in fleet.repositories}
    return limits | {Pool(PoolKind.NODE, node.name): node.parallel for node in fleet.nodes}


def _backup(fleet: ResolvedFleet, target: Target, repository: Repository, slot: CronExpr = _ANY) -> Operation:
    schedule = target.job.slot if isinstance(target.job.slot, CronExpr) else slot
    node = _node(fleet, target.job.placement.node_selector)
    operation = _operation(target.job, repository, Use.BACKUP, schedule, node=node, yields=target.yields)
    # Nobody knows when a dump or a hook has ended: what then asks for the lock may have no time left to wait for it.
    return replace(operation, needs=None) if target.dump is not None or target.before else operation


def _operation(
    job: Job,
    repository: Repository,
    use: Use,
    schedule: CronExpr,
    *,
    node: str,
    yields: bool = False,
    commands: int = 1,
) -> Operation:
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
        may_yield=yields,
        # What is left when a run ends itself ahead of its deadline is no time to wait either.
        needs=None if job.needs is None else job.needs + BEFORE_LOCK + job.deadline - job.ends_itself,
        locks=commands * (job.retries + 1),
        node=node,
    )


def _of_repository(fleet: ResolvedFleet, repository: Repository) -> Iterator[Operation]:
    for each in repository.operations():
        if not isinstance(each.job.slot, CronExpr):
            continue
        node, commands = _node(fleet, _node_labels(each)), _commands(fleet, each)
        operation = _operation(each.job, repository, _use(each), each.job.slot, node=node, commands=commands)
        if each.restore_test is not None and each.mirror is not None:
            # It reads the copy, which is a repository of its own, without a lock: nobody removes anything there.
            operation = replace(operation, repository=naming.mirror_owner(repository.name, each.mirror.name))
        yield operation


def _commands(fleet: ResolvedFleet, operation: resolved.Operation) -> int:
    """How many commands of restic a run has that take a lock."""
    targets = len(fleet.targets_of(operation.repository.name))
    if operation.retention is not None:
        # One `forget` for each target and legacy tag, then `prune` and `check`.
        return targets + len(operation.retention.legacy) + 2
    if operation.restore_test is not None and operation.mirror is None:
        # One `restore` for each target; what else it asks takes no lock.
        return max(targets, 1)
    return 1


def _use(operation: resolved.Operation) -> Use:
    """What an operation on a whole repository does to it.

    The script of `rclone` copies from frozen lists, so it may meet backups; `restic copy` locks as a reader.
    """
    if operation.role is PodRole.RETENTION:
        return Use.EXCLUSIVE
    return Use.FILE_COPY if operation.copy is not None and operation.copy.method == "rclone" else Use.READ


def _node_labels(operation: resolved.Operation) -> Mapping[str, str]:
    """The node selector of its pods; a copy of the fleet's own server's files runs beside the server."""
    own, server = operation.job.placement.node_selector, operation.repository.server
    if server is not None and _use(operation) is Use.FILE_COPY:
        return {**server.placement.node_selector, **own}
    return own


def _node(fleet: ResolvedFleet, labels: Mapping[str, str]) -> str:
    """The name of the node that a node selector leads to; empty where the fleet names none."""
    return next((node.name for node in fleet.nodes if node.labels.items() <= labels.items()), "")
