"""Job + pod -> the CronJob's unit."""

from backupgen.conventions.roles import PodRole
from backupgen.plan.effective_schedules import EffectiveSchedules
from backupgen.plan.facts.manifest import Unit
from backupgen.plan.facts.workloads import CronJob, Pod
from backupgen.plan.pods import meta_of
from backupgen.resolve.resolved import Job, ResolvedFleet


def cron_job(fleet: ResolvedFleet, job: Job, role: PodRole, pod: Pod, slots: EffectiveSchedules) -> Unit:
    """The CronJob of an operation, with its proved schedule."""
    facts = CronJob(
        meta=meta_of(fleet, job, role),
        schedule=str(slots.schedules[job.name]),
        timezone=job.timezone,
        yielded=_sentence(slots.yielded.get(job.name, "")),
        suspend=job.suspend,
        start_within=job.start_within,
        deadline=job.deadline,
        retries=job.retries,
        history=job.history,
        pod=pod,
    )
    return Unit.of(facts)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}." if text else ""
