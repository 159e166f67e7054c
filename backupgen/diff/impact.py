"""What changes mean, in the words of backups."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from shlex import split
from typing import Any, Final

from backupgen.diff.compare import Action, Change
from backupgen.diff.objects import OTHER_VALUE
from backupgen.fleet import naming
from backupgen.fleet.scalars import format_duration
from backupgen.sealing.sealed import secret_keys


@dataclass(frozen=True, slots=True)
class Impact:
    """One consequence."""

    kind: str
    """What happens, for programs: `target-added`, `schedule-changed` and so on."""
    target: str
    """The target, or the job of the fleet's own."""
    message: str
    """One sentence: lower case, no final period."""


def impact(changes: Iterable[Change], left_out: Mapping[str, str]) -> tuple[Impact, ...]:
    """Return what the changes mean, the most serious first: targets that go, targets that come, then the others.

    `left_out` says, by job, which hours its new schedule leaves out and why, in words.
    """
    found = [one for change in changes for one in _of_change(change, left_out)]
    return tuple(sorted(found, key=lambda one: (_RANK.get(one.kind, len(_RANK)), one.target, one.kind, one.message)))


_RANK: Final = {"target-removed": 0, "target-added": 1, "job-removed": 2, "job-added": 3, "suspended": 4}


_MOST_STEPS: Final = 4


def _of_change(change: Change, left_out: Mapping[str, str]) -> Iterator[Impact]:
    match change.identity.kind:
        case "CronJob" if _role(change.new or change.old):
            reason = left_out.get(change.identity.name)
            yield from _cronjob(change, f"; {reason}" if reason else "")
        case "ConfigMap" if change.identity.name.endswith(naming.plan("")):
            yield from _plan(change)
        case "Secret":
            yield from _secret(change)
        case _:
            pass


def _cronjob(change: Change, left_out: str) -> Iterator[Impact]:
    name, old, new = change.identity.name, change.old, change.new
    backup = _role(new or old) == "backup"
    subject = name.removeprefix(naming.backup("")) if backup else name
    if old is None and new is not None:
        kind, what = ("target-added", "backed up") if backup else ("job-added", "run")
        yield Impact(kind, subject, f"`{subject}` will be {what} {_when(new)}{left_out}")
    elif new is None and backup:
        message = (
            f"nothing backs up `{subject}` any more; the snapshots that exist stay until somebody forgets them, "
            "for retention removes those of the fleet's targets only"
        )
        yield Impact("target-removed", subject, message)
    elif new is None:
        yield Impact("job-removed", subject, f"`{subject}` no longer runs")
    else:
        yield from _schedule(subject, _spec(old), _spec(new), left_out)


def _schedule(subject: str, old: Mapping[str, Any], new: Mapping[str, Any], left_out: str) -> Iterator[Impact]:
    if (old.get("schedule"), old.get("timeZone")) != (new.get("schedule"), new.get("timeZone")):
        message = f"`{subject}` runs {_slot(new)} instead of {_slot(old)}{_gap_change(old, new)}{left_out}"
        yield Impact("schedule-changed", subject, message)
    if bool(old.get("suspend")) != bool(new.get("suspend")):
        rests = bool(new.get("suspend"))
        message = f"`{subject}` {'rests: it does not run until it is resumed' if rests else 'runs again'}"
        yield Impact("suspended" if rests else "resumed", subject, message)
    before, after = _deadline(old), _deadline(new)
    if before != after:
        message = f"a run of `{subject}` is ended {_after(after)}, it was {_after(before)}"
        yield Impact("deadline-changed", subject, message)


def _plan(change: Change) -> Iterator[Impact]:
    if change.action is not Action.CHANGED:
        return
    job = change.identity.name.removesuffix(naming.plan(""))
    before, after = _lines(change.old), _lines(change.new)
    yield from _retention(_rules(before), _rules(after))
    steps, later = ([line for line in lines if not _rules([line])] for lines in (before, after))
    gone = [f"no longer `{line}`" for line in steps if line not in later]
    come = [f"now `{line}`" for line in later if line not in steps]
    said = [*gone, *come]
    if said:
        more = [f"and {len(said) - _MOST_STEPS} more"] if len(said) > _MOST_STEPS else []
        yield Impact("plan-changed", job, f"`{job}` does other things: {'; '.join([*said[:_MOST_STEPS], *more])}")


