"""Judgements about a whole fleet, one a module, and the waivers that accept them.

To add a rule: a module `bgNNN_slug.py`, its line in RULES, and a folder `tests/rules/BGNNN` with `bad.yaml`, `bad.txt`
and `good.yaml`. A test fails if one of them is missing.
"""

from collections.abc import Sequence

from backupgen.audit import CODES as AUDIT_CODES
from backupgen.diagnostics import Finding, Severity
from backupgen.fleet.resolved import ResolvedFleet
from backupgen.rules import (
    bg301_schedule_conflict,
    bg302_slot_capacity,
    bg303_irregular_zone,
    bg304_never_fires,
    bg305_deadline_beyond_cadence,
    bg306_rarely_fires,
    bg307_late_start,
    bg308_lock_wait_beyond_deadline,
    bg309_follows_too_early,
    bg310_no_room,
    bg401_unpinned_image,
    bg402_unpinned_repository,
    bg403_shared_identity,
    bg404_claim_without_node,
    bg405_unverified_source,
    bg406_missing_operation,
    bg407_unknown_pods,
    bg408_verify_outside_sources,
)
from backupgen.rules.base import Rule, RuleContext
from backupgen.rules.waivers import IDLE_WAIVER, apply_waivers

RULES: tuple[Rule, ...] = (
    bg301_schedule_conflict.RULE,
    bg302_slot_capacity.RULE,
    bg303_irregular_zone.RULE,
    bg304_never_fires.RULE,
    bg305_deadline_beyond_cadence.RULE,
    bg306_rarely_fires.RULE,
    bg307_late_start.RULE,
    bg308_lock_wait_beyond_deadline.RULE,
    bg309_follows_too_early.RULE,
    bg310_no_room.RULE,
    bg401_unpinned_image.RULE,
    bg402_unpinned_repository.RULE,
    bg403_shared_identity.RULE,
    bg404_claim_without_node.RULE,
    bg405_unverified_source.RULE,
    bg406_missing_operation.RULE,
    bg407_unknown_pods.RULE,
    bg408_verify_outside_sources.RULE,
)

SCHEDULE_CONFLICT = bg301_schedule_conflict.INFO
CODES = (*(rule.info for rule in RULES), IDLE_WAIVER)
_NAMEABLE = (*(rule.info for rule in RULES), *AUDIT_CODES)
_OF_AUDIT = frozenset(info.slug for info in AUDIT_CODES if info.severity is not Severity.ERROR)

__all__ = ["CODES", "RULES", "SCHEDULE_CONFLICT", "Rule", "RuleContext", "judge", "waive_audit"]


def judge(context: RuleContext) -> tuple[Finding, ...]:
    """Every finding of every rule that no waiver accepts, and the waivers that accept nothing."""
    findings = [finding for rule in RULES for finding in rule.check(context)]
    # Without a proof nothing is known of crowds, without a tree nothing of it: a waiver of them is not idle.
    unknown = _OF_AUDIT if context.proof else _OF_AUDIT | {bg302_slot_capacity.INFO.slug}
    waivers = [waiver for waiver in context.fleet.waivers if waiver.slug not in unknown]
    return apply_waivers(findings, waivers, _NAMEABLE)


def waive_audit(findings: Sequence[Finding], fleet: ResolvedFleet) -> tuple[Finding, ...]:
    """The findings of an audit that no waiver accepts, and the waivers of such findings that accept nothing."""
    waivers = [waiver for waiver in fleet.waivers if waiver.slug in _OF_AUDIT]
    return apply_waivers(findings, waivers, _NAMEABLE)
