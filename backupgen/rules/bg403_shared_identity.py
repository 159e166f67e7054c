"""BG403: two targets that their snapshots or metrics cannot tell apart."""

from collections.abc import Iterator
from dataclasses import replace

from backupgen.diagnostics import CodeInfo, Finding, NodePath, Related, Severity, Spot
from backupgen.rules.base import Rule, RuleContext, finding

INFO = CodeInfo(
    code="BG403",
    slug="shared-identity",
    severity=Severity.ERROR,
    summary="Two targets share a tag in one repository, or a hostname.",
    why="Retention thins out both as one, a restore may bring back the other, and their metrics overwrite each other.",
    fix="Give one of them another `tag` or `hostname`; by default both are the target's name.",
    bad="a: {tag: app, …}\nb: {tag: app, …}",
    good="a: {…}\nb: {…}",
)


def check(context: RuleContext) -> Iterator[Finding]:
    """Report the later of two targets that share one."""
    tags: dict[tuple[str, str], NodePath] = {}
    hosts: dict[str, NodePath] = {}
    targets = {target.job.name: target for target in context.fleet.targets}
    for job in sorted(context.fleet.jobs(), key=lambda job: job.name in targets):
        target = targets.get(job.name)
        if target is not None:
            tag = (target.repository, target.tag)
            if tag in tags:
                yield _clash(f"the tag `{target.tag}`", (*job.path, "tag"), tags[tag])
            tags.setdefault(tag, (*job.path, "tag"))
        if job.instance in hosts:
            yield _clash(f"the hostname `{job.instance}`", (*job.path, "hostname"), hosts[job.instance])
        hosts.setdefault(job.instance, (*job.path, "hostname"))


def _clash(what: str, path: NodePath, first: NodePath) -> Finding:
    related = (Related("first used here", Spot(path=first)),)
    return replace(finding(INFO, f"{what} is in use already", path), related=related)


RULE = Rule(INFO, check)
