"""Waivers: findings that fleet.yaml accepts with a reason, where they stand or below."""

from collections.abc import Sequence

from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.fleet.resolved import Waiver
from backupgen.rules.base import finding

IDLE_WAIVER = CodeInfo(
    code="BG499",
    slug="idle-waiver",
    severity=Severity.WARNING,
    summary="A waiver accepts nothing.",
    why="It hides the finding on the day on which it comes up for another reason.",
    fix="Remove it, or correct its name.",
    bad="waive: {slot-capactiy: they only share bandwidth}",
    good="waive: {slot-capacity: they only share bandwidth}",
)


def apply_waivers(
    findings: Sequence[Finding], waivers: Sequence[Waiver], infos: Sequence[CodeInfo]
) -> tuple[Finding, ...]:
    """The findings that no waiver accepts, and one for each waiver that accepts none. An error cannot be waived.

    `infos` are all the codes that a waiver may name.
    """
    used: set[Waiver] = set()
    left = []
    for item in findings:
        accepting = [waiver for waiver in waivers if _accepts(waiver, item)]
        used.update(accepting)
        if not accepting:
            left.append(item)
    left += [_idle(waiver, infos) for waiver in waivers if waiver not in used]
    return tuple(left)


def _accepts(waiver: Waiver, item: Finding) -> bool:
    below = item.spot.path[: len(waiver.scope)] == waiver.scope
    return below and waiver.slug == item.info.slug and item.severity is not Severity.ERROR


def _idle(waiver: Waiver, infos: Sequence[CodeInfo]) -> Finding:
    known = {info.slug: info for info in infos}
    if waiver.slug not in known:
        message = f"there is no finding `{waiver.slug}`"
        waivable = (slug for slug, info in known.items() if info.severity is not Severity.ERROR)
        help_ = f"expected one of {', '.join(f'`{slug}`' for slug in waivable)}"
        return finding(IDLE_WAIVER, message, waiver.path, help_, on_key=True)
    if known[waiver.slug].severity is Severity.ERROR:
        message = f"`{waiver.slug}` is an error, which cannot be waived"
        return finding(IDLE_WAIVER, message, waiver.path, known[waiver.slug].fix, on_key=True)
    return finding(
        IDLE_WAIVER, f"the waiver `{waiver.slug}` accepts nothing here", waiver.path, "remove it", on_key=True
    )
