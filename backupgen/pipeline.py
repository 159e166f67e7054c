"""The stages, one after the other.

Input: the bytes of fleet.yaml and the user's templates. Output: everything up to the rendered files, or located
findings. Never: files, streams, flags.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal

from backupgen.audit import CODES as AUDIT_CODES
from backupgen.diagnostics import Checked, CodeInfo, Finding, Related, Span, Spot, has_errors
from backupgen.diff.codes import CODES as OUT_CODES
from backupgen.language.codes import CODES as LANGUAGE_CODES
from backupgen.language.load import load_fleet
from backupgen.manifests import CODES as MANIFEST_CODES
from backupgen.manifests import ManifestSet, Templates, judge_sizes, load_templates, render_plan
from backupgen.manifests.codes import OWN_SCRIPT
from backupgen.manifests.departures import judge_departures
from backupgen.manifests.verify import verify
from backupgen.plan.build import SharedFileError, build_plan
from backupgen.plan.facts.manifest import Plan
from backupgen.resolve.codes import BAD_NAME
from backupgen.resolve.codes import CODES as RESOLVE_CODES
from backupgen.resolve.delivery import ArgoCd
from backupgen.resolve.fleet import resolve_fleet
from backupgen.resolve.resolved import ResolvedFleet
from backupgen.resolve.schedule_input import ScheduleInput, schedule_input
from backupgen.rules import CODES as RULE_CODES
from backupgen.rules import RuleContext, judge, judge_script
from backupgen.schedule import CYCLE_START, Conflict, ScheduleProof, prove
from backupgen.sealing import CODES as SEALING_CODES
from backupgen.source import CODES as SOURCE_CODES
from backupgen.source import Document, read_document

CATALOGUE: tuple[CodeInfo, ...] = (
    *SOURCE_CODES,
    *LANGUAGE_CODES,
    *RESOLVE_CODES,
    *RULE_CODES,
    *AUDIT_CODES,
    *MANIFEST_CODES,
    *OUT_CODES,
    *SEALING_CODES,
)
"""Every code that backupgen knows, in order."""


Stage = Literal["document", "fleet", "resolved", "timetable", "rules", "plan", "manifests"]


def _unobserved(_stage: Stage, _value: object) -> None:
    """Nobody looks at the stages."""


@dataclass(frozen=True, slots=True)
class CompileContext:
    """What is known beside the text of fleet.yaml. The rendered files depend on `chosen_before` alone."""

    chosen_before: Mapping[str, str] = field(default_factory=dict)
    """The slots that the last render chose, by job."""
    since: int = CYCLE_START
    """Now: from when on findings name instants, and whether a waiver has expired; epoch seconds."""
    shell: Callable[[str], str] | None = None
    """What the machine's shell says against a script, empty if nothing; None, if scripts are not judged."""
    observe: Callable[[Stage, object], None] = _unobserved
    """Gets the value of each stage when it is done, for those who want to look inside."""


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A fleet with the verdict about its schedule, which may be that there are conflicts."""

    document: Document
    fleet: ResolvedFleet
    schedule_input: ScheduleInput
    outcome: ScheduleProof | tuple[Conflict, ...]
    findings: tuple[Finding, ...]
    """Of all stages up to here; not located."""
    own_scripts: tuple[str, ...]
    """The user's scripts in place of backupgen's own, as findings show them."""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A fleet that has passed every stage."""

    document: Document
    fleet: ResolvedFleet
    proof: ScheduleProof
    plan: Plan
    manifests: ManifestSet
    templates: Templates
    """Those that rendered it, for the Secrets' true texts."""


_NOTHING_KNOWN: Final = CompileContext()

TimetableRenderer = Callable[[Document, RuleContext], str]
"""Draws the timetable of a proved fleet, as SVG; empty: it has no picture."""


def compile_fleet(
    raw: bytes,
    file: str,
    overrides: Path | None = None,
    compile_context: CompileContext = _NOTHING_KNOWN,
    draw_timetable: TimetableRenderer | None = None,
) -> Checked[Compiled]:
    """Compile the bytes of fleet.yaml, shown as `file` in findings.

    `overrides` is the folder of the user's own templates. Without `draw_timetable` the runbooks have no picture.
    Returns what was compiled with the warnings about it, or the findings of the first stage that has an error among
    them; all are located. Raises TemplatesMissingError if backupgen's own templates are not installed.
    """
    templates = load_templates(overrides)
    if templates.value is None:
        return Checked(None, templates.findings)
    read = read_document(raw, file)
    if read.value is None:
        return Checked(None, read.findings)
    document = read.value
    compile_context.observe("document", document)
    checked = _compile(document, templates.value, compile_context, draw_timetable)
    return Checked(checked.value, tuple(_located(document, finding) for finding in checked.findings))


