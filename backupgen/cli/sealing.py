"""Sealing for `render` and `secrets`: wires sops, bcrypt and the templates to what decides."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from backupgen.cli import terminal
from backupgen.diagnostics import Checked, Finding, Spot, has_errors
from backupgen.manifests.render import render_secret
from backupgen.plan.facts.access import Secret
from backupgen.sealing import codes
from backupgen.sealing.judge import Committed, obsolete
from backupgen.sealing.plaintext_leaks import check_plain
from backupgen.sealing.seal import Sealed, Tools, seal

if TYPE_CHECKING:
    from backupgen.cli.surroundings import Surroundings
    from backupgen.pipeline import Compiled


def tools_for(compiled: "Compiled") -> Tools:
    """What sealing needs from outside."""
    from backupgen.adapters.passwords import Bcrypt
    from backupgen.adapters.sops import Sops

    def compose(secret: Secret, values: Mapping[str, str]) -> Checked[str]:
        return render_secret(secret, values, compiled.plan.fleet, compiled.templates)

    return Tools(Sops(terminal.progress(sys.stderr)), Bcrypt(), compose)


def seal_all(around: "Surroundings", *, strict: bool) -> Checked[Sealed]:
    """Seal the Secrets of a fleet as far as their values are there.

    Without a value nothing may be written. `strict`: it is an error, too, if one cannot be sealed on this machine.
    """
    if has_errors(around.findings):
        return Checked(None)
    sealed = seal(around.statuses, around.sources, tools_for(around.compiled))
    if sealed.value is None:
        return sealed
    done = sealed.value
    manifests = {f"{around.tree.name}/{path}": text for path, text in around.compiled.manifests.files.items()}
    findings = tuple(check_plain(done.plain, manifests, around.secrets))
    postponed = _postponed(done, around, strict=strict)
    if findings or has_errors(postponed):
        return Checked(None, (*findings, *postponed))
    committed = Committed(around.tree.name, around.tree.files, around.tree.inventory.marks())
    return Checked(replace(done, obsolete=obsolete(committed, around.secrets, around.sources)), postponed)


def _postponed(done: Sealed, around: "Surroundings", *, strict: bool) -> tuple[Finding, ...]:
    """Say once for each reason why Secrets could not be sealed here."""
    by_reason = {fault.message: (path, fault) for path, fault in sorted(done.postponed.items(), reverse=True)}
    findings = []
    for path, fault in by_reason.values():
        if strict:
            findings.append(fault.finding(f"{around.tree.name}/{path}"))
            continue
        count = sum(1 for one in done.postponed.values() if one.message == fault.message)
        counted = "1 Secret waits" if count == 1 else f"{count} Secrets wait"
        message = f"{counted} to be sealed: {fault.message}"
        findings.append(
            Finding(codes.SEALING_POSTPONED, message, Spot(file=around.tree.name), codes.SEALING_POSTPONED.help)
        )
    return tuple(findings)
