"""`backupgen bootstrap`."""

from dataclasses import dataclass
from pathlib import Path

from backupgen.cli import exits, terminal
from backupgen.cli.compiling import compile_file
from backupgen.cli.showing import exit_code, note_findings


@dataclass(frozen=True, slots=True)
class BootstrapOptions:
    """The flags of `bootstrap`."""

    fleet: Path
    templates: Path | None


def bootstrap(options: BootstrapOptions) -> int:
    """Print the Jobs that make the fleet's repositories. Returns the exit code."""
    from backupgen.manifests import load_templates, render_plan
    from backupgen.plan.bootstrap import bootstrap_plan

    compilation = compile_file(options.fleet, options.templates, None)
    if compilation.compiled is None:
        note_findings(compilation.findings, compilation.sources, targets=compilation.targets)
        return exit_code(compilation.findings, readable=compilation.readable)
    plan = bootstrap_plan(compilation.compiled.fleet)
    if not plan.units:
        terminal.note(
            "nothing to bootstrap: every repository has its id. To make a new one in its place, remove its `id` first\n"
        )
        return exits.FOUND
    templates = load_templates(options.templates).value
    if templates is None:
        raise AssertionError("the fleet was compiled with these templates")
    rendered = render_plan(plan, templates)
    if rendered.value is None:
        note_findings(rendered.findings, {})
        return exits.FOUND
    terminal.result("---\n".join(rendered.value.files.values()))
    return exits.CLEAN
