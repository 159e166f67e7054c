"""Sealing: what each Secret needs done, and its doing, with sops behind a protocol.

Nothing is written here. A Secret whose plaintext, recipients and rule are unchanged keeps its bytes; one whose
recipients changed keeps the ciphertext of its values.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Final, Literal, NamedTuple

from backupgen.diagnostics import Checked, CodeInfo, Finding, Spot
from backupgen.diagnostics.wording import listed
from backupgen.manifests.codes import UNSOUND_MANIFEST
from backupgen.plan.facts.access import Secret
from backupgen.sealing import codes
from backupgen.sealing.compose import compose, unusable
from backupgen.sealing.judge import SecretStatus, StaleDetail, StaleReason, stale_details
from backupgen.sealing.seal_record import SealRecord, key_mark
from backupgen.sealing.sealed import values_of
from backupgen.sealing.sealer import Hasher, Plain, Sealer, Sealing, SopsFault
from backupgen.sealing.values import EDIT, Sources
from backupgen.source import PlainError, load_all

Compose = Callable[[Secret, Mapping[str, str]], Checked[str]]
"""A Secret and its plaintexts -> its text."""
SealAction = Literal["keep", "rewrap", "seal", "postpone", "refuse"]

_RESTORE: Final = "restore it from Git, or delete it, and run `backupgen render`"
_NOT_HERE: Final = (codes.SOPS_UNAVAILABLE, codes.NO_KEY)
"""What is wrong with the machine, and not with the Secrets."""


class Tools(NamedTuple):
    """What sealing needs from outside."""

    sealer: Sealer
    hasher: Hasher
    compose: Compose


@dataclass(slots=True)
class Sealed:
    """The sealed Secrets."""

    texts: dict[str, str] = field(default_factory=dict)
    """Path below out/ -> what the file is to hold: new ciphertext, or the bytes that it has."""
    marks: dict[str, SealRecord] = field(default_factory=dict)
    """What is to be remembered of each."""
    replaced: dict[str, str] = field(default_factory=dict)
    """Path -> the sealed text that was judged, and that may be replaced."""
    obsolete: dict[str, str] = field(default_factory=dict)
    """Path -> the sealed text of a Secret that nothing needs any more, and whose values the values file still has."""
    postponed: dict[str, SopsFault] = field(default_factory=dict)
    """The Secrets that could not be sealed on this machine, and why."""
    plain: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The plaintexts of the values that were needed. Never shown."""


@dataclass(frozen=True, slots=True)
class PendingSecret:
    """A Secret that needs something done."""

    status: SecretStatus
    opened: Plain | SopsFault | None = field(repr=False)
    """What it holds now; None: it is not sealed."""
    wanted: Mapping[str, str] = field(repr=False)
    """What it is to hold."""

    @property
    def holds(self) -> Mapping[str, object]:
        """The values that it holds now, as far as they can be known."""
        return values_of(self.opened) if isinstance(self.opened, Mapping) else {}


def seal(statuses: tuple[SecretStatus, ...], sources: Sources, tools: Tools) -> Checked[Sealed]:
    """Seal what is not as it should be.

    Without a value something is wrong, and the findings say what. A machine without sops or key is nothing wrong: what
    could not be done there is `postponed`.
    """
    done = Sealed()
    for one in statuses:
        if one.proven and one.sealed is not None and one.mark is not None:
            _put(done, one, one.sealed, one.mark)
    todo = [one for one in statuses if not one.proven and not one.waiting]
    if not todo:
        return Checked(done)
    opened = open_all(todo, sources, tools)
    if opened.value is None:
        return Checked(None, opened.findings)
    if isinstance(opened.value, SopsFault):
        done.postponed = dict.fromkeys((one.path for one in todo), opened.value)
        return Checked(done)
    done.plain = opened.value.values
    actions = [(work, _action_for(work)) for work in opened.value.works]
    if refused := [_refusal(work) for work, fate in actions if fate == "refuse"]:
        return Checked(None, tuple(refused))
    return _carry_out(done, actions, sources, tools)


@dataclass(frozen=True, slots=True)
class Opened:
    """Some Secrets and the values that they need, decrypted."""

    values: Mapping[str, str] = field(repr=False)
    works: tuple[PendingSecret, ...] = field(repr=False)


