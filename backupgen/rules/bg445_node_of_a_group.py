"""BG445: a volume of one node, and a label that several nodes may have."""

from collections.abc import Iterator, Mapping
from typing import Final

from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.rules.base import Rule, RuleContext, finding

INFO = CodeInfo(
    code="BG445",
    slug="node-of-a-group",
    severity=Severity.INFO,
    summary="A claim of one node is looked for on the nodes of a label.",
    why="That is right while one node has the label. On the day when a second one gets it, the pod may wait there for "
    "a claim that cannot be attached.",
    fix="Name the app's pod with `with_pod`, or the node by `kubernetes.io/hostname`.",
    bad="volume: {pvc: wiki}\nnode_selector: {storage: ssd}",
    good="volume: {pvc: wiki}\nwith_pod: {app: wiki}",
)

_OF_ONE_NODE: Final = frozenset({"kubernetes.io/hostname"})


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each such claim. Folders of the node are not meant: they are on the node that the user gave the label."""
    for target in context.fleet.targets:
        selector = target.job.placement.node_selector
        if target.with_pod or not selector or _one_node(selector):
            continue
        for volume in target.volumes:
            if volume.claim is not None and not volume.shared:
                labels = ", ".join(f"`{key}: {value}`" for key, value in selector.items())
                message = f"the claim `{volume.claim}` is attached to one node, but several may have {labels}"
                yield finding(INFO, message, volume.path, "write `with_pod:` with the labels of the app's pod")


def _one_node(selector: Mapping[str, str]) -> bool:
    return bool(_OF_ONE_NODE & selector.keys())


RULE = Rule(INFO, check)
