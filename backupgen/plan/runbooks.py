"""The pages for people: what each alert means, how each target is restored, and the fleet at a glance."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from backupgen.conventions import naming
from backupgen.conventions.alert_names import ALERT_NAMES
from backupgen.conventions.units import format_duration
from backupgen.plan.effective_schedules import EffectiveSchedules
from backupgen.plan.facts.access import Secret
from backupgen.plan.facts.manifest import Unit
from backupgen.plan.facts.monitoring import PrometheusRule
from backupgen.plan.facts.pages import Page, Picture
from backupgen.plan.restore import DEADLINE, Restore, restore_of
from backupgen.resolve.resolved import Job, Mirror, Repository, ResolvedFleet, Target, VerifyRule
from backupgen.schedule import load_zone, longest_gap


class Timing(NamedTuple):
    """When a job runs."""

    name: str
    namespace: str
    schedule: str
    timezone: str
    deadline: str
    suspended: bool
    loss: str
    """What is lost at most with it, as a duration; empty: it never fires."""


class Drill(NamedTuple):
    """What restores a target for a test, and from where."""

    mirror: str
    """Empty: the repository."""
    timing: Timing


class Copy(NamedTuple):
    """A mirror of a target's repository."""

    name: str
    location: str
    timing: Timing


class Line(NamedTuple):
    """A target in the fleet's overview."""

    target: str
    namespace: str
    repository: str
    timing: Timing
    rules: tuple[str, ...]
    drills: tuple[Drill, ...]
    copies: tuple[Copy, ...]


class Holder(NamedTuple):
    """A value of the values file, and the Secrets that hold it."""

    value: str
    repositories: tuple[str, ...]
    """Those whose targets all hold it."""
    secrets: tuple[str, ...]
    """The others: `namespace/name`."""


class Access(NamedTuple):
    """A repository, by who may do what to it."""

    name: str
    location: str
    id: str
    server: str
    """The fleet's own REST server: `namespace/name`; empty: somebody else's."""
    backup_user: str
    maintenance_user: str
    password: str
    """The value with the password that opens it."""
    backend: tuple[str, ...]
    """The values with which the backend lets its clients in."""
    maintenance: str
    """The value of the user that may delete; empty: every client may."""
    retention: bool
    """Whether something removes its old snapshots."""
    legacy: tuple[tuple[str, int], ...]
    mirrors: tuple["Access", ...]


def runbook_units(
    fleet: ResolvedFleet, slots: EffectiveSchedules, units: Iterable[Unit], rule: PrometheusRule | None, timetable: str
) -> Iterator[Unit]:
    """The pages of a fleet.

    `units` are those of its objects, for the Secrets among them; `timetable` is the drawing of its schedule, empty for
    a fleet that is too large for one.
    """
    timings = {job.name: _timing(job, slots) for job in fleet.jobs()}
    lines = {target.name: _line(fleet, target, timings) for target in fleet.targets}
    for target in fleet.targets:
        yield Unit(naming.runbook_of_target(target.name), _target_page(fleet, target, lines[target.name]))
    alerts = sorted({alert.alert for alert in rule.alerts} & {*ALERT_NAMES}) if rule is not None else []
    for alert in alerts:
        yield Unit(naming.runbook_of_alert(alert), Page("alert", {"alert": alert, "pushgateway": _pushgateway(fleet)}))
    common = {"gitops": fleet.gitops is not None, "day": format_duration(DEADLINE)}
    yield Unit(naming.RUNBOOK_RESTORE, Page("restore", common))
    yield Unit(naming.RUNBOOK_EXIT_CODES, Page("exit-codes", {"alerts": alerts}))
    if timetable:
        yield Unit(naming.RUNBOOK_TIMETABLE, Picture(timetable))
    overview = {
        "lines": tuple(lines.values()),
        "alerts": alerts,
        "timetable": bool(timetable),
        "repositories": tuple(_access(repository) for repository in fleet.repositories),
        "holders": tuple(_holders(fleet, units)),
    }
    yield Unit(naming.RUNBOOK_OVERVIEW, Page("overview", overview))


