"""Waivers: findings that fleet.yaml accepts with a reason, where they stand or below, for good or until a day."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from backupgen.diagnostics import CodeInfo, Finding, NodePath, Severity
from backupgen.diagnostics.wording import did_you_mean, listed
from backupgen.resolve.resolved import Waiver
from backupgen.rules.base import finding, is_expired

_CROWD: Final = 'a: {at: ":00", deadline: 30m, …}\nb: {at: ":10", deadline: 30m, …}\n'

EXPIRED_WAIVER = CodeInfo(
    code="BG498",
    slug="expired-waiver",
    severity=Severity.WARNING,
    summary="The last day of a waiver has passed.",
    why="What was accepted for a while is still there, and is reported again.",
    fix="Mend what it accepted and remove it, or accept it anew with a later day.",
    bad=f"{_CROWD}waive: {{slot-capacity: {{reason: the new disk comes in spring, until: 2026-03-31}}}}",
    good=f"{_CROWD}waive: {{slot-capacity: {{reason: the new disk comes in spring, until: 2099-03-31}}}}",
)
IDLE_WAIVER = CodeInfo(
    code="BG499",
    slug="idle-waiver",
    severity=Severity.WARNING,
    summary="A waiver accepts nothing.",
    why="It hides the finding on the day on which it comes up for another reason.",
    fix="Remove it, or correct its name.",
    bad=f"{_CROWD}waive: {{slot-capactiy: they only share bandwidth}}",
    good=f"{_CROWD}waive: {{slot-capacity: they only share bandwidth}}",
)


def apply_waivers(
    findings: Sequence[Finding],
    waivers: Sequence[Waiver],
    infos: Sequence[CodeInfo],
    today: date,
    unknown: Iterable[str] = (),
) -> tuple[Finding, ...]:
    """The findings that no waiver accepts, and one for each waiver that has expired or accepts none.

    `infos` are all the codes that a waiver may name. An error cannot be waived. A waiver of a slug in `unknown` is not
    called idle: whether there is something to accept could not be found out.
    """
    places = {(waiver.slug, waiver.scope): waiver for waiver in waivers}
    used: set[Waiver] = set()
    left = []
    for item in findings:
        accepting = _accepting(places, item)
        used.update(accepting)
        if all(is_expired(waiver, today) for waiver in accepting):
            left.append(item)
    return (*left, *_of_waivers(waivers, infos, today, used, frozenset(unknown)))


def _of_waivers(
    waivers: Sequence[Waiver], infos: Sequence[CodeInfo], today: date, used: set[Waiver], unknown: frozenset[str]
) -> Iterator[Finding]:
    known = {info.slug: info for info in infos}
    for waiver in waivers:
        if is_expired(waiver, today):
            yield _expired(waiver, idle=waiver not in used and waiver.slug not in unknown)
        elif waiver not in used and waiver.slug not in unknown:
            yield _idle(waiver, known)


def _accepting(places: Mapping[tuple[str, NodePath], Waiver], item: Finding) -> list[Waiver]:
    """The waivers of a finding: where it stands, and above."""
    if item.severity is Severity.ERROR:
        return []
    scopes = (item.spot.path[:length] for length in range(len(item.spot.path) + 1))
    return [places[item.info.slug, scope] for scope in scopes if (item.info.slug, scope) in places]


def _expired(waiver: Waiver, *, idle: bool) -> Finding:
    message = f"the waiver `{waiver.slug}` has expired: its last day was {waiver.until}"
    help_ = (
        "remove it: there is nothing left to accept" if idle else "mend it and remove the waiver, or give a later day"
    )
    found = finding(EXPIRED_WAIVER, message, (*waiver.path, "until"), help_)
    return replace(found, cause=f"it was accepted because: {waiver.reason}")


def _idle(waiver: Waiver, known: Mapping[str, CodeInfo]) -> Finding:
    if waiver.slug not in known:
        message = f"there is no finding `{waiver.slug}`"
        waivable = [slug for slug, info in known.items() if info.severity is not Severity.ERROR]
        help_ = did_you_mean(waiver.slug, waivable, f"expected one of {listed(waivable)}")
        return finding(IDLE_WAIVER, message, waiver.path, help_, on_key=True)
    if known[waiver.slug].severity is Severity.ERROR:
        message = f"`{waiver.slug}` is an error, which cannot be waived"
        return finding(IDLE_WAIVER, message, waiver.path, known[waiver.slug].fix, on_key=True)
    return finding(
        IDLE_WAIVER, f"the waiver `{waiver.slug}` accepts nothing here", waiver.path, "remove it", on_key=True
    )
