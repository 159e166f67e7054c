"""fleet.yaml as it is written: one pydantic model for each mapping of the language.

Input: the plain data of a document. Output: a `Fleet` in which a field is None where the user left it out. Never: a
default (that is `resolve`'s work), or a judgement that needs two places of the file (those are rules).

The docstring under a field is its documentation: the JSON schema, the reference in docs/ and `explain` show it.
"""

from backupgen.language.schema.fleet import Fleet, Images, Node
from backupgen.language.schema.gitops import ArgoCd, Flux, FluxSource, Gitops, Recipients, Sops
from backupgen.language.schema.job import (
    Cache,
    History,
    JobSettings,
    NtfyOverride,
    ResourceList,
    Resources,
    RunAs,
    RunAsMapping,
    Toleration,
)
from backupgen.language.schema.model import Model
from backupgen.language.schema.reports import (
    AlertChange,
    AlertLabels,
    AlertName,
    Alerts,
    Dashboard,
    Ntfy,
    OwnAlert,
    Prometheus,
    Pushgateway,
)
from backupgen.language.schema.repository import (
    Credentials,
    Keep,
    Maintenance,
    Mirror,
    Repository,
    RestoreTest,
    Retention,
    Scratch,
    ScratchMapping,
    Server,
)
from backupgen.language.schema.source import Dump, Staging, Volume
from backupgen.language.schema.target import Peer, Target, Verify
from backupgen.language.schema.waivers import Waiver, WaiverMapping, Waivers

__all__ = [
    "AlertChange",
    "AlertLabels",
    "AlertName",
    "Alerts",
    "ArgoCd",
    "Cache",
    "Credentials",
    "Dashboard",
    "Dump",
    "Fleet",
    "Flux",
    "FluxSource",
    "Gitops",
    "History",
    "Images",
    "JobSettings",
    "Keep",
    "Maintenance",
    "Mirror",
    "Model",
    "Node",
    "Ntfy",
    "NtfyOverride",
    "OwnAlert",
    "Peer",
    "Prometheus",
    "Pushgateway",
    "Recipients",
    "Repository",
    "ResourceList",
    "Resources",
    "RestoreTest",
    "Retention",
    "RunAs",
    "RunAsMapping",
    "Scratch",
    "ScratchMapping",
    "Server",
    "Sops",
    "Staging",
    "Target",
    "Toleration",
    "Verify",
    "Volume",
    "Waiver",
    "WaiverMapping",
    "Waivers",
]
