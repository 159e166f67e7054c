"""How the cluster takes the files: kustomizations, and Flux's, Argo CD's and sops' own files."""

from collections.abc import Iterator

from backupgen.conventions import naming
from backupgen.grammars.go_duration import go_duration
from backupgen.plan.facts.access import Secret
from backupgen.plan.facts.manifest import Unit
from backupgen.plan.facts.wiring import ArgoApplication, FluxKustomization, KsopsGenerator, Kustomization, SopsConfig
from backupgen.plan.pods import fleet_meta
from backupgen.resolve.delivery import ArgoCd, Flux
from backupgen.resolve.resolved import ResolvedFleet

_KUSTOMIZATION = "kustomization.yaml"
_KSOPS = "ksops.yaml"


def wiring_units(fleet: ResolvedFleet, units: tuple[Unit, ...]) -> Iterator[Unit]:
    """The files that lead to the given units."""
    folders: dict[str, list[Unit]] = {}
    for unit in units:
        folders.setdefault(unit.path.partition("/")[0], []).append(unit)
    for folder in sorted(folders):
        yield from _folder(fleet, folder, folders[folder])
    gitops = [unit for folder in sorted(folders) for unit in _gitops(fleet, folder)]
    if gitops:
        yield from gitops
        yield Unit(f"{naming.GITOPS_FOLDER}/{_KUSTOMIZATION}", Kustomization(_names(gitops), ()))
    top = (naming.GITOPS_FOLDER,) if gitops else tuple(sorted(folders))
    yield Unit(_KUSTOMIZATION, Kustomization(top, ()))
    if fleet.sops is not None:
        yield Unit(naming.SOPS_CONFIG, SopsConfig(fleet.sops))


def _folder(fleet: ResolvedFleet, folder: str, units: list[Unit]) -> Iterator[Unit]:
    """The kustomization of a namespace. Only Flux decrypts what a kustomization lists."""
    sealed = [unit for unit in units if isinstance(unit.facts, Secret)]
    plain = [unit for unit in units if not isinstance(unit.facts, Secret)]
    generators: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    if isinstance(fleet.gitops, Flux):
        plain = units
    elif fleet.gitops is not None and sealed:
        generators = (_KSOPS,)
        yield Unit(f"{folder}/{_KSOPS}", KsopsGenerator(f"{fleet.name}-secrets", _names(sealed)))
    else:
        notes = tuple(_by_hand(unit) for unit in sealed)
    yield Unit(f"{folder}/{_KUSTOMIZATION}", Kustomization(_names(plain), generators, notes))


def _names(units: list[Unit]) -> tuple[str, ...]:
    return tuple(sorted(unit.path.partition("/")[2] for unit in units))


def _by_hand(unit: Unit) -> str:
    return f"sops decrypt {unit.path.partition('/')[2]} | kubectl apply -f -"


def _gitops(fleet: ResolvedFleet, folder: str) -> Iterator[Unit]:
    if isinstance(fleet.gitops, Flux):
        yield Unit.of(_flux(fleet, fleet.gitops, folder))
    elif fleet.gitops is not None and fleet.gitops.repo:
        yield Unit.of(_argo(fleet, fleet.gitops, folder))


def _flux(fleet: ResolvedFleet, flux: Flux, folder: str) -> FluxKustomization:
    name = naming.wiring(fleet.name, folder)
    return FluxKustomization(
        meta=fleet_meta(fleet, name, flux.namespace),
        path=f"{flux.path.rstrip('/')}/{folder}",
        interval=go_duration(flux.interval),
        source_kind=flux.source_kind,
        source_name=flux.source_name,
        source_namespace=flux.source_namespace,
        decryption_secret=flux.decryption_secret,
    )


def _argo(fleet: ResolvedFleet, argocd: ArgoCd, folder: str) -> ArgoApplication:
    name = naming.wiring(fleet.name, folder)
    return ArgoApplication(
        meta=fleet_meta(fleet, name, argocd.namespace),
        repo=argocd.repo,
        path=folder if argocd.path in {"", "."} else f"{argocd.path}/{folder}",
        revision=argocd.revision,
        project=argocd.project,
        destination=folder,
    )
