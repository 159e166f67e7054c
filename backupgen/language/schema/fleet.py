"""fleet.yaml as a whole."""

from typing import Annotated, Literal

from pydantic import Field, StrictInt

from backupgen.language import scalars as s
from backupgen.language.schema.gitops import Gitops, Sops
from backupgen.language.schema.job import JobSettings
from backupgen.language.schema.model import Model, needs, optional, required
from backupgen.language.schema.reports import Alerts, Dashboard, Ntfy, Pushgateway
from backupgen.language.schema.repository import Repository
from backupgen.language.schema.target import Target
from backupgen.language.schema.waivers import Waivers


class Images(Model):
    """The container images, by digest."""

    restic: s.Image = required(examples=[f"ghcr.io/example/restic:0.19.1@sha256:{'0' * 64}"])
    """Runs every job: restic 0.17.1 or later, curl or busybox wget, rclone for mirrors, what verify rules need."""
    rest_server: s.Image | None = optional(examples=[f"docker.io/restic/rest-server:0.14.0@sha256:{'0' * 64}"])
    """Runs the REST server; needed when `repository.server` is given."""
    kubectl: s.Image | None = optional(examples=[f"docker.io/alpine/kubectl:1.35.0@sha256:{'0' * 64}"])
    """Runs the dumps in an app's pod (`dump.in_pod`): kubectl and a POSIX shell."""


class Node(Model):
    """A node, or a group of them, that takes only so many jobs at once."""

    labels: Annotated[s.Labels, Field(min_length=1)] = required(examples=[{"kubernetes.io/hostname": "node-7"}])
    """Its labels: every job whose `node_selector` has all of them runs here, a mirror beside its server."""
    parallel: Annotated[StrictInt, Field(ge=1)] = required(examples=[1])
    """How many jobs may run here at once, whatever their repository."""


class Fleet(Model):
    """fleet.yaml."""

    fleet: s.DnsLabel = required(examples=["home"])
    """The fleet's name."""
    home_namespace: s.DnsLabel = required(examples=["backup"])
    """Where the fleet's own jobs run and the scripts come from."""
    timezone: s.Timezone
    """The zone that slots are meant in."""
    kubernetes: s.KubernetesVersion | None = None
    """The cluster's version, or the oldest of several: what is rendered is then proved to be known there."""
    images: Images
    """The container images."""
    image_pull_secrets: tuple[s.DnsSubdomain, ...] | None = optional(examples=[["registry-credentials"]])
    """Secrets of private registries, present in every namespace."""
    repository: Repository
    """The repository that targets use; its name is `main`."""
    repositories: dict[s.DnsLabel, Repository] | None = None
    """Further repositories by name."""
    nodes: dict[s.DnsLabel, Node] | None = None
    """Nodes that take only so many jobs at once, by a name of your own."""
    scripts: Literal["per_namespace", "reflector"] | None = optional(default="per_namespace")
    """How the scripts reach each namespace: a ConfigMap in each, or one that Reflector copies."""
    network_policies: Literal["none", "kubernetes", "cilium"] | None = optional(default="none")
    """The kind of the network policies."""
    pushgateway: Pushgateway | None = None
    """The Pushgateway; without it there are no metrics."""
    ntfy: Ntfy | None = None
    """Where failures are sent."""
    alerts: Alerts | None = None
    """The alerts; needs `pushgateway`."""
    dashboard: Dashboard | None = None
    """The dashboard; needs `pushgateway`."""
    gitops: Gitops | None = None
    """How the cluster takes the files."""
    sops: Sops | None = None
    """Whom the Secrets are sealed for."""
    labels: s.Labels | None = optional(examples=[{"team": "platform"}])
    """Labels of every object."""
    annotations: s.Annotations | None = optional(examples=[{"example.com/owner": "platform"}])
    """Annotations of every object."""
    defaults: JobSettings | None = None
    """What holds for every target that does not say otherwise. Mappings are merged, lists and values replaced."""
    targets: Annotated[dict[s.DnsLabel, Target], Field(min_length=1)]
    """What is backed up, by name."""
    unprotected: dict[s.VolumePattern, s.Line] | None = optional(
        examples=[{"media/cache": "it is made anew", "/srv/films": "they can be bought again"}]
    )
    """Volumes that are not backed up, and why: a claim as `namespace/name` or a folder of a node, `*` in it stands for
    any characters. `check --repo` reports every other volume that no target holds."""
    waive: Waivers | None = optional(examples=[{"missing-operation": "the provider keeps a copy of its own"}])
    """Findings about the whole fleet that are known and accepted, each with its reason."""

    constraints = (needs(alerts="pushgateway", dashboard="pushgateway"),)