def open_all(todo: list[SecretStatus], sources: Sources, tools: Tools) -> Checked[Opened | SopsFault]:
    """Decrypt the values that some Secrets need, and what these hold now.

    A fault: this machine cannot, for want of sops or a key. Findings: the values cannot be used.
    """
    values = _plaintexts(todo, sources, tools.sealer)
    if isinstance(values, SopsFault):
        if values.info in _NOT_HERE:
            return Checked(values)
        return Checked(None, (values.finding(sources.file.file if sources.file else ""),))
    if findings := _unusable(todo, values, sources):
        return Checked(None, findings)
    present = {one.path: one.sealed for one in todo if one.sealed is not None and not one.has(StaleReason.UNREADABLE)}
    opened = tools.sealer.decrypt(present) if present else {}
    works = []
    for one in todo:
        work = PendingSecret(one, opened.get(one.path), {})
        works.append(replace(work, wanted=compose(one.secret, values, work.holds, tools.hasher)))
    return Checked(Opened(values, tuple(works)))


def _plaintexts(todo: list[SecretStatus], sources: Sources, sealer: Sealer) -> Mapping[str, str] | SopsFault:
    """Return the values that the Secrets need; the values file is only opened if it holds one of them."""
    names = {name for one in todo for key in one.secret.keys for name in key.values}
    given = {name: sources.environment[name] for name in names if sources.origin(name) == "environment"}
    if names <= given.keys() or sources.file is None:
        return given
    opened = sealer.decrypt({sources.file.file: sources.file.document.text})[sources.file.file]
    if isinstance(opened, SopsFault):
        return opened
    return {name: str(opened[name]) for name in names if name in opened} | given


def _unusable(todo: list[SecretStatus], values: Mapping[str, str], sources: Sources) -> tuple[Finding, ...]:
    problems = unusable({one.path: one.secret for one in todo}, values)
    return tuple(
        Finding(
            codes.VALUE_UNUSABLE,
            f"the value `{name}` {why}",
            sources.file.spot(name) if sources.file and sources.origin(name) == "file" else Spot(),
            f"choose another, with {EDIT}",
        )
        for name, why in problems.items()
    )


def _action_for(work: PendingSecret) -> SealAction:
    """What happens to a Secret."""
    status, opened = work.status, work.opened
    if status.has(StaleReason.UNREADABLE):
        return "refuse"
    if opened is None:
        return "seal"
    if isinstance(opened, SopsFault):
        return _action_for_closed(status, opened)
    if work.holds != work.wanted:
        # Somebody else's may hold what exists nowhere else.
        return "seal" if status.mark is not None else "refuse"
    if status.has(StaleReason.PLAINTEXT, StaleReason.KEYS, StaleReason.FRAME, StaleReason.SELECTION):
        return "seal"
    return "rewrap" if status.has(StaleReason.RECIPIENTS) else "keep"


def _action_for_closed(status: SecretStatus, fault: SopsFault) -> SealAction:
    """What happens to a Secret that cannot be opened. What backupgen sealed, it may seal anew."""
    if status.mark is not None and fault.info is codes.NO_KEY:
        return "seal"
    return "postpone" if fault.info in _NOT_HERE else "refuse"


def _refusal(work: PendingSecret) -> Finding:
    status = work.status
    if isinstance(work.opened, SopsFault):
        return work.opened.finding(status.file)
    unreadable = next((fault.detail for fault in status.faults if fault.reason is StaleReason.UNREADABLE), None)
    if unreadable is not None:
        return Finding(codes.SEALED_DAMAGED, f"this cannot be read: {unreadable}", Spot(file=status.file), _RESTORE)
    return different(work)


def different(work: PendingSecret) -> Finding:
    """The finding about a Secret that holds other values than it should, by the names of its keys."""
    held, wanted = work.holds, work.wanted
    differing = [key for key in sorted({**held, **wanted}) if held.get(key) != wanted.get(key)]
    message = f"this Secret holds other values than those that it is to be sealed from: {listed(differing)}"
    return Finding(codes.SEALED_DIFFERENT, message, Spot(file=work.status.file), codes.SEALED_DIFFERENT.help)


