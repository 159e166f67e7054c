"""How the files reach the cluster, and whom the Secrets are sealed for, as written -> resolved."""

from collections.abc import Mapping
from typing import NamedTuple

from backupgen.language import schema
from backupgen.language.defaults import filled


class Flux(NamedTuple):
    """A Flux Kustomization for each namespace."""

    path: str
    """The folder of out/ in the source."""
    source_kind: str
    source_name: str
    source_namespace: str
    namespace: str
    interval: int
    """Seconds."""
    decryption_secret: str


class ArgoCd(NamedTuple):
    """Argo CD with KSOPS, and an Application for each namespace if the repository is known."""

    sync_wave: int | None
    repo: str
    """The Git repository's URL; empty if no Application is rendered."""
    path: str
    """The folder of out/ in it; empty or `.` for the whole of it."""
    revision: str
    namespace: str
    project: str


Gitops = Flux | ArgoCd
Recipients = Mapping[str, tuple[str, ...]]
"""Kinds of keys, as `.sops.yaml` names them -> whom the Secrets are sealed for."""


def resolve_gitops(written: schema.Gitops | None) -> Gitops | None:
    """The one tool that takes the files; None where they are applied by hand."""
    if written is None:
        return None
    if written.flux is not None:
        flux = filled(written.flux)
        source = {f"source_{name}": value for name, value in filled(flux.pop("source")).items()}
        return Flux(**flux, **source)
    return None if written.argocd is None else ArgoCd(**filled(written.argocd))


def resolve_recipients(written: schema.Sops | None) -> Recipients | None:
    """Whom the Secrets are sealed for; None where the user's own `.sops.yaml` says it."""
    return None if written is None else {kind: keys for kind, keys in filled(written).items() if keys}
