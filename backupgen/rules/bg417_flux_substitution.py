"""BG417: an annotation that lets Flux change the rendered scripts."""

from collections.abc import Iterator, Mapping
from typing import Final

from backupgen.conventions import naming
from backupgen.diagnostics import CodeInfo, Finding, NodePath, Severity
from backupgen.resolve.delivery import Flux
from backupgen.resolve.resolved import ResolvedFleet, StringMap
from backupgen.rules.base import Rule, RuleContext, finding

INFO = CodeInfo(
    code="BG417",
    slug="flux-substitution",
    severity=Severity.WARNING,
    summary="An annotation takes back that Flux must not substitute variables in a rendered object.",
    why="Flux's `postBuild` then replaces `${…}` in scripts and hooks, mostly by nothing, or refuses to build.",
    fix="Leave the annotation out: the compiler sets it to `disabled` on every object.",
    bad='gitops: {flux: {…}}\nannotations: {kustomize.toolkit.fluxcd.io/substitute: "enabled"}',
    good="gitops: {flux: {…}}",
)

_DISABLED: Final = "disabled"


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each place that takes it back; those that inherit it are not repeated."""
    fleet = context.fleet
    if not isinstance(fleet.gitops, Flux):
        return
    general = fleet.annotations.get(naming.FLUX_SUBSTITUTE, _DISABLED)
    for path, annotations in _places(fleet):
        value = annotations.get(naming.FLUX_SUBSTITUTE, general)
        if value != _DISABLED and (not path or value != general):
            message = f"`{value}` lets Flux substitute `${{…}}` here, expected `{_DISABLED}`"
            yield finding(INFO, message, (*path, "annotations", naming.FLUX_SUBSTITUTE), "leave it out")


def _places(fleet: ResolvedFleet) -> Iterator[tuple[NodePath, StringMap]]:
    yield (), fleet.annotations
    for job in fleet.jobs():
        yield job.path, job.annotations
    for repository in fleet.repositories:
        if repository.server is not None:
            yield repository.server.path, repository.server.annotations
    shown: Mapping[str, StringMap | None] = {
        "alerts": fleet.alerts.annotations if fleet.alerts is not None else None,
        "dashboard": fleet.dashboard.annotations if fleet.dashboard is not None else None,
    }
    for key, annotations in shown.items():
        yield (key,), annotations or {}


RULE = Rule(INFO, check)
