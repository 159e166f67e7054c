"""BG404: a claim of one node, and a backup that may land on another."""

from collections.abc import Iterator

from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.resolve.resolved import SourceVolume
from backupgen.rules.base import Rule, RuleContext, finding

INFO = CodeInfo(
    code="BG404",
    slug="claim-without-node",
    severity=Severity.WARNING,
    summary="A volume of one node is used by a pod that is not bound to that node.",
    why="On another node the claim cannot be attached and the folder is missing, or another one: nothing is backed up.",
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
            if volume.host_path is not None:
                yield _folder(volume)
            elif not volume.shared:
                message = f"the claim `{volume.claim}` can be attached to one node, but the backup may run on any"
                help_ = "write `with_pod:` with the labels of the app's pod, or `access: ReadWriteMany` if it is that"
                yield finding(INFO, message, volume.path, help_)
    for repository in context.fleet.repositories:
        server = repository.server
        if server is not None and server.volume.host_path is not None and not server.placement.node_selector:
            yield _folder(server.volume)


def _folder(volume: SourceVolume) -> Finding:
    message = f"the folder `{volume.host_path}` is on one node, but the pod may run on any"
    return finding(INFO, message, volume.path, "write `node_selector:` with the label of the node that has it")


RULE = Rule(INFO, check)