def restore_variables(restore: Restore, snapshot: str = "latest", flags: str = "", **more: object) -> dict[str, object]:
    """The variables of the templates that tell of a restore. `flags` are those of `backupgen restore`."""
    return {**restore._asdict(), "snapshot": snapshot, "flags": flags, "inline": False, **more}


def _target_page(fleet: ResolvedFleet, target: Target, line: Line) -> Page:
    restore = restore_of(fleet, target)
    return Page(
        "target",
        {
            **restore_variables(restore, inline=True),
            "line": line,
            "secret": naming.secret(target.name),
            "user": target.job.user,
        },
    )


def _timing(job: Job, slots: EffectiveSchedules) -> Timing:
    schedule = slots.schedules[job.name]
    gap = longest_gap(schedule, load_zone(job.timezone))
    loss = "" if gap is None else format_duration(gap + job.start_within + job.deadline)
    return Timing(
        job.name, job.namespace, str(schedule), job.timezone, format_duration(job.deadline), job.suspend, loss
    )


def _line(fleet: ResolvedFleet, target: Target, timings: Mapping[str, Timing]) -> Line:
    repository = fleet.repository(target.repository)
    return Line(
        target.name,
        target.job.namespace,
        repository.name,
        timings[target.job.name],
        tuple(_rule(rule) for rule in target.verify),
        tuple(_drills(repository, timings)),
        tuple(Copy(mirror.name, mirror.to.text, timings[mirror.job.name]) for mirror in repository.mirrors),
    )


def _rule(rule: VerifyRule) -> str:
    return f"{rule.kind} {rule.file}"


def _drills(repository: Repository, timings: Mapping[str, Timing]) -> Iterator[Drill]:
    for operation in repository.operations():
        if operation.restore_test is not None:
            yield Drill(operation.mirror.name if operation.mirror is not None else "", timings[operation.job.name])


def _pushgateway(fleet: ResolvedFleet) -> str:
    return fleet.pushgateway.location.text if fleet.pushgateway is not None else ""


def _access(repository: Repository) -> Access:
    server = repository.server
    credentials = dict(repository.credentials)
    password = credentials.pop("RESTIC_PASSWORD", "")
    return Access(
        name=repository.name,
        location=repository.location.text,
        id=repository.id or "",
        server=f"{server.namespace}/{server.name}" if server is not None else "",
        backup_user=naming.BACKUP_USER,
        maintenance_user=naming.MAINTENANCE_USER,
        password=password,
        backend=tuple(sorted(credentials.values())),
        maintenance=naming.maintenance_value(repository.name) if server is not None else "",
        retention=repository.retention is not None,
        legacy=tuple(sorted(repository.retention.legacy.items())) if repository.retention is not None else (),
        mirrors=tuple(_of_mirror(repository, mirror) for mirror in repository.mirrors),
    )


def _of_mirror(repository: Repository, mirror: Mirror) -> Access:
    credentials = dict(mirror.credentials)
    password = credentials.pop("MIRROR_RESTIC_PASSWORD", repository.credentials.get("RESTIC_PASSWORD", ""))
    backend = tuple(sorted(credentials.values()))
    return Access(
        mirror.name, mirror.to.text, "", "", "", "", password, backend, "", retention=False, legacy=(), mirrors=()
    )


def _holders(fleet: ResolvedFleet, units: Iterable[Unit]) -> Iterator[Holder]:
    found: dict[str, set[tuple[str, str]]] = {}
    for unit in units:
        if isinstance(unit.facts, Secret):
            meta = unit.facts.meta
            for key in unit.facts.keys:
                for value in key.values:
                    found.setdefault(value, set()).add((meta.namespace, meta.name))
    of_targets = {
        repository.name: {(target.job.namespace, naming.secret(target.name)) for target in targets}
        for repository in fleet.repositories
        if (targets := fleet.targets_of(repository.name))
    }
    for value, secrets in sorted(found.items()):
        every = tuple(name for name, own in of_targets.items() if own <= secrets)
        rest = secrets.difference(*(of_targets[name] for name in every))
        yield Holder(value, every, tuple(f"{namespace}/{name}" for namespace, name in sorted(rest)))
