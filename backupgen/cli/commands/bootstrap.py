"""`backupgen bootstrap`."""

from pathlib import Path

from backupgen.cli import exits, terminal
from backupgen.cli.command import Fleet, Templates, command


@command(70)
def bootstrap(fleet: Fleet = Path("fleet.yaml"), templates: Templates = None) -> int:
    """Print the one-shot Job that makes a repository.

    One for each repository without an `id`, for `kubectl apply -f -`. Exits with 1 if every repository has its id.
    """
    from backupgen.cli.compiling import compile_file
    from backupgen.cli.showing import exit_code, note_findings
    from backupgen.manifests import render_plan
    from backupgen.plan.bootstrap import bootstrap_plan

    compilation = compile_file(fleet, templates, None)
    if compilation.compiled is None:
        note_findings(compilation.findings, compilation.sources, targets=compilation.targets)
        return exit_code(compilation.findings, readable=compilation.readable)
    plan = bootstrap_plan(compilation.compiled.fleet)
    if not plan.units:
        terminal.note(
            "nothing to bootstrap: every repository has its id. To make a new one in its place, remove its `id` first\n"
        )
        return exits.FOUND
    rendered = render_plan(plan, compilation.compiled.templates)
    if rendered.value is None:
        note_findings(rendered.findings, {})
        return exits.FOUND
    terminal.result("---\n".join(rendered.value.files.values()))
    return exits.CLEAN