def _retention(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Impact]:
    for tag in sorted({*before, *after}):
        old, new = before.get(tag), after.get(tag)
        if new is None:
            message = f"nothing removes snapshots with the tag `{tag}` any more"
        elif old is None:
            message = f"of the snapshots with the tag `{tag}`, those stay that `{new}` keeps"
        else:
            message = f"of the snapshots with the tag `{tag}`, those stay that `{new}` keeps, it was `{old}`"
        if old != new:
            yield Impact("retention-changed", tag, message)


def _rules(lines: list[str]) -> dict[str, str]:
    """Return what `retain TAG HOST FLAG...` keeps of each tag; other lines say nothing of it."""
    rules: dict[str, str] = {}
    for line in lines:
        try:
            function, *arguments = split(line)
        except ValueError:
            continue
        if function == "retain" and len(arguments) >= 2:
            rules[arguments[0]] = " ".join(arguments[2:])
    return rules


def _secret(change: Change) -> Iterator[Impact]:
    before, after = secret_keys((change.old,)), secret_keys((change.new,))
    owner = change.identity.name.removeprefix(naming.secret(""))
    name = f"{change.identity.namespace}/{change.identity.name}"
    if added := [key for key in after if key not in before]:
        yield Impact("secret-keys-added", owner, f"the Secret `{name}` needs {_listed(added)}: seal it with them")
    if removed := [key for key in before if key not in after] if change.new is not None else []:
        yield Impact("secret-keys-removed", owner, f"the Secret `{name}` no longer needs {_listed(removed)}")
    if changed := [
        str(field.steps[-1]) for field in change.fields if field.steps[0] == "stringData" and field.new == OTHER_VALUE
    ]:
        yield Impact("secret-values-changed", owner, f"the Secret `{name}` gets another value of {_listed(changed)}")


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _role(obj: Mapping[str, Any] | None) -> str:
    """Return the role of a job of the fleet: its own label, or its pods'."""
    pods = _at(obj, "spec", "jobTemplate", "spec", "template", "metadata", "labels")
    labels = {**_mapping(pods), **_mapping(_at(obj, "metadata", "labels"))}
    return str(labels.get(naming.ROLE_LABEL, ""))


def _spec(obj: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return _mapping(_at(obj, "spec"))


def _deadline(spec: Mapping[str, Any]) -> int | None:
    seconds = _at(spec, "jobTemplate", "spec", "activeDeadlineSeconds")
    return seconds if isinstance(seconds, int) else None


def _after(seconds: int | None) -> str:
    return "never" if seconds is None else f"after {format_duration(seconds)}"


def _slot(spec: Mapping[str, Any]) -> str:
    return f"`{spec.get('schedule')}` ({spec.get('timeZone', 'the controller`s zone')})"


def _when(obj: Mapping[str, Any]) -> str:
    spec = _spec(obj)
    gap = _gap(spec)
    often = f", at least every {format_duration(gap)}" if gap else ""
    return f"at {_slot(spec)}{often}" + ("; it is suspended" if spec.get("suspend") else "")


def _gap_change(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    before, after = _gap(old), _gap(new)
    if before is None or after is None or before == after:
        return ""
    return f": the longest time between two runs is {format_duration(after)} instead of {format_duration(before)}"


def _gap(spec: Mapping[str, Any]) -> int | None:
    """The longest time between two runs in seconds, as far as the schedule can be read."""
    from backupgen.schedule import CronError, ZoneError, load_zone, parse_cron
    from backupgen.schedule.firings import longest_gap

    try:
        return longest_gap(parse_cron(str(spec.get("schedule"))), load_zone(str(spec.get("timeZone"))))
    except (CronError, ZoneError):
        return None


def _lines(obj: Mapping[str, Any] | None) -> list[str]:
    data = _mapping(obj.get("data")) if obj else {}
    lines = [line.strip() for text in data.values() if isinstance(text, str) for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def _at(value: object, *keys: str) -> object:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
