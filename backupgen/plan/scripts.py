"""The ConfigMaps with the shared scripts: one in each namespace, or one that Reflector copies."""

from collections.abc import Iterator

from backupgen.conventions import naming
from backupgen.plan.facts.manifest import Unit
from backupgen.plan.facts.workloads import ScriptsConfigMap
from backupgen.plan.pods import fleet_meta
from backupgen.resolve.resolved import ResolvedFleet

SCRIPTS = (
    "lib.sh",
    "report.sh",
    "locks.sh",
    "snapshots.sh",
    "dumps.sh",
    "backup.sh",
    "dump.sh",
    "retention.sh",
    "thin.sh",
    "list.awk",
    "judge.awk",
    "restore-test.sh",
    "mirror.sh",
    "bootstrap.sh",
)


def script_units(fleet: ResolvedFleet) -> Iterator[Unit]:
    """The ConfigMap for each namespace in which a job runs."""
    namespaces = sorted({job.namespace for job in fleet.jobs()})
    annotations = {**fleet.annotations, naming.FLUX_SUBSTITUTE: "disabled"}
    if fleet.reflect_scripts:
        others = [name for name in namespaces if name != fleet.home_namespace]
        # An empty list would mean every namespace to Reflector.
        annotations |= _reflection(others) if others else {}
        namespaces = [fleet.home_namespace]
    for namespace in namespaces:
        meta = fleet_meta(fleet, naming.SCRIPTS, namespace)._replace(annotations=annotations)
        yield Unit.of(ScriptsConfigMap(meta, SCRIPTS))


def _reflection(namespaces: list[str]) -> dict[str, str]:
    """Reflector's annotations, for the fleet's own namespaces only (its README, "Annotate the source")."""
    names = ",".join(namespaces)
    return {
        f"{naming.REFLECTOR}/reflection-allowed": "true",
        f"{naming.REFLECTOR}/reflection-allowed-namespaces": names,
        f"{naming.REFLECTOR}/reflection-auto-enabled": "true",
        f"{naming.REFLECTOR}/reflection-auto-namespaces": names,
    }
