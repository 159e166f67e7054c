"""How the files reach the cluster, and whom the Secrets are sealed for."""

from typing import Annotated, Literal

from pydantic import Field, StrictInt

from backupgen.language import scalars as s
from backupgen.language.schema.model import Model, exactly_one, one_of, optional, required


class FluxSource(Model):
    """The Flux source that holds the rendered files."""

    kind: Literal["GitRepository", "OCIRepository", "Bucket"] | None = optional(default="GitRepository")
    """Its kind."""
    name: s.DnsSubdomain = required(examples=["flux-system"])
    """Its name."""
    namespace: s.DnsLabel | None = optional(default="flux-system", examples=["flux-system"])
    """Its namespace."""


class Flux(Model):
    """A Flux Kustomization for each namespace."""

    path: s.Line = required(examples=["./clusters/home/backup"])
    """The path of out/ in the source, such as `./clusters/home/backup`."""
    source: FluxSource
    """The source."""
    namespace: s.DnsLabel | None = optional(default="flux-system", examples=["flux-system"])
    """Where the Kustomizations lie."""
    interval: s.Duration | None = optional(default="1h", examples=["1h"])
    """How often Flux compares."""
    decryption_secret: s.DnsSubdomain | None = optional(default="sops-age", examples=["sops-age"])
    """The Secret with the sops key."""


class ArgoCd(Model):
    """Argo CD with KSOPS: each namespace's kustomization decrypts its Secrets through a generator."""

    sync_wave: Annotated[StrictInt, Field(ge=-(2**31), le=2**31 - 1)] | None = optional(examples=[15])
    """The sync wave of every object."""
    repo: s.GitUrl | None = optional(examples=["https://git.example.com/home/cluster.git"])
    """The Git repository's URL. With it, an Application for each namespace is rendered."""
    path: s.RelativePath | None = optional(examples=["clusters/home/backup"])
    """The path of out/ in the Git repository."""
    revision: s.Line | None = optional(default="HEAD", examples=["HEAD"])
    """The revision."""
    namespace: s.DnsLabel | None = optional(default="argocd", examples=["argocd"])
    """Where the Applications lie."""
    project: s.DnsSubdomain | None = optional(default="default", examples=["default"])
    """Their project."""


class Gitops(Model):
    """How the cluster takes the files. Left out: plain kustomizations."""

    flux: Flux | None = None
    """Flux."""
    argocd: ArgoCd | None = None
    """Argo CD with KSOPS."""

    constraints = (one_of("flux", "argocd"),)
    _one = exactly_one("flux", "argocd")


Recipients = Annotated[tuple[s.Line, ...], Field(min_length=1)]


class Sops(Model):
    """Whom the Secrets are sealed for; written to out/.sops.yaml. Left out: your own .sops.yaml says it."""

    age: Annotated[tuple[s.AgeRecipient, ...], Field(min_length=1)] | None = optional(
        examples=[["age1l33kuavzswruf692c4pl9cuqz72npyzn3gjmmqdujqf3vkl22e6s6zdk58"]]
    )
    """age recipients."""
    pgp: Recipients | None = optional(examples=[["85D77543B3D624B63CEA9E6DBC17301B491B3F21"]])
    """Fingerprints of GnuPG keys."""
    kms: Recipients | None = optional(
        examples=[["arn:aws:kms:eu-central-1:111122223333:key/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"]]
    )
    """ARNs of AWS KMS keys."""
    gcp_kms: Recipients | None = optional(
        examples=[["projects/home/locations/global/keyRings/sops/cryptoKeys/sops-key"]]
    )
    """Resource ids of Google Cloud KMS keys."""
    azure_keyvault: Recipients | None = optional(
        examples=[["https://home.vault.azure.net/keys/sops/0f1e2d3c4b5a69788796a5b4c3d2e1f0"]]
    )
    """URLs of Azure Key Vault keys."""
    hc_vault_transit_uri: Recipients | None = optional(examples=[["https://vault.example.com:8200/v1/sops/keys/home"]])
    """URLs of HashiCorp Vault transit keys."""
