"""Every name that backupgen generates: objects, labels, files, values, mount paths."""

import hashlib
import re

from backupgen.conventions.roles import PodRole

MAIN = "main"
"""The name of the fleet's first repository."""

COMPONENT_LABEL = "app.kubernetes.io/component"
NAME_LABEL = "app.kubernetes.io/name"
PART_OF_LABEL = "app.kubernetes.io/part-of"
MANAGED_BY_LABEL = "app.kubernetes.io/managed-by"
ROLE_LABEL = "backupgen.io/role"
"""What a pod may reach: the network policies select by it."""
TOOL = "backupgen"
OWN_LABELS = (NAME_LABEL, COMPONENT_LABEL, PART_OF_LABEL, MANAGED_BY_LABEL, ROLE_LABEL)
"""The labels that the compiler sets itself."""

COMPONENT = "backup"
SERVER_COMPONENT = "repository"

SYNC_WAVE = "argocd.argoproj.io/sync-wave"
FLUX_SUBSTITUTE = "kustomize.toolkit.fluxcd.io/substitute"
REFLECTOR = "reflector.v1.k8s.emberstack.com"

SCRIPTS = "crontab-backup-script"
SCRIPTS_DIR = "/scripts"
PLAN_DIR = "/plan"
BACKUP_DIR = "/backup"
RESTORE_DIR = "/restore"
CACHE_DIR = "/cache"
REPOSITORY_DIR = "/repository"
STAGING_DIR = "/staging"
HTPASSWD_DIR = "/htpasswd"
BACKUP_USER = "backup"
"""The REST server's user that may only append."""
MAINTENANCE_USER = "maintenance"
"""The REST server's user that may also delete."""
GITOPS_FOLDER = "_gitops"
"""The folder of Flux's and Argo CD's objects: no namespace begins with an underscore."""

RULE_TESTS = "_alerts"
"""The folder of the alerts' tests."""
RUNBOOKS = "_runbooks"
"""The folder of the pages for people."""
RUNBOOK_OVERVIEW = f"{RUNBOOKS}/README.md"
RUNBOOK_RESTORE = f"{RUNBOOKS}/restore.md"
"""What is the same for every restore."""
RUNBOOK_EXIT_CODES = f"{RUNBOOKS}/exit-codes.md"
RUNBOOK_TIMETABLE = f"{RUNBOOKS}/timetable.svg"

CHOSEN_SLOTS = ".backupgen-slots.yaml"
"""The file below out/ that remembers the slots which the compiler chose."""
SEALED_SUFFIX = ".enc.yaml"
"""How the files end that sops encrypts."""
SOPS_CONFIG = ".sops.yaml"

VALUE_VARIABLES = "BACKUPGEN_VALUE_"
"""How the environment variables begin that give single values."""

ALERTS = "backup-alerts"
DASHBOARD = "grafana-dashboard-backup"

RESTORE_POLICY = "restic-restore"
"""The network policy of a namespace's restore pods. No target's job is called so: theirs begin with `backup-`."""

JOB_NAME_LIMIT = 63
"""The API server's limit for a Job's name: it becomes a label of its pods (apps/validation)."""
CRONJOB_NAME_LIMIT = 52
"""The API server's limit for a CronJob's name: it appends eleven characters to name a Job (apps/validation)."""


def backup(target: str) -> str:
    """The CronJob of a target, and the `app.kubernetes.io/name` of its pods."""
    return f"backup-{target}"


def secret(owner: str) -> str:
    """The Secret of a target, or of one of the fleet's own jobs."""
    return f"backup-env-configuration-{owner}"


def retention(repository: str) -> str:
    """The CronJob that forgets, prunes and checks."""
    return _of_repository("restic-retentionpolicies", repository)


def restore_test(repository: str) -> str:
    """The CronJob that restores every tag."""
    return _of_repository("backup-restore-test", repository)


def mirror(repository: str, name: str) -> str:
    """The CronJob of a mirror."""
    return f"backup-mirror-{name}" if repository == MAIN else f"backup-mirror-{repository}-{name}"


def mirror_restore_test(repository: str, name: str) -> str:
    """The CronJob that restores every tag from a mirror."""
    return f"backup-restore-test-{mirror_owner(repository, name)}"


def restore(target: str) -> str:
    """The pod in which a target is restored by hand, and the Secret that it reads a mirror with."""
    return f"restore-{target}"


def stopped_database(target: str) -> str:
    """The copy of a database's pod that holds its volumes, and in which no server runs."""
    return f"restore-{target}-database"


