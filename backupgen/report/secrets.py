"""`secrets status`: the values and the Secrets, for people."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from backupgen.diagnostics.wording import counted, listed
from backupgen.report.lines import Line, paint, visible
from backupgen.sealing.judge import SecretStatus, StaleReason
from backupgen.sealing.references import Reference
from backupgen.sealing.values import Origin, Sources

_ORIGINS: Final[Mapping[Origin, tuple[str, str]]] = {
    "file": ("filled in", "green"),
    "environment": ("from the environment", "green"),
    "empty": ("empty", "yellow"),
    "missing": ("missing", "red"),
}


@dataclass(frozen=True, slots=True)
class SecretsReport:
    """How values and Secrets stand, ready to be shown."""

    needed: Mapping[str, Reference]
    sources: Sources
    statuses: tuple[SecretStatus, ...]
    values: str
    """The values file, as a person would name it."""
    out: str
    compared: str
    """What the comparison with a key said; empty: there was none."""
    options: str
    """The flags that further commands need."""
    color: bool = False


def render(report: SecretsReport) -> str:
    """Return the values, the Secrets that are not as they should be, and what comes next."""
    lines = [*_values(report), *_secrets(report)]
    if report.compared:
        lines.append([(report.compared, "")])
    lines.append([("next: ", "bold"), (_next(report), "")])
    return paint(lines, color=report.color)


def _values(report: SecretsReport) -> Iterator[Line]:
    given = report.sources.file is not None
    yield [("values", "bold"), (f"   {visible(report.values)}{'' if given else ' does not exist'}", "")]
    users = Counter(name for one in report.statuses for name in _names(one))
    width = max(map(len, report.needed), default=0)
    for name, reference in report.needed.items():
        said, style = _ORIGINS[report.sources.origin(name)] if given or report.sources.given else ("", "")
        state: Line = [(f"{said:<21}", style)] if said else []
        yield [(f"  {name:<{width}}  ", ""), *state, (f"{counted(users[name], 'Secret'):<11} {reference.purpose}", "")]


def _names(one: SecretStatus) -> set[str]:
    return {name for key in one.secret.keys for name in key.values}


def _secrets(report: SecretsReport) -> Iterator[Line]:
    right = sum(1 for one in report.statuses if one.proven)
    total = len(report.statuses)
    yield [("Secrets", "bold"), (f"  {report.out}: {right} of {total} sealed from the present values", "")]
    states: dict[tuple[str, str], list[str]] = {}
    for one in report.statuses:
        if not one.proven:
            states.setdefault(_state(one), []).append(one.path)
    for (said, style), paths in states.items():
        yield [(f"  {visible(paths[0]) if len(paths) == 1 else counted(len(paths), 'Secret')}: ", ""), (said, style)]


def _state(one: SecretStatus) -> tuple[str, str]:
    if one.faults:
        harmless = all(fault.reason in {StaleReason.ENVIRONMENT, StaleReason.UNPROVEN} for fault in one.faults)
        return "; ".join(fault.reason.status for fault in one.faults), "yellow" if harmless else "red"
    if one.sealed is not None:
        return "sealed by hand", "yellow"
    if one.waiting:
        return f"waiting for {listed(one.waiting)}", "yellow"
    return "not sealed yet" if one.placeholders else "not rendered yet", "yellow"


def _next(report: SecretsReport) -> str:
    origins = [report.sources.origin(name) for name in report.needed]
    if not report.needed:
        return "nothing: the fleet needs no credentials"
    if "missing" in origins:
        return f"`backupgen secrets{report.options}` adds what is missing to {report.values}"
    if empty := origins.count("empty"):
        return f"`backupgen secrets edit{report.options}` to fill in {counted(empty, 'value')}"
    if any(not one.proven for one in report.statuses):
        return f"`backupgen render{report.options}` seals them; then commit {report.values} and {report.out}"
    return f"nothing: every Secret is sealed from the present values; commit {report.values} and {report.out}"