def _carry_out(
    done: Sealed, actions: list[tuple[PendingSecret, SealAction]], sources: Sources, tools: Tools
) -> Checked[Sealed]:
    works = {work.status.path: work for work, _ in actions}
    new: dict[str, Sealing] = {}
    wrapped: dict[str, Sealing] = {}
    findings: list[Finding] = []
    for work, fate in actions:
        status = work.status
        config = status.rule.config() if status.rule is not None else ""
        if fate == "seal":
            text = _composed(work, tools)
            findings += text.findings
            new[status.path] = Sealing(text.value or "", config)
        elif fate == "rewrap":
            wrapped[status.path] = Sealing(status.sealed or "", config)
        elif fate == "keep":
            _put(done, status, status.sealed or "", _mark(status, status.sealed or "", sources))
        elif isinstance(work.opened, SopsFault):
            done.postponed[status.path] = work.opened
    if not findings:
        outcomes = {**(tools.sealer.encrypt(new) if new else {}), **(tools.sealer.rewrap(wrapped) if wrapped else {})}
        findings += [it for path, text in outcomes.items() for it in _take(done, works[path], text, sources)]
    return Checked(None, _merged(findings)) if findings else Checked(done)


def _merged(findings: list[Finding]) -> tuple[Finding, ...]:
    """What sops says of every Secret alike is said once."""
    alike: dict[tuple[CodeInfo, str], list[Finding]] = {}
    for finding in findings:
        alike.setdefault((finding.info, finding.message), []).append(finding)
    return tuple(
        replace(first, message=f"{first.message}; the same for {len(others)} more Secrets") if others else first
        for first, *others in alike.values()
    )


def _composed(work: PendingSecret, tools: Tools) -> Checked[str]:
    """Return the plaintext of a Secret, if its template printed every value as it is."""
    text = tools.compose(work.status.secret, work.wanted)
    if text.value is None or _plain_keys(text.value) == work.wanted:
        return text
    message = "the template of Secrets does not print every value as it is"
    remedy = "print `values[key.key]` for each of `keys`, as the built-in template does"
    return Checked(None, (Finding(UNSOUND_MANIFEST, message, Spot(file=work.status.file), remedy),))


def _plain_keys(text: str) -> dict[str, object]:
    try:
        documents = load_all(text)
    except PlainError:
        return {}
    return {key: value for one in documents if isinstance(one, dict) for key, value in values_of(one).items()}


def _take(done: Sealed, work: PendingSecret, text: str | SopsFault, sources: Sources) -> Iterator[Finding]:
    """Take what sops returned, if it is sealed indeed: a rule that it cannot read makes sops encrypt nothing."""
    status = work.status
    if isinstance(text, SopsFault):
        if text.info in _NOT_HERE:
            done.postponed[status.path] = text
        else:
            yield text.finding(status.file)
        return
    if flaws := [fault for fault in stale_details(text, status.ready, status.rule) if _counts(fault, status)]:
        message = f"what sops made of this Secret is not right: {flaws[0].reason.status} ({flaws[0].detail})"
        yield Finding(codes.SOPS_REFUSED, message, Spot(file=status.file), "see to the rule in .sops.yaml")
        return
    _put(done, status, text, _mark(status, text, sources))


def _counts(fault: StaleDetail, status: SecretStatus) -> bool:
    """Whether a flaw of what sops returned is one. Recipients in clouds may have other names there than in the rule."""
    known = status.rule is None or all(
        name.startswith(("age:", "pgp:")) for name in status.rule.envelope.recipients.names()
    )
    return known or fault.reason is not StaleReason.RECIPIENTS


def _put(done: Sealed, status: SecretStatus, text: str, mark: SealRecord) -> None:
    done.texts[status.path] = text
    done.marks[status.path] = mark
    if status.sealed is not None:
        done.replaced[status.path] = status.sealed


def _mark(status: SecretStatus, text: str, sources: Sources) -> SealRecord:
    keys = {}
    for key in status.secret.keys:
        names = key.values
        keys[key.key] = key_mark(names, tuple(sources.digest(name) for name in names))
    rule = status.rule.envelope.digest() if status.rule is not None else ""
    return SealRecord(sha256(text.encode()).hexdigest(), sha256(status.ready.encode()).hexdigest(), rule, keys)
