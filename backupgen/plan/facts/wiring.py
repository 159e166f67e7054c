"""How the cluster takes the files: the kustomizations, and the files of Flux, Argo CD, KSOPS and sops."""

from collections.abc import Mapping
from typing import NamedTuple

from backupgen.conventions import naming
from backupgen.plan.facts.manifest import Meta, manifest


@manifest("kustomization.yaml.j2", "kustomize.config.k8s.io/v1beta1", "Kustomization")
class Kustomization(NamedTuple):
    """A kustomization.yaml."""

    resources: tuple[str, ...]
    generators: tuple[str, ...]
    notes: tuple[str, ...] = ()
    """Comment lines: what has to be applied by other means."""


@manifest("ksops-generator.yaml.j2", "viaduct.ai/v1", "ksops")
class KsopsGenerator(NamedTuple):
    """The generator through which Argo CD decrypts a namespace's Secrets."""

    name: str
    files: tuple[str, ...]


@manifest("flux-kustomization.yaml.j2", "kustomize.toolkit.fluxcd.io/v1", "Kustomization", folder=naming.GITOPS_FOLDER)
class FluxKustomization(NamedTuple):
    """The Flux Kustomization of a namespace's folder."""

    meta: Meta
    path: str
    interval: str
    source_kind: str
    source_name: str
    source_namespace: str
    decryption_secret: str


@manifest("argo-application.yaml.j2", "argoproj.io/v1alpha1", "Application", folder=naming.GITOPS_FOLDER)
class ArgoApplication(NamedTuple):
    """The Argo CD Application of a namespace's folder."""

    meta: Meta
    repo: str
    path: str
    revision: str
    project: str
    destination: str


@manifest("sops-config.yaml.j2")
class SopsConfig(NamedTuple):
    """The .sops.yaml for the rendered Secrets."""

    recipients: Mapping[str, tuple[str, ...]]
