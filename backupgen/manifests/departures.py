"""Where a template of the user's departs from the plan: field by field, beside what backupgen's own templates print.

Input: the text of one rendered object, and the text that the built-in templates give for the same facts. Output: the
fields that differ, as JSON pointers (RFC 6901). Never: a judgement about what a template is for. What may differ is
listed here; everything else is what the schedule's proof, the deadlines, the alerts, the network policies or the pods'
security rest on.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from backupgen.diagnostics import Finding, Span, Spot
from backupgen.diagnostics.wording import few
from backupgen.integrations.channels import CHANNELS
from backupgen.manifests.codes import TEMPLATE_DEPARTS
from backupgen.manifests.render import ManifestSet
from backupgen.plan.facts import manifest, monitoring, pages, wiring
from backupgen.source import PlainError, load_all

_MOST: Final = 60


class Departure(NamedTuple):
    """A field that is not as planned."""

    pointer: str
    planned: str
    """What the plan says, as a message quotes it; empty: the field should not be there."""
    found: str
    """Empty: the field is missing."""

    @property
    def difference(self) -> str:
        """What is planned and what was found, for a message."""
        if not self.planned:
            return f"`{self.found}` is not planned there"
        return f"planned is `{self.planned}`, found {f'`{self.found}`' if self.found else 'nothing'}"


# A list in which every item has one of these is compared item by item, whatever the order.
_KEYS: Final = ("mountPath", "name", "alert", "record", "containerPort")
_POD: Final = r"(?:/.*)?/spec"
_FREE: Final = re.compile(
    "|".join(
        (
            r"/spec/(?:successful|failed)JobsHistoryLimit",
            r"/spec/jobTemplate/spec/ttlSecondsAfterFinished",
            rf"{_POD}/(?:containers|initContainers)/[^/]+/(?:resources(?:/.*)?|imagePullPolicy)",
            rf"{_POD}/(?:tolerations|topologySpreadConstraints|hostAliases|imagePullSecrets|dnsConfig)(?:/.*)?",
            rf"{_POD}/(?:priorityClassName|runtimeClassName|schedulerName|preemptionPolicy|dnsPolicy)",
        )
    )
)
"""What a template may change."""
_FREE_TO_ADD: Final = re.compile(
    "|".join(
        (
            r"(?:/.*)?/metadata/(?:labels|annotations)(?:/.*)?",
            rf"{_POD}/(?:nodeSelector|affinity)(?:/.*)?",
            rf"{_POD}/(?:containers|initContainers)/[^/]+/(?:env|volumeMounts)/[^/]+",
            rf"{_POD}/volumes/[^/]+",
        )
    )
)
"""What a template may add."""
_LISTS_TO_ADD_TO: Final = frozenset({"env", "volumeMounts", "volumes"})
_CHANNELS: Final = "".join(f"{kind.prefix}|" for kind in CHANNELS)
_READ_BY_SCRIPTS: Final = re.compile(
    rf"(?:{_CHANNELS}RESTIC_|BACKUP_|RESTORE_|MIRROR_|PUSHGATEWAY_|RCLONE_CONFIG_|KEEP_|LD_).*"
    "|PATH|HOME|TMPDIR|PLAN|PRE_HOOK|POST_HOOK|ENV"
)


# Nothing of the fleet's own rests on these: what people read, and how a tree is put together for a controller.
_FREE_KINDS: Final = (
    pages.Page,
    pages.Picture,
    monitoring.DashboardConfigMap,
    wiring.FluxKustomization,
    wiring.ArgoApplication,
    wiring.KsopsGenerator,
    monitoring.RuleTests,
)


def judge_departures(manifests: ManifestSet, planned: ManifestSet, plan: manifest.Plan) -> Iterator[Finding]:
    """Yield a finding for each field that the user's templates print otherwise than backupgen's own, `planned`.

    What one override changes in many files in the same way is one finding, at the first of them; the findings' file is
    the path below out/.
    """
    groups: dict[tuple[str, type], list[tuple[str, Departure]]] = {}
    for unit in plan.units:
        if isinstance(unit.facts, _FREE_KINDS) or unit.path not in manifests.files:
            continue
        try:
            found = departures(manifests.files[unit.path], planned.files[unit.path])
            for departure in found:
                groups.setdefault((departure.pointer, type(unit.facts)), []).append((unit.path, departure))
        except PlainError:  # `verify` reports it
            continue
    for items in groups.values():
        path, departure = items[0]
        others = few([f"`{other}`" for other, _ in items[1:]], 1)
        also = f", in {others} as well" if others else ""
        message = f"a template changes `{departure.pointer}`{also}: {departure.difference}"
        spot = Spot(file=path, span=Span(1, 1, 1, 1))
        yield Finding(TEMPLATE_DEPARTS, message, spot, "write it in fleet.yaml; a template may not change this field")


def departures(rendered: str, planned: str) -> Iterator[Departure]:
    """Yield where a rendered object departs from the planned one. Raises PlainError if a text is not plain YAML."""
    for ours, theirs in zip(load_all(planned), load_all(rendered), strict=False):
        yield from _compare("", ours, theirs)


def _compare(pointer: str, planned: Any, found: Any) -> Iterator[Departure]:
    if planned == found or _FREE.fullmatch(pointer):
        return
    ours, theirs = _mapping(planned), _mapping(found)
    if ours is None or theirs is None:
        yield Departure(pointer or "/", _quoted(planned), _quoted(found))
        return
    for key, value in ours.items():
        path = f"{pointer}/{_escaped(key)}"
        if key in theirs:
            yield from _compare(path, value, theirs[key])
        elif not _FREE.fullmatch(path):
            yield Departure(path, _quoted(value), "")
    yield from _additions(pointer, ours, theirs)


def _additions(pointer: str, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[Departure]:
    for key, value in theirs.items():
        path = f"{pointer}/{_escaped(key)}"
        if key in ours or _FREE.fullmatch(path):
            continue
        if key in _LISTS_TO_ADD_TO:
            yield from _compare(path, [], value)
        elif not _FREE_TO_ADD.fullmatch(path) or not _may_stand(pointer, key, value, ours):
            yield Departure(path, "", _quoted(value))


def _may_stand(pointer: str, key: str, value: Any, beside: Mapping[str, Any]) -> bool:
    """Whether a variable, mount or volume of the user's leaves the planned ones alone."""
    kind = pointer.rpartition("/")[2]
    if kind == "env":
        return not _READ_BY_SCRIPTS.fullmatch(key)
    if kind == "volumeMounts":
        return not any(_covers(key, path) or _covers(path, key) for path in beside)
    return kind != "volumes" or (isinstance(value, dict) and "hostPath" not in value)


def _covers(path: str, other: str) -> bool:
    """Whether a mount at one path hides what is at or below the other."""
    return f"{other.rstrip('/')}/".startswith(f"{path.rstrip('/')}/")


def _mapping(value: Any) -> Mapping[str, Any] | None:
    """A mapping as it is, a list by its items' names or numbers; None for a scalar."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, list):
        return None
    for key in _KEYS:
        named = {str(item[key]): item for item in value if isinstance(item, dict) and key in item}
        if value and len(named) == len(value):
            return named
    return {str(number): item for number, item in enumerate(value)}


def _escaped(key: object) -> str:
    return str(key).replace("~", "~0").replace("/", "~1")


def _quoted(value: Any) -> str:
    text = "nothing" if value is None else " ".join(str(value).split()) or "an empty text"
    return text if len(text) <= _MOST else f"{text[: _MOST - 3]}..."
