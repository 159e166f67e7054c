"""BG412: an image from a place that has been given up."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from backupgen.conventions.units import image_parts
from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.rules.base import Rule, RuleContext, finding
from backupgen.rules.images import images_of

INFO = CodeInfo(
    code="BG412",
    slug="dead-image",
    severity=Severity.WARNING,
    summary="An image comes from a registry or a repository that has been given up.",
    why="Once a node no longer has it, the jobs wait in ImagePullBackOff, and nothing is backed up.",
    fix="Take the image from where the finding says, or from a registry of your own.",
    bad="images: {restic: docker.io/bitnami/restic:0.19.1@sha256:…}",
    good="images: {restic: ghcr.io/example/restic:0.19.1@sha256:…}",
)

DEAD: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        # bitnami/containers, issue 83267
        "docker.io/bitnami/": ("its versioned images were removed in 2025", "another publisher's image"),
        # kubernetes.io/blog/2023/03/10/image-registry-redirect
        "k8s.gcr.io/": ("it is frozen since April 2023 and will go", "`registry.k8s.io`"),
        # docs.github.com, "Migrating to the Container registry from the Docker registry"
        "docker.pkg.github.com/": ("GitHub replaced it", "`ghcr.io`"),
    }
)
"""How the names of such images begin -> what became of them, and where to look instead."""

_HUB: Final = ("docker.io/", "index.docker.io/", "registry-1.docker.io/")


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each image once, where it is written."""
    for image, path in images_of(context.fleet):
        name = full_name(image_parts(image)[0])
        for prefix, (fate, instead) in DEAD.items():
            if name.startswith(prefix):
                message = f"`{image_parts(image)[0]}` comes from `{prefix.rstrip('/')}`: {fate}"
                yield finding(INFO, message, path, f"use {instead}, or a copy in a registry of your own")


def full_name(name: str) -> str:
    """An image's name with its registry, as a container runtime completes it: `a/b` -> `docker.io/a/b`."""
    for hub in _HUB:
        if name.startswith(hub):
            return f"{_HUB[0]}{name.removeprefix(hub)}"
    registry, slash, _ = name.partition("/")
    if slash and ("." in registry or ":" in registry or registry == "localhost"):
        return name
    return f"{_HUB[0]}{name}"


RULE = Rule(INFO, check)
