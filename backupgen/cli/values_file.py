"""What `backupgen secrets` does to the values file, and how it shows the way the Secrets stand."""

import sys

from backupgen.adapters.values import write_values_file
from backupgen.cli import exits, terminal
from backupgen.cli.compiling import Compilation, Paths, compile_file
from backupgen.cli.sealing import tools_for
from backupgen.cli.showing import exit_code, note_findings
from backupgen.cli.surroundings import Surroundings, located, surroundings_of
from backupgen.diagnostics import Finding, Severity, Spot, has_errors
from backupgen.diagnostics.wording import counted, listed
from backupgen.report.secrets import SecretsReport
from backupgen.report.secrets import render as render_report
from backupgen.sealing import codes
from backupgen.sealing.plaintext_leaks import check_plain
from backupgen.sealing.rules import no_rules
from backupgen.sealing.seal import different, open_all
from backupgen.sealing.sealer import Sealing, SopsFault
from backupgen.sealing.values import new_values, read_values, with_names

_SHOWN = (codes.VALUE_EMPTY, codes.SECRETS_UNSEALED, codes.SEALING_POSTPONED)
"""What the report itself says."""


class _StopError(Exception):
    """The command cannot go on; it has said why."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def begin(paths: Paths) -> int:
    """Make the values file, or add the names that it lacks; then say how things stand. Returns the exit code."""
    try:
        compilation, around = _read(paths)
        around = _prepare(compilation, around, paths)
    except _StopError as stop:
        return stop.code
    return _show(around, paths, ("", ()))


def status(paths: Paths) -> int:
    """Say how values and Secrets stand, and compare them where a key is. Returns the exit code."""
    try:
        _, around = _read(paths)
    except _StopError as stop:
        return stop.code
    return _show(around, paths, _compare(around))


def edit(paths: Paths) -> int:
    """Open the values file in the user's editor. Returns the exit code."""
    from backupgen.adapters.sops import UNCHANGED, Sops

    try:
        compilation, around = _read(paths)
        if not _mended_by_editing(around.findings):
            around = _prepare(compilation, around, paths)
            _stop_unless_openable(around, compilation)
    except _StopError as stop:
        return stop.code
    code = Sops().edit(around.values)
    if code not in (0, UNCHANGED):
        terminal.note(f"sops ended with exit code {code}; {around.values} is as it was\n")
        return exits.FOUND
    again = surroundings_of(compilation, paths.fleet, paths.out)
    if again.value is None:
        return _refuse(again.findings, compilation)
    return _show(again.value, paths, ("", ()))


def _read(paths: Paths) -> tuple[Compilation, Surroundings]:
    compilation = compile_file(paths.fleet, paths.templates, paths.out)
    if compilation.compiled is None:
        note_findings(compilation.findings, compilation.sources)
        raise _StopError(exit_code(compilation.findings, readable=compilation.readable))
    around = surroundings_of(compilation, paths.fleet, paths.out)
    if around.value is None:
        raise _StopError(_refuse(around.findings, compilation))
    return compilation, around.value


def _refuse(findings: tuple[Finding, ...], compilation: Compilation) -> int:
    note_findings(findings, compilation.sources)
    return exits.FOUND


def _prepare(compilation: Compilation, around: Surroundings, paths: Paths) -> Surroundings:
    """Make the values file, or add the names that it lacks, and read everything again."""
    wrong = [finding for finding in around.findings if finding.info is not codes.VALUE_MISSING]
    if has_errors(wrong):
        raise _StopError(_refuse(tuple(wrong), compilation))
    if around.sources.file is None:
        text = _new_file(around, compilation)
        said = f"{around.values} is new: {counted(len(around.needed), 'value')}, not filled in yet\n"
    else:
        added = {name: one for name, one in around.needed.items() if name not in around.sources.file.digests}
        if not added:
            return around
        text = with_names(around.sources.file.document.text, added)
        said = f"{around.values}: added {listed(added)}, not filled in yet\n"
    if findings := write_values_file(around.values, text):
        raise _StopError(_refuse(findings, compilation))
    terminal.note(said)
    again = surroundings_of(compilation, paths.fleet, paths.out)
    if again.value is None:
        raise _StopError(_refuse(again.findings, compilation))
    return again.value


