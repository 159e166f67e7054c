"""`.sops.yaml`: which rule sops applies to a file, and whether it fits.

As sops reads it (`config/config.go`): the first rule whose `path_regex` is found in the path, relative to the folder of
the configuration, or that has none.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from backupgen.diagnostics import Checked, Finding, Span, Spot
from backupgen.sealing import codes
from backupgen.sealing.envelope import Envelope, Selection, age, azure, hc_vault, pgp, recipients_of, selection_of
from backupgen.source import PlainError, load_foreign

_VALUES: Final = Selection(encrypted_regex="^.")
"""How a values file is sealed: every value, and no comment at the top."""
_COMMENTS: Final = ("unencrypted_comment_regex", "encrypted_comment_regex")
_LISTS: Final = ("age", "pgp", "kms", "gcp_kms", "hckms", "azure_keyvault", "hc_vault_transit_uri")
_REMEDY: Final = r"expected a rule with `path_regex: \.enc\.yaml$` and `encrypted_regex: ^(data|stringData)$`"


@dataclass(frozen=True, slots=True)
class RulesSource:
    """A configuration of sops' as text, or as it will be written."""

    file: str
    """Its name, as findings show it."""
    folder: str
    """The absolute path of its folder."""
    text: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One creation rule."""

    path_regex: str
    envelope: Envelope
    fields: Mapping[str, Any]
    stores: Mapping[str, Any]

    def config(self, selection: Selection | None = None) -> str:
        """A configuration that holds this rule alone and for every path; `selection` replaces its own."""
        rule = {name: value for name, value in self.fields.items() if name != "path_regex"}
        if selection is not None:
            dropped = (*Selection._fields[:4], *_COMMENTS)
            rule = {name: value for name, value in rule.items() if name not in dropped}
            rule |= {name: value for name, value in selection._asdict().items() if value}
        stores = {"stores": self.stores} if self.stores else {}
        return json.dumps({"creation_rules": [rule], **stores}, default=str)

    def values_config(self) -> str:
        """The same for a values file, of which every value has to be encrypted."""
        return self.config(_VALUES)


@dataclass(frozen=True, slots=True)
class Rules:
    """Every creation rule, in order."""

    source: RulesSource
    rules: tuple[Rule, ...]

    def rule_for(self, path: str) -> Rule | None:
        """The rule that sops applies to the file at an absolute path."""
        name = path.removeprefix(f"{self.source.folder.rstrip('/')}/")
        return next((rule for rule in self.rules if re.search(rule.path_regex, name)), None)


def read_rules(source: RulesSource) -> Checked[Rules]:
    """Read a configuration. A finding: it is no YAML, has no rules, or an expression that cannot be read."""
    try:
        document = load_foreign(source.text)
    except PlainError as error:
        span = Span(error.line, error.column, error.line, error.column)
        return Checked(None, (_finding(source, f"this is no YAML: {error.message}", "mend it", span),))
    listed = document.get("creation_rules") if isinstance(document, Mapping) else None
    if not isinstance(document, Mapping) or not isinstance(listed, list) or not listed:
        return Checked(None, (_finding(source, "this has no `creation_rules`", _REMEDY),))
    stores = document.get("stores")
    rules: list[Rule] = []
    for fields in listed:
        if not isinstance(fields, Mapping):
            return Checked(None, (_finding(source, "one of the `creation_rules` is not a mapping", _REMEDY),))
        if problem := _unreadable(fields):
            return Checked(None, (_finding(source, problem, "write it without what only Go's expressions have"),))
        rules.append(_rule(fields, stores if isinstance(stores, Mapping) else {}))
    return Checked(Rules(source, tuple(rules)))


def judge_rule(rules: Rules, path: str, shown: str, fields: Iterator[tuple[str, ...]]) -> tuple[Finding, ...]:
    """Judge the rule for a Secret at an absolute path: there is one, it has recipients, and seals what it has to.

    `fields` are the paths of the Secret's fields other than its values.
    """
    rule = rules.rule_for(path)
    if rule is None:
        return (_finding(rules.source, f"no rule matches `{shown}`", _REMEDY),)
    if not rule.envelope.recipients.names():
        return (_finding(rules.source, f"the rule for `{shown}` names no recipient", "add one, such as `age: age1…`"),)
    selection = rule.envelope.selection
    bare = [name for name in ("data", "stringData") if not selection.encrypts((name, "KEY"))]
    if bare:
        message = f"the rule for `{shown}` leaves `{'` and `'.join(bare)}` in plaintext ({selection.shown()})"
        return (_finding(rules.source, message, _REMEDY),)
    hidden = next((field for field in fields if selection.encrypts(field)), None)
    if hidden is not None:
        message = f"the rule for `{shown}` encrypts `{'.'.join(hidden)}`, which has to stay readable"
        return (_finding(rules.source, f"{message} ({selection.shown()})", _REMEDY),)
    return ()


def no_rules(out: str) -> Finding:
    """The finding that sops has no rules at all."""
    message = f"there is no .sops.yaml in `{out}` or above it, so nobody is named whom Secrets are sealed for"
    remedy = "name the recipients under `sops:` in fleet.yaml, or write one: " + _REMEDY.removeprefix("expected ")
    return Finding(codes.SOPS_RULES, message, Spot(path=("sops",)), remedy)


def _finding(source: RulesSource, message: str, remedy: str, span: Span | None = None) -> Finding:
    return Finding(codes.SOPS_RULES, message, Spot(file=source.file, span=span), remedy)


def _unreadable(fields: Mapping[str, Any]) -> str:
    """What is wrong with the expressions of a rule. sops takes one that it cannot read for one that matches nothing."""
    for name in ("path_regex", "encrypted_regex", "unencrypted_regex"):
        try:
            re.compile(str(fields.get(name) or ""))
        except re.error as error:
            return f"`{name}: {fields[name]}` is not a regular expression: {error.msg}"
    return ""


def _rule(fields: Mapping[str, Any], stores: Mapping[str, Any]) -> Rule:
    listed = fields.get("key_groups")
    if isinstance(listed, list) and listed:
        groups = [frozenset(_group(group)) for group in listed if isinstance(group, Mapping)]
    else:
        groups = [frozenset(_flat(fields))]
    recipients = recipients_of(groups, fields.get("shamir_threshold"))
    return Rule(str(fields.get("path_regex") or ""), Envelope(recipients, selection_of(fields)), fields, stores)


def _flat(fields: Mapping[str, Any]) -> Iterator[str]:
    """The recipients of a rule without groups: lists, or texts with commas."""
    for kind in _LISTS:
        given = fields.get(kind)
        parts = given.split(",") if isinstance(given, str) else given if isinstance(given, list) else ()
        yield from (_named(kind, str(part).strip()) for part in parts if str(part).strip())


def _group(group: Mapping[str, Any]) -> Iterator[str]:
    for inner in group.get("merge") or ():
        yield from _group(inner)
    for kind, entries in group.items():
        if kind != "merge" and isinstance(entries, list):
            yield from (_of_group(kind, entry) for entry in entries)


def _of_group(kind: str, entry: object) -> str:
    if not isinstance(entry, Mapping):
        return _named("hc_vault_transit_uri" if kind == "hc_vault" else kind, str(entry))
    if kind == "azure_keyvault":
        return azure(entry.get("vaultUrl"), entry.get("key"))
    identity = entry.get("arn") or entry.get("resource_id") or entry.get("key_id")
    return _named(kind, str(identity))


def _named(kind: str, identity: str) -> str:
    match kind:
        case "age":
            return age(identity)
        case "pgp":
            return pgp(identity)
        case "kms":
            return f"kms:{identity.partition('+')[0]}"
        case "azure_keyvault":
            vault, _, rest = identity.partition("/keys/")
            return azure(vault, rest.partition("/")[0])
        case "hc_vault_transit_uri":
            return hc_vault(identity)
        case _:
            return f"{kind}:{identity}"
