"""Judgements about a whole fleet, one a module, and the waivers that accept them.

To add a rule: a module `bgNNN_slug.py`, its line in RULES, and a folder `tests/rules/BGNNN` with `bad.yaml`, `bad.txt`
and `good.yaml`. A test fails if one of them is missing, and if the examples of its code do not show it
(tests/examples.py).
"""

from collections.abc import Sequence

from backupgen.audit import CODES as AUDIT_CODES
from backupgen.diagnostics import Finding, Severity
from backupgen.resolve.resolved import ResolvedFleet
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
    bg311_costly_yielding,
    bg320_same_repository_by_port,
    bg321_own_restic,
    bg401_unpinned_image,
    bg402_unpinned_repository,
    bg403_shared_identity,
    bg404_claim_without_node,
    bg405_unverified_source,
    bg406_missing_operation,
    bg407_unknown_pods,
    bg408_verify_outside_sources,
    bg409_exclude_hides_verify,
    bg410_bad_pattern,
    bg411_idle_exclude,
    bg412_dead_image,
    bg413_copied_database,
    bg414_url_without_egress,
    bg415_deadline_below_retries,
    bg416_cache_beyond_memory,
    bg417_flux_substitution,
    bg418_lowered_pod_security,
    bg419_kubernetes_too_old,
    bg420_shell_syntax,
    bg421_scratch_too_small,
    bg422_installs_at_night,
    bg423_bad_promql,
    bg424_unknown_metric,
    bg425_bad_template,
    bg426_labels_of_the_app,
    bg427_short_service_name,
    bg438_password_in_command,
    bg439_wide_egress,
    bg440_idle_egress,
    bg441_bashism,
    bg442_guessable_topic,
    bg443_patient_max_age,
    bg444_verify_lost_found,
    bg445_node_of_a_group,
)
from backupgen.rules.base import Rule, RuleContext, day_of
from backupgen.rules.bg420_shell_syntax import judge_script
from backupgen.rules.waivers import EXPIRED_WAIVER, IDLE_WAIVER, apply_waivers

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
    bg311_costly_yielding.RULE,
    bg320_same_repository_by_port.RULE,
    bg321_own_restic.RULE,
    bg401_unpinned_image.RULE,
    bg402_unpinned_repository.RULE,
    bg403_shared_identity.RULE,
    bg404_claim_without_node.RULE,
    bg405_unverified_source.RULE,
    bg406_missing_operation.RULE,
    bg407_unknown_pods.RULE,
    bg408_verify_outside_sources.RULE,
    bg409_exclude_hides_verify.RULE,
    bg410_bad_pattern.RULE,
    bg411_idle_exclude.RULE,
    bg412_dead_image.RULE,
    bg413_copied_database.RULE,
    bg414_url_without_egress.RULE,
    bg415_deadline_below_retries.RULE,
    bg416_cache_beyond_memory.RULE,
    bg417_flux_substitution.RULE,
    bg418_lowered_pod_security.RULE,
    bg419_kubernetes_too_old.RULE,
    bg420_shell_syntax.RULE,
    bg421_scratch_too_small.RULE,
    bg422_installs_at_night.RULE,
    bg423_bad_promql.RULE,
    bg424_unknown_metric.RULE,
    bg425_bad_template.RULE,
    bg426_labels_of_the_app.RULE,
    bg427_short_service_name.RULE,
    bg438_password_in_command.RULE,
    bg439_wide_egress.RULE,
    bg440_idle_egress.RULE,
    bg441_bashism.RULE,
    bg442_guessable_topic.RULE,
    bg443_patient_max_age.RULE,
    bg444_verify_lost_found.RULE,
    bg445_node_of_a_group.RULE,
)

SCHEDULE_CONFLICT = bg301_schedule_conflict.INFO
CODES = (*(rule.info for rule in RULES), EXPIRED_WAIVER, IDLE_WAIVER)
_NAMEABLE = (*(rule.info for rule in RULES), *AUDIT_CODES)
_OF_AUDIT = frozenset(info.slug for info in AUDIT_CODES if info.severity is not Severity.ERROR)

__all__ = [
    "CODES",
    "RULES",
    "SCHEDULE_CONFLICT",
    "Rule",
    "RuleContext",
    "judge",
    "judge_script",
    "reservations",
    "waive_audit",
]


def judge(context: RuleContext) -> tuple[Finding, ...]:
    """Every finding of every rule that no waiver accepts, and the waivers that have expired or accept nothing."""
    findings = [finding for rule in RULES for finding in rule.check(context)]
    # Without a proof nothing is known of crowds, so a waiver of them is not idle.
    unknown = () if context.proof else (bg302_slot_capacity.INFO.slug,)
    waivers = [waiver for waiver in context.fleet.waivers if waiver.slug not in _OF_AUDIT]
    return apply_waivers(findings, waivers, _NAMEABLE, context.today, unknown)


def reservations(context: RuleContext) -> tuple[str, ...]:
    """What takes the proof out of backupgen's hands, waived or not: while there is any, nothing is proved."""
    found = (finding for rule in RULES if rule.info.voids_proof for finding in rule.check(context))
    scripts = (f"`{file}` takes the place of a script that takes the locks" for file in context.own_scripts)
    return (*(finding.message for finding in found), *scripts)


def waive_audit(findings: Sequence[Finding], fleet: ResolvedFleet, since: int) -> tuple[Finding, ...]:
    """The findings of an audit that no waiver accepts, and its waivers that have expired or accept nothing.

    `since` is now, in epoch seconds.
    """
    waivers = [waiver for waiver in fleet.waivers if waiver.slug in _OF_AUDIT]
    return apply_waivers(findings, waivers, _NAMEABLE, day_of(fleet, since))
