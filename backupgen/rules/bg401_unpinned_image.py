"""BG401: an image that may change under the fleet."""

from collections.abc import Iterator

from backupgen.diagnostics import CodeInfo, Finding, NodePath, Severity
from backupgen.fleet.scalars import image_parts
from backupgen.rules.base import Rule, RuleContext, finding

INFO = CodeInfo(
    code="BG401",
    slug="unpinned-image",
    severity=Severity.WARNING,
    summary="An image is not named by its digest.",
    why="A tag can be moved: one night the jobs run another restic, or none at all.",
    fix="Add `@sha256:…`, the digest that your registry shows for the tag.",
    bad="images: {restic: ghcr.io/example/restic:0.19.1}",
    good="images: {restic: ghcr.io/example/restic:0.19.1@sha256:…}",
)


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each image once, where it is written."""
    fleet = context.fleet
    for name in ("restic", "rest_server", "kubectl"):
        image = getattr(fleet.images, name)
        if image is not None:
            yield from _judge(image, ("images", name))
    for job in fleet.jobs():
        if job.image != fleet.images.restic:
            yield from _judge(job.image, (*job.path, "image"))
    for repository in fleet.repositories:
        if repository.server is not None and repository.server.image != fleet.images.rest_server:
            yield from _judge(repository.server.image, (*repository.server.path, "image"))


def _judge(image: str, path: NodePath) -> Iterator[Finding]:
    name, tag, digest = image_parts(image)
    if digest is None:
        said = f"the tag `{tag}`" if tag else "no tag at all, which means `latest`,"
        yield finding(INFO, f"`{name}` is named by {said} and not by its digest", path)


RULE = Rule(INFO, check)
