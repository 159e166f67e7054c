"""Every image of a fleet, once, where it is written."""

from collections.abc import Iterator

from backupgen.diagnostics import NodePath
from backupgen.resolve.resolved import ResolvedFleet


def images_of(fleet: ResolvedFleet) -> Iterator[tuple[str, NodePath]]:
    """Yield each image with its path in fleet.yaml; one that is only inherited stands under `images`."""
    for name in ("restic", "rest_server", "kubectl"):
        image = getattr(fleet.images, name)
        if image:
            yield image, ("images", name)
    for job in fleet.jobs():
        if job.image != fleet.images.restic:
            yield job.image, (*job.path, "image")
    for repository in fleet.repositories:
        if repository.server is not None and repository.server.image != fleet.images.rest_server:
            yield repository.server.image, (*repository.server.path, "image")
