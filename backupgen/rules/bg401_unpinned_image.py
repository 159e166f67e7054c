"""BG401: an image that may change under the fleet."""

from collections.abc import Iterator

from backupgen.conventions.units import image_parts
from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.rules.base import Rule, RuleContext, finding
from backupgen.rules.images import images_of

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
    for image, path in images_of(context.fleet):
        name, tag, digest = image_parts(image)
        if digest is None:
            said = f"the tag `{tag}`" if tag else "no tag at all, which means `latest`,"
            yield finding(INFO, f"`{name}` is named by {said} and not by its digest", path)


RULE = Rule(INFO, check)