def schedule_fleet(
    raw: bytes, file: str, compile_context: CompileContext = _NOTHING_KNOWN, overrides: Path | None = None
) -> Checked[Scheduled]:
    """Judge the schedule of the bytes of fleet.yaml, shown as `file` in findings.

    `overrides` is the folder of the user's own templates: a script in it takes the proof with it.
    Returns the verdict with all findings, located, errors included; or the findings of the stage that could not read
    the fleet.
    """
    read = read_document(raw, file)
    if read.value is None:
        return Checked(None, read.findings)
    document = read.value
    own_scripts: tuple[str, ...] = ()
    if overrides is not None:
        templates = load_templates(overrides)
        if templates.value is None:
            return Checked(None, templates.findings)
        own_scripts = templates.value.script_files
    checked = _schedule(document, compile_context, own_scripts)
    findings = checked.findings if checked.value is None else checked.value.findings
    return Checked(checked.value, tuple(_located(document, finding) for finding in findings))


def _located(document: Document, finding: Finding) -> Finding:
    """Return the finding with its places; with that in `defaults` too, if what it is about was given there."""
    path = finding.spot.path
    if path[:1] == ("targets",) and not document.holds(path):
        given = ("defaults", *path[2:])
        if document.holds(given):
            inherited = Related(f"`{path[-1]}` comes from here", Spot(path=given))
            finding = replace(finding, related=(*finding.related, inherited))
    return document.locate(finding)


def _schedule(document: Document, compile_context: CompileContext, own_scripts: tuple[str, ...]) -> Checked[Scheduled]:
    loaded = load_fleet(document)
    if loaded.value is None:
        return Checked(None, loaded.findings)
    compile_context.observe("fleet", loaded.value)
    resolved = resolve_fleet(loaded.value)
    if resolved.value is None:
        return Checked(None, resolved.findings)
    fleet = resolved.value
    compile_context.observe("resolved", fleet)
    timetable = schedule_input(fleet, compile_context.chosen_before)
    outcome = prove(timetable.operations, timetable.limits)
    compile_context.observe("timetable", {"timetable": timetable, "outcome": outcome})
    context = RuleContext(fleet, timetable, outcome, compile_context.since, compile_context.shell, own_scripts)
    findings = (*resolved.findings, *judge(context))
    compile_context.observe("rules", findings)
    return Checked(Scheduled(document, fleet, timetable, outcome, findings, own_scripts))


def _compile(
    document: Document, templates: Templates, compile_context: CompileContext, draw_timetable: TimetableRenderer | None
) -> Checked[Compiled]:
    checked = _schedule(document, compile_context, templates.script_files)
    if checked.value is None:
        return Checked(None, checked.findings)
    scheduled = checked.value
    fleet, outcome, findings = scheduled.fleet, scheduled.outcome, scheduled.findings
    if isinstance(outcome, tuple) or has_errors(findings):
        return Checked(None, findings)
    context = RuleContext(fleet, scheduled.schedule_input, outcome, CYCLE_START, own_scripts=templates.script_files)
    try:
        picture = draw_timetable(document, context) if draw_timetable else ""
        plan = build_plan(fleet, outcome, scheduled.schedule_input.chosen, picture)
    except SharedFileError as error:
        return Checked(None, (*findings, _shared(fleet, str(error))))
    compile_context.observe("plan", plan)
    rendered = render_plan(plan, templates)
    findings = (*findings, *rendered.findings)
    if rendered.value is not None:
        # Flux applies on the server's side, and Argo CD does where the Application is rendered.
        client_side = fleet.gitops is None or (isinstance(fleet.gitops, ArgoCd) and not fleet.gitops.repo)
        findings = (*findings, *judge_sizes(rendered.value, client_side=client_side))
    if rendered.value is not None and templates.overridden:
        # Our own templates are proved by our tests; the user's can be proved here only.
        findings = (*findings, *_judge_overrides(rendered.value, plan, templates, compile_context))
    if rendered.value is None or has_errors(findings):
        return Checked(None, findings)
    compile_context.observe("manifests", rendered.value)
    return Checked(Compiled(document, fleet, outcome, plan, rendered.value, templates), findings)


def _shared(fleet: ResolvedFleet, path: str) -> Finding:
    """Say who gave its name to the second of two objects. Jobs' names are told apart before: it is a server."""
    namespace, _, file = path.partition("/")
    servers = [one for one in fleet.repositories if one.server is not None and one.server.namespace == namespace]
    named = [one for one in servers if one.server is not None and one.server.name in file]
    spot = Spot(path=(*named[0].path, "url")) if named else Spot(path=("fleet",), on_key=True)
    message = f"two objects in `{namespace}` would be called the same, and share the file `{file}`"
    return Finding(BAD_NAME, message, spot, "choose another name for the server's Service")


def _judge_overrides(
    manifests: ManifestSet, plan: Plan, templates: Templates, compile_context: CompileContext
) -> Iterator[Finding]:
    unsound = verify(manifests, plan)
    yield from unsound
    planned = render_plan(plan, templates.with_scripts_alone())
    if not unsound and planned.value is not None:
        yield from judge_departures(manifests, planned.value, plan)
    for name, file in templates.overridden_scripts():
        message = "this script takes the place of backupgen's own: nothing is proved about what it does"
        yield Finding(OWN_SCRIPT, message, Spot(file=file, span=Span(1, 1, 1, 1)), OWN_SCRIPT.help)
        if compile_context.shell is not None:
            yield from judge_script(file, templates.text(name), compile_context.shell)
