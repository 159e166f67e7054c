"""What `check` says of values and sealed Secrets, without a key."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from backupgen.conventions.naming import VALUE_VARIABLES
from backupgen.diagnostics import Finding, Spot
from backupgen.diagnostics.wording import few, quoted
from backupgen.sealing import codes
from backupgen.sealing.judge import SecretStatus, StaleReason, differing_recipients
from backupgen.sealing.references import Reference
from backupgen.sealing.rules import Rule
from backupgen.sealing.seal_record import is_from_environment
from backupgen.sealing.values import EDIT, Sources, ValuesFile


def check_values(
    needed: Mapping[str, Reference], sources: Sources, statuses: Iterable[SecretStatus]
) -> tuple[Finding, ...]:
    """Judge the values by their names: what is missing, empty, or needed by nothing.

    Findings about fleet.yaml name a path only.
    """
    if sources.file is None:
        return ()
    spare = [name for name in sources.file.digests if name not in needed]
    elsewhere = _from_environment(statuses)
    findings = [
        _missing(name, reference, spare, sources.file)
        for name, reference in needed.items()
        if sources.origin(name) == "missing" and name not in elsewhere
    ]
    findings += [_empty(name, sources.file) for name in needed if sources.origin(name) == "empty"]
    return (*findings, *(_unused(name, sources.file) for name in spare))


def check_forgotten(statuses: Iterable[SecretStatus], file: str) -> tuple[Finding, ...]:
    """Say that the values file is gone from which Secrets were sealed: most often it was not committed."""
    marks = [one.mark for one in statuses if one.mark is not None]
    if all(is_from_environment(was) for mark in marks for was in mark.keys.values()):
        return ()
    message = f"there is no `{file}`, from which Secrets were sealed: whether they hold the present values is not known"
    return (
        Finding(codes.VALUE_MISSING, message, Spot(file=file), "restore it from Git, and commit it with the Secrets"),
    )


def no_values(file: str) -> Finding:
    """The finding that there is nothing to seal from."""
    message = f"there is no `{file}`, and no value in the environment"
    return Finding(codes.VALUE_MISSING, message, Spot(file=file), "run `backupgen secrets`, which makes it")


def check_variables(variables: Iterable[str], known: Iterable[str]) -> tuple[Finding, ...]:
    """Name the environment variables that give values which nothing refers to."""
    wanted = set(known)
    return tuple(
        Finding(
            codes.VALUE_UNUSED,
            f"the environment gives `{variable}`, and nothing in fleet.yaml refers to it",
            Spot(),
            f"the variable of the value `restic-password` is `{VALUE_VARIABLES}RESTIC_PASSWORD`",
        )
        for variable in sorted(variables)
        if variable not in wanted
    )


def _from_environment(statuses: Iterable[SecretStatus]) -> set[str]:
    """The values that some Secret was sealed with, and that came from the environment."""
    return {
        name
        for one in statuses
        for key in one.secret.keys
        if one.mark is not None and is_from_environment(one.mark.keys.get(key.key, ""))
        for name in key.values
    }


def _missing(name: str, reference: Reference, spare: list[str], values: ValuesFile) -> Finding:
    near = get_close_matches(name, spare, n=1)
    hint = f"; perhaps `{near[0]}` is meant" if near else ""
    message = f"there is no value `{name}` in `{values.file}`{hint}"
    remedy = f"run `backupgen secrets`, which adds it, then {EDIT}; or correct the name"
    return Finding(codes.VALUE_MISSING, message, Spot(path=reference.path), remedy)


def _empty(name: str, values: ValuesFile) -> Finding:
    return Finding(codes.VALUE_EMPTY, f"the value `{name}` is not filled in yet", values.spot(name), f"run {EDIT}")


def _unused(name: str, values: ValuesFile) -> Finding:
    message = f"nothing refers to the value `{name}`"
    remedy = f"remove it with {EDIT}, and revoke the credential"
    return Finding(codes.VALUE_UNUSED, message, values.spot(name), remedy)


def check_recipients(values: ValuesFile, rule: Rule | None, rules_file: str) -> tuple[Finding, ...]:
    """Judge whom the values file is sealed for."""
    envelope = values.envelope
    if rule is None or envelope is None or envelope.recipients == rule.envelope.recipients:
        return ()
    message = f"this values file is sealed {differing_recipients(envelope, rule.envelope)}"
    remedy = f"run `sops --config {rules_file} updatekeys {values.file}` where a key is"
    return (Finding(codes.SEALED_FOR_OTHERS, message, Spot(file=values.file), remedy),)


def check_secrets(statuses: Iterable[SecretStatus], sources: Sources) -> Iterator[Finding]:
    """Judge the sealed Secrets one by one."""
    for one in statuses:
        for fault in one.faults:
            by_hand = (
                fault.reason is StaleReason.UNPROVEN and not sources.given
            )  # from values that only its owner knows
            finding = fault.finding(one.file)
            if finding is not None and not by_hand:
                yield finding


def check_waiting(statuses: Iterable[SecretStatus], sources: Sources, out: str) -> Iterator[Finding]:
    """Name the Secrets that hold placeholders, and those of which nothing is known: one finding for all alike."""
    every = tuple(statuses)
    bare = [one for one in every if one.placeholders]
    if ready := [one.file for one in bare if not one.waiting]:
        message = f"{_counted(ready, 'hold')} placeholders, although every value is there"
        yield Finding(codes.SEALING_POSTPONED, message, Spot(file=out), codes.SEALING_POSTPONED.help)
    if waiting := [one.file for one in bare if one.waiting]:
        message = f"{_counted(waiting, 'hold')} placeholders: not sealed yet"
        remedy = f"run {EDIT}, then `backupgen render`" if sources.file else codes.SECRETS_UNSEALED.help
        yield Finding(codes.SECRETS_UNSEALED, message, Spot(file=out), remedy)
    if unknown := [one.file for one in every if one.has(StaleReason.ENVIRONMENT)]:
        message = f"{_counted(unknown, 'come')} from values of the environment: nothing to compare with without a key"
        remedy = "compare where the key and the same environment are, with `backupgen secrets status`"
        yield Finding(codes.SEALED_FROM_ENVIRONMENT, message, Spot(file=out), remedy)


def _counted(files: list[str], verb: str) -> str:
    names = few(quoted(files), 1)
    return f"{names} Secrets {verb}" if len(files) > 1 else f"{names} {verb}s"