def _new_file(around: Surroundings, compilation: Compilation) -> str:
    """Return the text of a new values file, sealed. It needs no key, but sops and recipients."""
    if around.values_rule is None:
        missing = no_rules(around.tree.name) if around.rules is None else _unmatched(around)
        raise _StopError(_refuse(located(around.compiled, (missing,)), compilation))
    plain = new_values(around.compiled.fleet.name, around.needed)
    name = str(around.values)
    sealer = tools_for(around.compiled).sealer
    text = sealer.encrypt({name: Sealing(plain, around.values_rule.values_config())})[name]
    if isinstance(text, SopsFault):
        raise _StopError(_refuse((text.finding(name),), compilation))
    read = read_values(text.encode(), name)
    if read.value is None:
        raise _StopError(_refuse(read.findings, compilation))
    return text


def _unmatched(around: Surroundings) -> Finding:
    file = around.rules.source.file if around.rules else ""
    message = f"no rule matches `{around.values}`"
    return Finding(codes.SOPS_RULES, message, Spot(file=file), r"add one, such as `path_regex: \.enc\.yaml$`")


def _mended_by_editing(findings: tuple[Finding, ...]) -> bool:
    """Whether all that is wrong are values of the wrong kind, and the editor is the place to mend them."""
    wrong = [one for one in findings if one.severity is Severity.ERROR and one.info is not codes.VALUE_MISSING]
    return bool(wrong) and all(one.info is codes.VALUE_UNUSABLE for one in wrong)


def _stop_unless_openable(around: Surroundings, compilation: Compilation) -> None:
    """Say now what sops would say at length, behind the editor."""
    file = around.sources.file
    if file is None:
        raise _StopError(_refuse(around.findings, compilation))
    opened = tools_for(around.compiled).sealer.decrypt({file.file: file.document.text})[file.file]
    if isinstance(opened, SopsFault):
        raise _StopError(_refuse((opened.finding(file.file),), compilation))


def _compare(around: Surroundings) -> tuple[str, tuple[Finding, ...]]:
    """Compare with a key, if there is one: what the Secrets hold, and whether a value stands anywhere in plaintext."""
    if has_errors(around.findings) or not around.sources.given:
        return "", ()
    todo = [one for one in around.statuses if one.sealed is not None and not one.waiting]
    opened = open_all(todo, around.sources, tools_for(around.compiled)) if todo else None
    if opened is None:
        return "", ()
    if opened.value is None:
        return "", opened.findings
    if isinstance(opened.value, SopsFault):
        return f"not compared with a key: {opened.value.message}", ()
    files = {f"{around.tree.name}/{path}": text for path, text in {**around.tree.files, **around.tree.unknown}.items()}
    findings = [*check_plain(opened.value.values, files, around.secrets)]
    for work in opened.value.works:
        if isinstance(work.opened, SopsFault):
            findings.append(work.opened.finding(work.status.file))
        elif work.holds != work.wanted:
            findings.append(different(work))
    right = len(todo) - len({finding.spot.file for finding in findings})
    return f"compared with a key: {right} of {len(todo)} hold what they should", tuple(findings)


def _show(around: Surroundings, paths: Paths, compared: tuple[str, tuple[Finding, ...]]) -> int:
    """Print how things stand, and the findings about it."""
    said, further = compared
    findings = (*around.findings, *around.of_secrets(), *further)
    note_findings(
        (one for one in findings if one.info not in _SHOWN), {str(paths.fleet): around.compiled.document.text}
    )
    report = SecretsReport(
        around.needed,
        around.sources,
        around.statuses,
        str(around.values),
        around.tree.name,
        said,
        paths.flags(),
        color=terminal.colored(sys.stdout),
    )
    terminal.result(render_report(report))
    return exit_code(findings)
