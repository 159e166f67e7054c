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
from backupgen.sealing.judge import Fault, Flaw, Standing, flaws_of
from backupgen.sealing.marks import Mark, key_mark
from backupgen.sealing.sealed import values_of
from backupgen.sealing.sealer import Hasher, Plain, Sealer, Sealing, SopsFault
from backupgen.sealing.values import EDIT, Sources
from backupgen.source import PlainError, load_all

Compose = Callable[[Secret, Mapping[str, str]], Checked[str]]
"""A Secret and its plaintexts -> its text."""
Fate = Literal["keep", "rewrap", "seal", "postpone", "refuse"]

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
    marks: dict[str, Mark] = field(default_factory=dict)
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
class Work:
    """A Secret that needs something done."""

    standing: Standing
    opened: Plain | SopsFault | None = field(repr=False)
    """What it holds now; None: it is not sealed."""
    wanted: Mapping[str, str] = field(repr=False)
    """What it is to hold."""

    @property
    def holds(self) -> Mapping[str, object]:
        """The values that it holds now, as far as they can be known."""
        return values_of(self.opened) if isinstance(self.opened, Mapping) else {}


def seal(standings: tuple[Standing, ...], sources: Sources, tools: Tools) -> Checked[Sealed]:
    """Seal what is not as it should be.

    Without a value something is wrong, and the findings say what. A machine without sops or key is nothing wrong: what
    could not be done there is `postponed`.
    """
    done = Sealed()
    for one in standings:
        if one.proven and one.sealed is not None and one.mark is not None:
            _put(done, one, one.sealed, one.mark)
    todo = [one for one in standings if not one.proven and not one.waiting]
    if not todo:
        return Checked(done)
    opened = open_all(todo, sources, tools)
    if opened.value is None:
        return Checked(None, opened.findings)
    if isinstance(opened.value, SopsFault):
        done.postponed = dict.fromkeys((one.path for one in todo), opened.value)
        return Checked(done)
    done.plain = opened.value.values
    fates = [(work, _fate(work)) for work in opened.value.works]
    if refused := [_refusal(work) for work, fate in fates if fate == "refuse"]:
        return Checked(None, tuple(refused))
    return _carry_out(done, fates, sources, tools)


@dataclass(frozen=True, slots=True)
class Opened:
    """Some Secrets and the values that they need, decrypted."""

    values: Mapping[str, str] = field(repr=False)
    works: tuple[Work, ...] = field(repr=False)


def open_all(todo: list[Standing], sources: Sources, tools: Tools) -> Checked[Opened | SopsFault]:
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
    present = {one.path: one.sealed for one in todo if one.sealed is not None and not one.has(Flaw.UNREADABLE)}
    opened = tools.sealer.decrypt(present) if present else {}
    works = []
    for one in todo:
        work = Work(one, opened.get(one.path), {})
        works.append(replace(work, wanted=compose(one.secret, values, work.holds, tools.hasher)))
    return Checked(Opened(values, tuple(works)))


def _plaintexts(todo: list[Standing], sources: Sources, sealer: Sealer) -> Mapping[str, str] | SopsFault:
    """Return the values that the Secrets need; the values file is only opened if it holds one of them."""
    names = {name for one in todo for key in one.secret.keys for name in key.values}
    given = {name: sources.environment[name] for name in names if sources.origin(name) == "environment"}
    if names <= given.keys() or sources.file is None:
        return given
    opened = sealer.decrypt({sources.file.file: sources.file.document.text})[sources.file.file]
    if isinstance(opened, SopsFault):
        return opened
    return {name: str(opened[name]) for name in names if name in opened} | given


def _unusable(todo: list[Standing], values: Mapping[str, str], sources: Sources) -> tuple[Finding, ...]:
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


def _fate(work: Work) -> Fate:
    """What happens to a Secret."""
    standing, opened = work.standing, work.opened
    if standing.has(Flaw.UNREADABLE):
        return "refuse"
    if opened is None:
        return "seal"
    if isinstance(opened, SopsFault):
        return _fate_of_closed(standing, opened)
    if work.holds != work.wanted:
        # Somebody else's may hold what exists nowhere else.
        return "seal" if standing.mark is not None else "refuse"
    if standing.has(Flaw.PLAINTEXT, Flaw.KEYS, Flaw.FRAME, Flaw.SELECTION):
        return "seal"
    return "rewrap" if standing.has(Flaw.RECIPIENTS) else "keep"


def _fate_of_closed(standing: Standing, fault: SopsFault) -> Fate:
    """What happens to a Secret that cannot be opened. What backupgen sealed, it may seal anew."""
    if standing.mark is not None and fault.info is codes.NO_KEY:
        return "seal"
    return "postpone" if fault.info in _NOT_HERE else "refuse"


