"""BG416: a cache in memory that the job's memory does not cover."""

from collections.abc import Iterator
from typing import Final

from backupgen.conventions.units import quantity_value
from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.resolve.resolved import Job
from backupgen.rules.base import Rule, RuleContext, finding

INFO = CodeInfo(
    code="BG416",
    slug="cache-beyond-memory",
    severity=Severity.WARNING,
    summary="A cache in memory leaves restic too little of the job's memory.",
    why="What lies in it counts as the container's memory: a full cache gets restic killed, and its lock stays behind.",
    fix="Raise `resources`, make the cache smaller, or leave it on disk.",
    bad="cache: {medium: memory, size: 512Mi}\nresources: {limits: {memory: 512Mi}}",
    good="cache: {medium: memory, size: 256Mi}\nresources: {limits: {memory: 1Gi}}",
)

_RESTIC: Final = 128 * 2**20
"""What restic needs beside its cache, at the least; the index of a large repository takes more."""


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each such job at its cache."""
    for job in context.fleet.jobs():
        if job.cache_in_memory:
            yield from _judge(job)


def _judge(job: Job) -> Iterator[Finding]:
    limit = job.placement.limits.get("memory")
    kind, memory = ("limit", limit) if limit is not None else ("request", job.placement.requests["memory"])
    if quantity_value(memory) < quantity_value(job.cache_size) + _RESTIC:
        effect = "restic is killed" if limit is not None else "the node may run out of memory, and kill restic,"
        message = f"{effect} before the cache in memory is full: the {kind} is {memory}, the cache {job.cache_size}"
        help_ = f"raise the {kind} to 128Mi more than the cache at least, or leave the cache on disk"
        yield finding(INFO, message, (*job.path, "cache"), help_)


RULE = Rule(INFO, check)
