"""Questions about a path into fleet.yaml that need nothing else."""

from backupgen.diagnostics import NodePath


def target_of(path: NodePath) -> str | None:
    """The name of the target that a path lies in."""
    return str(path[1]) if len(path) > 1 and path[0] == "targets" else None
