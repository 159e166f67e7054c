"""The values file: every credential once, by name, sealed by sops. Its names are readable, its values are not.

A flat mapping. An empty value is one that is not filled in: sops leaves it empty, and its seal over the file does not
cover it, so names can be added without a key.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from backupgen.conventions.naming import value_variable
from backupgen.diagnostics import Checked, CodeInfo, Finding, Spot, has_errors
from backupgen.diagnostics.wording import phrase
from backupgen.sealing import codes
from backupgen.sealing.envelope import Envelope, encrypted_type, read_envelope
from backupgen.sealing.references import Reference
from backupgen.sealing.seal_record import ENVIRONMENT, digest
from backupgen.source import Document, read_document

_SOPS: Final = "sops"
_OWN_ENTRY: Final = re.compile(r"^sops:", re.MULTILINE)
_NO_PLAIN_KEY: Final = re.compile("[0-9].*|true|false|null|yes|no|on|off|y|n")
"""Names that some reader of YAML takes for no text."""
EDIT: Final = "`backupgen secrets edit`"

Origin = Literal["environment", "file", "empty", "missing"]


@dataclass(frozen=True, slots=True)
class ValuesFile:
    """The values file, as it can be read without a key."""

    document: Document
    envelope: Envelope | None
    """None: sops did not encrypt it."""
    digests: Mapping[str, str]
    """What stands for each value; nothing for an empty one."""

    @property
    def file(self) -> str:
        """Its name, as findings show it."""
        return self.document.file

    def spot(self, name: str) -> Spot:
        """The place of a value's name."""
        return Spot(file=self.file, span=self.document.span((name,), on_key=True))


def read_values(raw: bytes, file: str) -> Checked[ValuesFile]:
    """Read the values file. Findings: it is no YAML; a value is in plaintext, or cannot be used."""
    read = read_document(raw, file)
    if read.value is None:
        return Checked(None, tuple(_without_quoted_text(finding) for finding in read.findings))
    document = read.value
    entries = {name: value for name, value in document.data.items() if name != _SOPS}
    digests = {name: digest(str(value)) if encrypted_type(value) else "" for name, value in entries.items()}
    values = ValuesFile(document, read_envelope(document.data), digests)
    findings = tuple(_judged(values, entries))
    return Checked(None if has_errors(findings) else values, findings)


def _without_quoted_text(finding: Finding) -> Finding:
    """Drop quoted input: somebody may have written a password where none belongs."""
    message = f"this values file cannot be read: {phrase(finding.info.summary)}"
    return Finding(finding.info, message, finding.spot, f"restore it from Git, and change it with {EDIT}")


def _judged(values: ValuesFile, entries: Mapping[str, object]) -> Iterator[Finding]:
    if values.envelope is None:
        message = "this values file is not encrypted"
        remedy = f"keep its values elsewhere, delete it, and run `backupgen secrets`; then write them with {EDIT}"
        yield Finding(codes.VALUE_IN_PLAINTEXT, message, Spot(file=values.file), remedy)
        return
    for name, value in entries.items():
        kind = encrypted_type(value)
        if kind == "str" or value in ("", None):
            continue
        if kind:
            message = f"the value `{name}` is not text: sops has it as `{kind}`"
            yield _finding(codes.VALUE_UNUSABLE, values, name, message, f"put it in quotes, with {EDIT}")
        elif isinstance(value, Mapping | list):
            message = f"`{name}` is not a single value, expected names and their values, flat"
            yield _finding(codes.VALUE_UNUSABLE, values, name, message, f"write it as one text, with {EDIT}")
        else:
            message = f"the value `{name}` is not encrypted"
            remedy = f"take it as known to everybody; remove the line, and write another value with {EDIT}"
            yield _finding(codes.VALUE_IN_PLAINTEXT, values, name, message, remedy)


def _finding(info: CodeInfo, values: ValuesFile, name: str, message: str, remedy: str) -> Finding:
    return Finding(info, message, values.spot(name), remedy)


@dataclass(frozen=True, slots=True)
class Sources:
    """Where values come from: single ones from the environment, all others from the values file."""

    file: ValuesFile | None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Name -> value. Never shown."""

    def origin(self, name: str) -> Origin:
        """Where a value comes from."""
        if self.environment.get(name):
            return "environment"
        if self.file is None or name not in self.file.digests:
            return "missing"
        return "file" if self.file.digests[name] else "empty"

    def has(self, name: str) -> bool:
        """Whether there is such a value, and it is filled in."""
        return self.origin(name) in ("environment", "file")

    @property
    def given(self) -> bool:
        """Whether there is anything to seal from."""
        return self.file is not None or any(self.environment.values())

    def digest(self, name: str) -> str:
        """What stands for a value that there is."""
        if self.environment.get(name):
            return ENVIRONMENT
        return self.file.digests.get(name, "") if self.file else ""


def from_environment(variables: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """Return the values that the environment gives, by name. `variables` are those that begin as they have to."""
    known = {value_variable(name): name for name in names}
    return {known[variable]: value for variable, value in variables.items() if variable in known}


def new_values(fleet: str, needed: Mapping[str, Reference]) -> str:
    """Return the text of a new values file, every value empty, to be sealed."""
    head = (
        f"# The credentials of the fleet `{fleet}`, each once, sealed by sops. Change them with {EDIT}; then\n"
        "# `backupgen render` seals the Secrets that hold them. An empty value is not filled in yet.\n"
    )
    return head + "".join(_entry(name, reference) for name, reference in needed.items())


def with_names(text: str, added: Mapping[str, Reference]) -> str:
    """Return a sealed values file with further names, their values empty, above sops' own entry."""
    at = _OWN_ENTRY.search(text)
    end = at.start() if at else len(text)
    new = "".join(_entry(name, reference) for name, reference in added.items())
    return text[:end] + (new if end else new.removeprefix("\n")) + text[end:]


def _entry(name: str, reference: Reference) -> str:
    key = f'"{name}"' if _NO_PLAIN_KEY.fullmatch(name) else name
    return f'\n# {reference.purpose}\n{key}: ""\n'
