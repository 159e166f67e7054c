"""BG418: one target takes the restricted Pod Security Standard from the others of its namespace.

Source: kubernetes.io/docs/concepts/security/pod-security-standards.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from backupgen.diagnostics import CodeInfo, Finding, NodePath, Severity
from backupgen.resolve.resolved import Target
from backupgen.rules.base import Rule, RuleContext, finding
from backupgen.rules.wording import some

INFO = CodeInfo(
    code="BG418",
    slug="lowered-pod-security",
    severity=Severity.WARNING,
    summary="A target forces the level `privileged` on a namespace whose other targets would run under `restricted`.",
    why="Pod Security is set by namespace: what one pod needs is allowed to all of them, the apps' too.",
    fix="Move it into a namespace of its own, as any with a `host_path` can be, or waive it.",
    bad="photos: {namespace: media, volume: {host_path: /vol/photos, reason: pool}, …}\nemby: {namespace: media, …}",
    good="photos: {namespace: photos, volume: {host_path: /vol/photos, reason: pool}, …}\nemby: {namespace: media, …}",
)

_MOVED: Final = "a folder of the node can be backed up from any namespace: give it one of its own"
_AS_USER: Final = "name the app's own user, if it has one"


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each such target, where it asks for more."""
    ordered = sorted(context.fleet.targets, key=lambda target: target.job.namespace)
    for namespace, group in groupby(ordered, key=lambda target: target.job.namespace):
        demands = {target.job.name: _demand(target) for target in group}
        restricted = [name for name, demand in demands.items() if demand is None]
        for path, reason in filter(None, demands.values() if restricted else ()):
            message = (
                f"{reason} forces the Pod Security level `privileged` on the namespace `{namespace}`, in which "
                f"{some(restricted)} would run under `restricted`"
            )
            yield finding(INFO, message, path, _AS_USER if path[-1] == "run_as" else _MOVED)


def _demand(target: Target) -> tuple[NodePath, str] | None:
    """What of a target neither `restricted` nor `baseline` allows: where it stands, and its name."""
    for volume in target.volumes:
        if volume.host_path is not None:
            return volume.path, f"the folder `{volume.host_path}` of the node"
    if target.job.user.uid == 0:
        return (*target.job.path, "run_as"), f"`{target.name}`, which is root and may read every file,"
    return None


RULE = Rule(INFO, check)
