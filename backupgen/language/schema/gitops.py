"""How the files reach the cluster, and whom the Secrets are sealed for."""

from typing import Annotated, Literal

from pydantic import Field, StrictInt

from backupgen.language import scalars as s
from backupgen.language.schema.model import Model, exactly_one


class FluxSource(Model):
    """The Flux source that holds the rendered files."""

    kind: Literal["GitRepository", "OCIRepository", "Bucket"] | None = None
    """Its kind; `GitRepository` by default."""
    name: s.DnsSubdomain
    """Its name."""
    namespace: s.DnsLabel | None = None
    """Its namespace; `flux-system` by default."""


class Flux(Model):
    """A Flux Kustomization for each namespace."""

    path: s.Line
    """The path of out/ in the source, such as `./clusters/home/backup`."""
    source: FluxSource
    """The source."""
    namespace: s.DnsLabel | None = None
    """Where the Kustomizations lie; `flux-system` by default."""
    interval: s.Duration | None = None
    """How often Flux compares; 1h by default."""
    decryption_secret: s.DnsSubdomain | None = None
    """The Secret with the sops key; `sops-age` by default."""


class ArgoCd(Model):
    """Argo CD with KSOPS: each namespace's kustomization decrypts its Secrets through a generator."""

    sync_wave: StrictInt | None = None
    """The sync wave of every object."""
    repo: s.Line | None = None
    """The Git repository's URL. With it, an Application for each namespace is rendered."""
    path: s.RelativePath | None = None
    """The path of out/ in the Git repository."""
    revision: s.Line | None = None
    """The revision; `HEAD` by default."""
    namespace: s.DnsLabel | None = None
    """Where the Applications lie; `argocd` by default."""
    project: s.DnsSubdomain | None = None
    """Their project; `default` by default."""


class Gitops(Model):
    """How the cluster takes the files. Left out: plain kustomizations."""

    flux: Flux | None = None
    """Flux."""
    argocd: ArgoCd | None = None
    """Argo CD with KSOPS."""

    _one = exactly_one("flux", "argocd")


Recipients = Annotated[tuple[s.Line, ...], Field(min_length=1)]


class Sops(Model):
    """Whom the Secrets are sealed for; written to out/.sops.yaml. Left out: your own .sops.yaml says it."""

    age: Annotated[tuple[s.AgeRecipient, ...], Field(min_length=1)] | None = None
    """age recipients."""
    pgp: Recipients | None = None
    """Fingerprints of GnuPG keys."""
    kms: Recipients | None = None
    """ARNs of AWS KMS keys."""
    gcp_kms: Recipients | None = None
    """Resource ids of Google Cloud KMS keys."""
    azure_keyvault: Recipients | None = None
    """URLs of Azure Key Vault keys."""
    hc_vault_transit_uri: Recipients | None = None
    """URLs of HashiCorp Vault transit keys."""
