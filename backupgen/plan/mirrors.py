"""With which variables a mirror's two places are found and opened: by the copy, and by whoever reads the copy.

Two places of one kind would take their credentials from the same variables. Between two of S3 the copy's own begin with
`MIRROR_`, and mirror.sh hands each to its remote of rclone.
"""

from collections.abc import Mapping

from backupgen.conventions import naming
from backupgen.integrations.location import Location
from backupgen.plan.pods import client_environment
from backupgen.resolve.resolved import Mirror, Repository

_PASSWORD = "RESTIC_PASSWORD"  # noqa: S105 - the variable's name
_MIRROR = "MIRROR_"


def copy_environment(repository: Repository, mirror: Mirror) -> dict[str, str]:
    """The variables of mirror.sh, credentials aside."""
    environment = {**client_environment(repository, mirror.job), "MIRROR_RESTIC_REPOSITORY": mirror.to.text}
    if mirror.method == "restic_copy":
        environment["MIRROR_METHOD"] = "snapshots"
        if mirror.id is not None:
            environment["MIRROR_REPOSITORY_ID"] = mirror.id
        return environment
    environment |= {"MIRROR_METHOD": "files", **_remote("mirror", mirror.to, own_keys=repository.server is None)}
    environment["MIRROR_DESTINATION"] = _place("mirror", mirror.to)
    if repository.server is None:
        environment["MIRROR_SOURCE"] = _place("source", repository.location)
        return environment | _remote("source", repository.location, own_keys=True)
    environment.pop("RESTIC_REST_USERNAME", None)  # it reads the repository's files, not the server
    source = f"{naming.REPOSITORY_DIR}{repository.location.path}".rstrip("/")
    return environment | {"RESTIC_REPOSITORY": source, "MIRROR_SOURCE": source}


def copy_credentials(repository: Repository, mirror: Mirror) -> Mapping[str, str]:
    """The credentials of mirror.sh: variable -> name of the value."""
    if mirror.method == "restic_copy":
        return {**repository.credentials, **mirror.credentials}
    if repository.server is not None:
        return {**_without_backend(repository), **mirror.credentials}
    shared = mirror.to.backend.variables
    own = {_MIRROR + name if name in shared else name: value for name, value in mirror.credentials.items()}
    return {**repository.credentials, **own}


def mirror_environment(repository: Repository, mirror: Mirror) -> dict[str, str]:
    """The variables with which restic reads the copy, credentials aside. It takes no lock: nothing is removed there."""
    id_ = mirror.id if mirror.method == "restic_copy" else repository.id
    environment = {"RESTIC_REPOSITORY": mirror.to.text, "RESTIC_WITHOUT_LOCK": "true"}
    return environment if id_ is None else {**environment, "RESTIC_REPOSITORY_ID": id_}


def mirror_credentials(repository: Repository, mirror: Mirror) -> Mapping[str, str]:
    """The credentials with which restic reads the copy: variable -> name of the value."""
    if mirror.method == "rclone":
        return {**_without_backend(repository), **mirror.credentials}
    return {_PASSWORD if name == _MIRROR + _PASSWORD else name: value for name, value in mirror.credentials.items()}


def _without_backend(repository: Repository) -> dict[str, str]:
    backend = repository.location.backend.variables
    return {name: value for name, value in repository.credentials.items() if name not in backend}


def _place(remote: str, location: Location) -> str:
    return f"{remote}:{location.path.strip('/')}"


def _remote(name: str, location: Location, *, own_keys: bool) -> dict[str, str]:
    """A remote of rclone, described by variables (rclone's manual, "Environment variables").

    Without `own_keys` it takes those of restic's variables.
    """
    prefix = f"RCLONE_CONFIG_{name.upper()}"
    return {
        f"{prefix}_TYPE": "s3",
        f"{prefix}_PROVIDER": "Other",
        f"{prefix}_ENV_AUTH": "false" if own_keys else "true",
        f"{prefix}_ENDPOINT": f"{'https' if location.tls else 'http'}://{location.netloc}",
    }
