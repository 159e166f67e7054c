"""How each Secret stands: whether it is sealed, for whom, and from which values. Needs no key."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from typing import Any, Final, NamedTuple

from backupgen.diagnostics import CodeInfo, Finding, Spot
from backupgen.diagnostics.wording import listed
from backupgen.plan.facts.access import Secret, SecretKey
from backupgen.sealing import codes
from backupgen.sealing.envelope import Envelope, encrypted_type, read_envelope
from backupgen.sealing.rules import Rule
from backupgen.sealing.seal_record import SealRecord, is_from_environment, key_mark, names_of
from backupgen.sealing.sealed import is_sealed, secret_keys, values_of, without_values
from backupgen.sealing.values import Sources
from backupgen.source import PlainError, load_all

_RENDER: Final = "run `backupgen render` where the key is, and commit what it writes"


class StaleReason(Enum):
    """Why a sealed Secret is not what it should be: in the words of the status, and as a finding of `check`."""

    UNREADABLE = (
        "it is no YAML",
        codes.SEALED_DAMAGED,
        "this cannot be read: {detail}",
        "restore it from Git, or delete it, and run `backupgen render`",
    )
    PLAINTEXT = (
        "some of its values are not encrypted",
        codes.SECRET_IN_PLAINTEXT,
        "this Secret holds {detail} in plaintext",
    )
    KEYS = (
        "it does not hold the keys that its jobs read",
        codes.SEALED_KEYS_DIFFER,
        "this sealed Secret {detail}",
        _RENDER,
    )
    FRAME = (
        "what is readable of it is not what fleet.yaml says",
        codes.SEALED_OUTDATED,
        "this sealed Secret is not what fleet.yaml says today: {detail} differ",
        _RENDER,
    )
    SELECTION = (
        "other fields of it are encrypted than the rule says",
        codes.SEALED_FOR_OTHERS,
        "this Secret is sealed {detail}",
        _RENDER,
    )
    RECIPIENTS = (
        "it is sealed for others than the rule says",
        codes.SEALED_FOR_OTHERS,
        "this Secret is sealed {detail}",
        _RENDER,
    )
    CHANGED = (
        "its bytes are not those that backupgen sealed",
        codes.SEALED_CHANGED,
        "this Secret is not as backupgen sealed it: somebody changed it since",
    )
    UNPROVEN = (
        "backupgen did not seal it",
        codes.SEALED_CHANGED,
        "this Secret was not sealed by backupgen: whether it holds the present values is not known",
    )
    VALUES = (
        "it was sealed from other values",
        codes.SEALED_OUTDATED,
        "this Secret is not sealed from the present values: {detail} was changed since",
        _RENDER,
    )
    ENVIRONMENT = ("it was sealed from values of the environment", None, "")

    def __init__(self, status: str, info: CodeInfo | None, message: str, help_: str = "") -> None:
        self.status: Final = status
        self.info: Final = info
        """None: `check` reports all such Secrets by one finding (BG588)."""
        self.message: Final = message
        self.help: Final = help_
        """What to do; empty: what its code says."""


class StaleDetail(NamedTuple):
    """Why one sealed Secret is stale, and the particulars for a finding."""

    reason: StaleReason
    detail: str

    def finding(self, file: str) -> Finding | None:
        """The fault as a finding about a file; None for what is reported of all Secrets at once."""
        info = self.reason.info
        if info is None:
            return None
        message = self.reason.message.format(detail=self.detail)
        return Finding(info, message, Spot(file=file), self.reason.help or info.help)


@dataclass(frozen=True, slots=True)
class SecretStatus:
    """One Secret: what it should be, and what lies in out/."""

    path: str
    """Below out/."""
    file: str
    """The same, as findings show it."""
    secret: Secret
    ready: str
    """Its text with placeholders."""
    rule: Rule | None
    sealed: str | None
    """The text in out/, if it is sealed."""
    mark: SealRecord | None
    """What is remembered of exactly that text."""
    waiting: tuple[str, ...]
    """The values that it needs and that are not there."""
    faults: tuple[StaleDetail, ...] = ()
    placeholders: bool = False
    """Whether what lies in out/ is the text with placeholders."""

    def has(self, *reasons: StaleReason) -> bool:
        """Whether the sealed Secret has one of these."""
        return any(fault.reason in reasons for fault in self.faults)

    @property
    def proven(self) -> bool:
        """Whether it is sealed, and known to be as it would be sealed now."""
        return self.sealed is not None and self.mark is not None and not self.faults


@dataclass(frozen=True, slots=True)
class Committed:
    """What the judgement needs of out/."""

    out: str
    """The folder, as findings show it."""
    files: Mapping[str, str]
    """The files of out/: path below it -> text."""
    marks: Mapping[str, tuple[SealRecord, ...]]
    """What is remembered of the sealed ones."""


def secret_statuses(
    secrets: Mapping[str, Secret],
    manifests: Mapping[str, str],
    committed: Committed,
    sources: Sources,
    rules: Mapping[str, Rule],
) -> tuple[SecretStatus, ...]:
    """Judge every Secret, in the order of the paths. `rules` holds the rule for each path that has one."""
    return tuple(
        _stand(path, secrets[path], manifests[path], committed, sources, rules.get(path)) for path in sorted(secrets)
    )


def _stand(
    path: str, secret: Secret, ready: str, committed: Committed, sources: Sources, rule: Rule | None
) -> SecretStatus:
    file = f"{committed.out}/{path}"
    names = dict.fromkeys(name for key in secret.keys for name in key.values)
    waiting = tuple(name for name in names if not sources.has(name))
    text = committed.files.get(path)
    if text is None or not is_sealed(path, text):
        return SecretStatus(path, file, secret, ready, rule, None, None, waiting, placeholders=text == ready)
    known = committed.marks.get(path, ())
    fingerprint = _sha256(text)
    mark = next((mark for mark in known if mark.file == fingerprint), None)
    faults = list(_seen(text, ready, rule, mark))
    if mark is not None:
        faults += _compared(secret, mark, sources)
    elif known:
        faults.append(StaleDetail(StaleReason.CHANGED, ""))
    elif not waiting:
        faults.append(StaleDetail(StaleReason.UNPROVEN, ""))
    return SecretStatus(path, file, secret, ready, rule, text, mark, waiting, tuple(faults))


def readable_fields(ready: str) -> Iterator[tuple[str, ...]]:
    """The paths of the fields of a Secret that sops has to leave readable: all but its values."""
    for document in load_all(ready):
        waiting: list[tuple[tuple[str, ...], object]] = [((), document)]
        while waiting:
            path, value = waiting.pop()
            if isinstance(value, dict):
                inner = {key: one for key, one in value.items() if path or key not in {"data", "stringData"}}
                waiting += [((*path, key), one) for key, one in reversed(inner.items())]
            else:
                yield path


def _sha256(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def stale_details(text: str, ready: str, rule: Rule | None) -> Iterator[StaleDetail]:
    """What can be seen in a sealed text itself, compared with the one with placeholders and with the rule."""
    return _seen(text, ready, rule, None)


def _seen(text: str, ready: str, rule: Rule | None, mark: SealRecord | None) -> Iterator[StaleDetail]:
    """What can be seen in a sealed Secret itself."""
    try:
        documents = load_all(text)
    except PlainError as error:
        yield StaleDetail(StaleReason.UNREADABLE, error.message)
        return
    document = documents[0] if len(documents) == 1 else None
    if not isinstance(document, dict):
        yield StaleDetail(StaleReason.UNREADABLE, f"it holds {len(documents)} documents, expected one mapping")
        return
    if bare := [key for key, value in values_of(document).items() if not encrypted_type(value)]:
        yield StaleDetail(StaleReason.PLAINTEXT, listed(bare))
    if mark is None or mark.ready != _sha256(ready):
        yield from _frame(document, ready)
    envelope = read_envelope(document)
    if rule is None or envelope is None or (mark is not None and mark.rule == rule.envelope.digest()):
        return  # sops itself sealed it by this very rule
    yield from _envelope(envelope, rule.envelope)


def _frame(document: dict[str, Any], ready: str) -> Iterator[StaleDetail]:
    (expected,) = load_all(ready)
    if not isinstance(expected, dict):
        return
    has, needs = secret_keys((document,)), secret_keys((expected,))
    lacking, spare = [key for key in needs if key not in has], [key for key in has if key not in needs]
    said = [f"{what} {listed(keys)}" for what, keys in (("lacks", lacking), ("has the unused", spare)) if keys]
    if said:
        yield StaleDetail(StaleReason.KEYS, " and ".join(said))
    before, after = without_values(document), without_values(expected)
    differing = [key for key in {**before, **after} if key != "stringData" and before.get(key) != after.get(key)]
    if differing:
        yield StaleDetail(StaleReason.FRAME, listed(differing))


def _envelope(present: Envelope, wanted: Envelope) -> Iterator[StaleDetail]:
    if present.selection != wanted.selection:
        yield StaleDetail(
            StaleReason.SELECTION, f"by `{present.selection.shown()}` instead of `{wanted.selection.shown()}`"
        )
    if present.recipients != wanted.recipients:
        yield StaleDetail(StaleReason.RECIPIENTS, differing_recipients(present, wanted))


def differing_recipients(present: Envelope, wanted: Envelope) -> str:
    """Say for whom a file is sealed that it should not be, and for whom not that it should be."""
    has, needs = present.recipients.names(), wanted.recipients.names()
    said = []
    if needs - has:
        said.append(f"not for {listed(sorted(needs - has))}")
    if has - needs:
        said.append(f"still for {listed(sorted(has - needs))}")
    return ", ".join(said) or "in other groups, or with another threshold"


def _compared(secret: Secret, mark: SealRecord, sources: Sources) -> Iterator[StaleDetail]:
    if changed := changed_keys(secret, mark, sources):
        yield StaleDetail(StaleReason.VALUES, listed(changed))
    if unknown := _unknown_keys(secret, mark, sources):
        yield StaleDetail(StaleReason.ENVIRONMENT, listed(unknown))


def changed_keys(secret: Secret, mark: SealRecord, sources: Sources) -> list[str]:
    """Return the keys of a Secret that were sealed from other values than the present ones.

    A value that is not there any more says nothing, nor does one of the environment.
    """
    keys = {key.key: _now(key, sources) for key in secret.keys}
    known = {key: now for key, now in keys.items() if now and not is_from_environment(now)}
    was = {key: mark.keys.get(key, "") for key in known}
    return [key for key, now in known.items() if was[key] and was[key] != now and not is_from_environment(was[key])]


def _unknown_keys(secret: Secret, mark: SealRecord, sources: Sources) -> list[str]:
    """Return the keys that were sealed from the environment, or would be now: nothing can be compared."""
    origins = {key.key: (mark.keys.get(key.key, ""), _now(key, sources)) for key in secret.keys}
    return [key for key, marks in origins.items() if any(map(is_from_environment, marks))]


def _now(key: SecretKey, sources: Sources) -> str:
    """What would be remembered of a key if it was sealed now; empty: one of its values is not there."""
    names = key.values
    given = all(sources.has(name) for name in names)
    return key_mark(names, tuple(sources.digest(name) for name in names)) if given else ""


def obsolete(committed: Committed, secrets: Mapping[str, Secret], sources: Sources) -> dict[str, str]:
    """Return the sealed Secrets that nothing needs any more and that may go: path -> text.

    Those that are as backupgen sealed them, from values that the values file still has.
    """
    found = {}
    for path, marks in committed.marks.items():
        text = committed.files.get(path)
        if path in secrets or text is None:
            continue
        mark = next((mark for mark in marks if mark.file == _sha256(text)), None)
        if mark is not None and all(_still_there(was, sources) for was in mark.keys.values()):
            found[path] = text
    return found


def _still_there(was: str, sources: Sources) -> bool:
    digests = sources.file.digests if sources.file is not None else {}
    names = names_of(was)
    return all(digests.get(name) for name in names) and was == key_mark(names, tuple(digests[name] for name in names))