def _refusal(work: Work) -> Finding:
    standing = work.standing
    if isinstance(work.opened, SopsFault):
        return work.opened.finding(standing.file)
    unreadable = next((fault.detail for fault in standing.faults if fault.flaw is Flaw.UNREADABLE), None)
    if unreadable is not None:
        return Finding(codes.SEALED_DAMAGED, f"this cannot be read: {unreadable}", Spot(file=standing.file), _RESTORE)
    return different(work)


def different(work: Work) -> Finding:
    """The finding about a Secret that holds other values than it should, by the names of its keys."""
    held, wanted = work.holds, work.wanted
    differing = [key for key in sorted({**held, **wanted}) if held.get(key) != wanted.get(key)]
    message = f"this Secret holds other values than those that it is to be sealed from: {listed(differing)}"
    return Finding(codes.SEALED_DIFFERENT, message, Spot(file=work.standing.file), codes.SEALED_DIFFERENT.help)


def _carry_out(done: Sealed, fates: list[tuple[Work, Fate]], sources: Sources, tools: Tools) -> Checked[Sealed]:
    works = {work.standing.path: work for work, _ in fates}
    new: dict[str, Sealing] = {}
    wrapped: dict[str, Sealing] = {}
    findings: list[Finding] = []
    for work, fate in fates:
        standing = work.standing
        config = standing.rule.config() if standing.rule is not None else ""
        if fate == "seal":
            text = _composed(work, tools)
            findings += text.findings
            new[standing.path] = Sealing(text.value or "", config)
        elif fate == "rewrap":
            wrapped[standing.path] = Sealing(standing.sealed or "", config)
        elif fate == "keep":
            _put(done, standing, standing.sealed or "", _mark(standing, standing.sealed or "", sources))
        elif isinstance(work.opened, SopsFault):
            done.postponed[standing.path] = work.opened
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


def _composed(work: Work, tools: Tools) -> Checked[str]:
    """Return the plaintext of a Secret, if its template printed every value as it is."""
    text = tools.compose(work.standing.secret, work.wanted)
    if text.value is None or _plain_keys(text.value) == work.wanted:
        return text
    message = "the template of Secrets does not print every value as it is"
    remedy = "print `values[key.key]` for each of `keys`, as the built-in template does"
    return Checked(None, (Finding(UNSOUND_MANIFEST, message, Spot(file=work.standing.file), remedy),))


def _plain_keys(text: str) -> dict[str, object]:
    try:
        documents = load_all(text)
    except PlainError:
        return {}
    return {key: value for one in documents if isinstance(one, dict) for key, value in values_of(one).items()}


def _take(done: Sealed, work: Work, text: str | SopsFault, sources: Sources) -> Iterator[Finding]:
    """Take what sops returned, if it is sealed indeed: a rule that it cannot read makes sops encrypt nothing."""
    standing = work.standing
    if isinstance(text, SopsFault):
        if text.info in _NOT_HERE:
            done.postponed[standing.path] = text
        else:
            yield text.finding(standing.file)
        return
    if flaws := [fault for fault in flaws_of(text, standing.ready, standing.rule) if _counts(fault, standing)]:
        message = f"what sops made of this Secret is not right: {flaws[0].flaw.status} ({flaws[0].detail})"
        yield Finding(codes.SOPS_REFUSED, message, Spot(file=standing.file), "see to the rule in .sops.yaml")
        return
    _put(done, standing, text, _mark(standing, text, sources))


def _counts(fault: Fault, standing: Standing) -> bool:
    """Whether a flaw of what sops returned is one. Recipients in clouds may have other names there than in the rule."""
    known = standing.rule is None or all(
        name.startswith(("age:", "pgp:")) for name in standing.rule.envelope.recipients.names()
    )
    return known or fault.flaw is not Flaw.RECIPIENTS


def _put(done: Sealed, standing: Standing, text: str, mark: Mark) -> None:
    done.texts[standing.path] = text
    done.marks[standing.path] = mark
    if standing.sealed is not None:
        done.replaced[standing.path] = standing.sealed


def _mark(standing: Standing, text: str, sources: Sources) -> Mark:
    keys = {}
    for key in standing.secret.keys:
        names = key.values
        keys[key.key] = key_mark(names, tuple(sources.digest(name) for name in names))
    rule = standing.rule.envelope.digest() if standing.rule is not None else ""
    return Mark(sha256(text.encode()).hexdigest(), sha256(standing.ready.encode()).hexdigest(), rule, keys)
