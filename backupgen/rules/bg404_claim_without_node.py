"""BG404: a claim of one node, and a backup that may land on another."""

from collections.abc import Iterator

from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.rules.base import Rule, RuleContext, finding

INFO = CodeInfo(
    code="BG404",
    slug="claim-without-node",
    severity=Severity.WARNING,
    summary="A ReadWriteOnce claim is backed up from a pod that is not bound to its node.",
    why="On another node the volume cannot be attached while the app runs: the backup hangs until its deadline.",
    fix="Name the app's pod with `with_pod`, or the node with `node_selector`.",
    bad="volume: {pvc: grafana}",
    good="volume: {pvc: grafana}\nwith_pod: {app.kubernetes.io/name: grafana}",
)


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each such claim."""
    for target in context.fleet.targets:
        if target.with_pod or target.job.placement.node_selector:
            continue
        for volume in target.volumes:
            if volume.claim is not None and not volume.shared:
                message = f"the claim `{volume.claim}` can be attached to one node, but the backup may run on any"
                help_ = "write `with_pod:` with the labels of the app's pod, or `access: ReadWriteMany` if it is that"
                yield finding(INFO, message, volume.path, help_)


RULE = Rule(INFO, check)
