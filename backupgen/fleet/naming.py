"""Every name that backupgen generates: objects, labels, files, values, mount paths. None is spelled out elsewhere."""

import hashlib
import re

MAIN = "main"
"""The name of the fleet's first repository."""

COMPONENT_LABEL = "app.kubernetes.io/component"
NAME_LABEL = "app.kubernetes.io/name"
PART_OF_LABEL = "app.kubernetes.io/part-of"
MANAGED_BY_LABEL = "app.kubernetes.io/managed-by"
ROLE_LABEL = "backupgen.io/role"
"""What a pod may reach: the network policies select by it."""

SCRIPTS = "crontab-backup-script"
SCRIPTS_DIR = "/scripts"
PLAN_DIR = "/plan"
BACKUP_DIR = "/backup"
RESTORE_DIR = "/restore"
CACHE_DIR = "/cache"
REPOSITORY_DIR = "/repository"

ALERTS = "backup-alerts"
DASHBOARD = "grafana-dashboard-backup"

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


def _of_repository(name: str, repository: str) -> str:
    return name if repository == MAIN else f"{name}-{repository}"


def plan(job: str) -> str:
    """The ConfigMap that tells a job of the fleet what to do."""
    return f"{job}-plan"


def dashboard_uid(fleet: str) -> str:
    """The dashboard's address in Grafana, which takes at most 40 characters (util.IsShortUIDTooLong)."""
    name = f"backup-{fleet}"
    return name if len(name) <= 40 else f"{name[:31]}-{hashlib.sha256(fleet.encode()).hexdigest()[:8]}"


def htpasswd(server: str) -> str:
    """The Secret with a REST server's users."""
    return f"{server}-htpasswd"


def value(owner: str, variable: str) -> str:
    """The name of a credential in the values file: `AWS_ACCESS_KEY_ID` of `wasabi` -> `wasabi-aws-access-key-id`."""
    name = re.sub("[^a-z0-9]+", "-", variable.lower()).strip("-")
    return name if owner == MAIN else f"{owner}-{name}"


def file_of(namespace: str, kind: str, name: str, *, sealed: bool = False) -> str:
    """The path of an object below out/: one folder a namespace, the file says kind and object."""
    return f"{namespace}/{kind.lower()}.{name}{'.enc' if sealed else ''}.yaml"