def bootstrap(repository: str) -> str:
    """The Job that initialises a repository."""
    return _of_repository("restic-bootstrap", repository)


def mirror_bootstrap(repository: str, name: str) -> str:
    """The Job that initialises the repository of a mirror."""
    return f"restic-bootstrap-{mirror_owner(repository, name)}"


def mirror_owner(repository: str, name: str) -> str:
    """Whom the values of a mirror belong to."""
    return f"mirror-{name}" if repository == MAIN else f"mirror-{repository}-{name}"


def _of_repository(name: str, repository: str) -> str:
    return name if repository == MAIN else f"{name}-{repository}"


def source_volume(volume: str) -> str:
    """The volume of a pod that holds a source."""
    return f"source-{volume}"


def plan(job: str) -> str:
    """The ConfigMap that tells a job of the fleet what to do."""
    return f"{job}-plan"


def dashboard_uid(fleet: str) -> str:
    """The dashboard's address in Grafana, which takes at most 40 characters (util.IsShortUIDTooLong)."""
    name = f"backup-{fleet}"
    return name if len(name) <= 40 else f"{name[:31]}-{hashlib.sha256(fleet.encode()).hexdigest()[:8]}"


def alert_page(alert: str) -> str:
    """The page of an alert, below the folder of the runbooks."""
    return f"alerts/{alert}.md"


def target_page(target: str) -> str:
    """The page of a target, below the folder of the runbooks."""
    return f"targets/{target}.md"


def htpasswd(server: str) -> str:
    """The Secret with a REST server's users."""
    return f"{server}-htpasswd"


def maintenance_value(repository: str) -> str:
    """The value with the password of the server's user that may also delete."""
    return value(repository, "RESTIC_REST_MAINTENANCE_PASSWORD")


def wiring(fleet: str, namespace: str) -> str:
    """The Flux Kustomization or Argo CD Application of a namespace's folder."""
    name = f"{fleet}-{namespace}"
    return name if len(name) <= 63 else f"{name[:54]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def value(owner: str, variable: str) -> str:
    """The name of a credential in the values file: `AWS_ACCESS_KEY_ID` of `wasabi` -> `wasabi-aws-access-key-id`."""
    name = re.sub("[^a-z0-9]+", "-", variable.lower()).strip("-")
    return name if owner == MAIN else f"{owner}-{name}"


def value_variable(name: str) -> str:
    """The environment variable that gives the value: `restic-password` -> `BACKUPGEN_VALUE_RESTIC_PASSWORD`."""
    return VALUE_VARIABLES + name.upper().replace("-", "_")


def values_file(fleet_file: str) -> str:
    """The name of the file with the values, which lies beside the fleet's: `fleet.yaml` -> `fleet.values.enc.yaml`."""
    stem, dot, _ = fleet_file.rpartition(".")
    return f"{stem if dot and stem else fleet_file}.values{SEALED_SUFFIX}"


def file_of(namespace: str, kind: str, name: str, *, sealed: bool = False) -> str:
    """The path of an object below out/: one folder a namespace, the file says kind and object."""
    return f"{namespace}/{kind.lower()}.{name}{SEALED_SUFFIX if sealed else '.yaml'}"


def runbook_of_target(target: str) -> str:
    """The page below out/ that says how a target is restored."""
    return f"{RUNBOOKS}/{target_page(target)}"


def runbook_of_alert(alert: str) -> str:
    """The page below out/ that says what an alert means."""
    return f"{RUNBOOKS}/{alert_page(alert)}"


def object_labels(fleet: str, name: str) -> dict[str, str]:
    """The labels of an object that belongs to no job."""
    return {NAME_LABEL: _as_label(name), PART_OF_LABEL: fleet, MANAGED_BY_LABEL: TOOL}


def _as_label(name: str) -> str:
    """A name as a label's value, which takes 63 characters."""
    return name if len(name) <= 63 else f"{name[:54]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def pod_labels(fleet: str, name: str, role: PodRole) -> dict[str, str]:
    """The labels of the compiler's own that a pod carries, and by which the network policies know it."""
    component = SERVER_COMPONENT if role is PodRole.SERVER else COMPONENT
    return {**object_labels(fleet, name), COMPONENT_LABEL: component, ROLE_LABEL: role.value}


def pushgateway_policy(fleet: str) -> str:
    """The network policy of the Pushgateway: one a fleet, because two fleets may share one Pushgateway."""
    return f"pushgateway-{fleet}"
