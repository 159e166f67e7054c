"""What lies around a compiled fleet: out/, the values, sops' rules; and how its Secrets stand."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from backupgen.adapters.environment import value_variables
from backupgen.adapters.tree import read_out
from backupgen.adapters.values import find_rules, read_values_file, rendered_rules, values_path
from backupgen.cli.compiling import Compilation
from backupgen.conventions import naming
from backupgen.diagnostics import Checked, Finding
from backupgen.diff.inventory import Inventory
from backupgen.diff.staleness import OutTree
from backupgen.pipeline import Compiled
from backupgen.plan.facts.access import Secret
from backupgen.sealing import checks, plaintext_leaks
from backupgen.sealing.judge import Committed, SecretStatus, changed_keys, readable_fields, secret_statuses
from backupgen.sealing.references import Reference, references, secrets_of
from backupgen.sealing.rules import Rule, Rules, judge_rule, no_rules, read_rules
from backupgen.sealing.values import Sources, from_environment, read_values


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A compiled fleet, and what was read around it."""

    compiled: Compiled
    tree: OutTree
    values: Path
    """The place of the values file, whether it exists or not."""
    sources: Sources
    needed: Mapping[str, Reference]
    """The values that the fleet refers to."""
    rules: Rules | None
    values_rule: Rule | None
    """sops' rule for the values file."""
    statuses: tuple[SecretStatus, ...]
    findings: tuple[Finding, ...]
    """What is wrong with the files that were read, and with the values and rules; located."""

    @property
    def secrets(self) -> Mapping[str, Secret]:
        """The Secrets of the plan by their paths."""
        return {one.path: one.secret for one in self.statuses}

    def of_secrets(self) -> tuple[Finding, ...]:
        """What is to be said of the Secrets in out/."""
        tree, statuses = self.tree, self.statuses
        return (
            *self._of_values(),
            *checks.check_secrets(statuses, self.sources),
            *checks.check_waiting(statuses, self.sources, tree.name),
            *plaintext_leaks.check_unknown(tree.name, tree.unknown),
            *plaintext_leaks.check_texts(tree.name, {**tree.files, **tree.unknown}, self.secrets),
        )

    def _of_values(self) -> tuple[Finding, ...]:
        if not os.path.lexists(self.values):
            return checks.check_forgotten(self.statuses, str(self.values))
        if self.sources.file is None or self.rules is None:
            return ()
        return checks.check_recipients(self.sources.file, self.values_rule, self.rules.source.file)


def values_are_given(fleet: Path) -> bool:
    """Whether there is a values file, or a value in the environment."""
    return os.path.lexists(values_path(fleet)) or bool(value_variables())


def surroundings_of(compilation: Compilation, fleet: Path, out: Path) -> Checked[Surroundings]:
    """Read what lies around a compiled fleet. Without a value, out/ cannot be read."""
    compiled = compilation.compiled
    if compiled is None:
        return Checked(None)
    read = read_out(out, compilation.manifests)
    if read.value is None:
        return Checked(None, read.findings)
    tree = read.value
    secrets = secrets_of(compiled.plan)
    needed = references(compiled.fleet, secrets)
    path = values_path(fleet)
    sources, findings = _sources(path, needed)
    rules, found = _rules(out, compilation.manifests)
    findings += found
    by_path: dict[str, Rule] = {}
    if rules is not None:
        at = {one: rules.rule_for(str(out.absolute() / one)) for one in secrets}
        by_path = {one: rule for one, rule in at.items() if rule is not None}
    committed = Committed(tree.name, tree.files, tree.inventory.marks())
    statuses = secret_statuses(secrets, compilation.manifests, committed, sources, by_path)
    if sources.given or any(one.sealed is not None for one in statuses):
        findings += _of_rules(rules, statuses, out, sources)
    values_rule = rules.rule_for(str(path.absolute())) if rules is not None else None
    findings += checks.check_values(needed, sources, statuses)
    every = located(compiled, (*read.findings, *findings))
    return Checked(Surroundings(compiled, tree, path, sources, needed, rules, values_rule, statuses, every))


def located(compiled: Compiled, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings, those about fleet.yaml with their places in it."""
    return tuple(compiled.document.locate(one) if one.spot.path else one for one in findings)


def _sources(path: Path, needed: Mapping[str, Reference]) -> tuple[Sources, tuple[Finding, ...]]:
    variables = value_variables()
    findings = checks.check_variables(variables, map(naming.value_variable, needed))
    given = from_environment(variables, needed)
    raw = read_values_file(path)
    if raw.value is None:
        return Sources(None, given), (*findings, *raw.findings)
    values = read_values(raw.value, str(path))
    return Sources(values.value, given), (*findings, *values.findings)


def _rules(out: Path, manifests: Mapping[str, str]) -> tuple[Rules | None, tuple[Finding, ...]]:
    rendered = manifests.get(naming.SOPS_CONFIG)
    source = Checked(rendered_rules(out, rendered)) if rendered is not None else find_rules(out)
    if source.value is None:
        return None, source.findings
    rules = read_rules(source.value)
    return rules.value, rules.findings


def _of_rules(
    rules: Rules | None, statuses: tuple[SecretStatus, ...], out: Path, sources: Sources
) -> tuple[Finding, ...]:
    """Judge each rule once, by the first Secret that it is for."""
    if rules is None:
        return (no_rules(str(out)),) if sources.given else ()
    firsts: dict[int, SecretStatus] = {}
    for one in statuses:
        firsts.setdefault(id(one.rule), one)
    return tuple(
        finding
        for one in firsts.values()
        for finding in judge_rule(rules, str(out.absolute() / one.path), one.file, readable_fields(one.ready))
    )


def sources_of(compilation: Compilation, fleet: Path) -> Sources:
    """Return the values that are given, as far as they can be read; what is wrong with them, others say."""
    if compilation.compiled is None or not values_are_given(fleet):
        return Sources(None)
    needed = references(compilation.compiled.fleet, secrets_of(compilation.compiled.plan))
    return _sources(values_path(fleet), needed)[0]


def changed_values(
    compilation: Compilation, sources: Sources, files: Mapping[str, str], inventory: Inventory
) -> dict[tuple[str, str], list[str]]:
    """Return the keys of the sealed Secrets in `files` whose values were changed since: by namespace and name."""
    if compilation.compiled is None or not sources.given:
        return {}
    secrets = secrets_of(compilation.compiled.plan)
    committed = Committed("", files, inventory.marks())
    statuses = secret_statuses(secrets, compilation.manifests, committed, sources, {})
    return {
        (one.secret.meta.namespace, one.secret.meta.name): changed_keys(one.secret, one.mark, sources)
        for one in statuses
        if one.mark is not None
    }
