"""The commands that a user has a job's own pod run."""

from collections.abc import Iterator

from backupgen.diagnostics import NodePath
from backupgen.resolve.resolved import Target


def own_commands(target: Target) -> Iterator[tuple[NodePath, str]]:
    """Yield the hooks, and the dump's command if it does not run in the app's pod, with their paths in fleet.yaml."""
    path = target.job.path
    if target.before:
        yield (*path, "before"), target.before
    if target.after:
        yield (*path, "after"), target.after
    if target.dump is not None and not target.dump.in_pod:
        yield (*path, "dump", "command"), " ".join(target.dump.command)
