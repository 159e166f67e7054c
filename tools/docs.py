"""Writes the reference pages that are made from the code.

    python tools/docs.py

docs/findings.md and docs/findings/ come from the catalogue that `backupgen check --explain` reads, docs/language.md
from the schema of fleet.yaml, docs/commands.md from `--help`, docs/alerts.md from the rules of the repository's own
fleet, docs/faults.md from the table beside this file, whose rows the scripts' tests provoke, docs/dashboard.md and its
picture from the dashboard in out/. Of docs/diff.md two parts are made: the sample, which is a report that the tests
compare, and the table of kinds.
"""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import typer
import yaml
from alerts import alerts_page
from dashboard_page import page as dashboard_page
from dashboard_page import picture as dashboard_picture
from faults import FAULTS, Fault

from backupgen.cli.app import app
from backupgen.diagnostics.code import CodeInfo
from backupgen.diff.impact import ConsequenceKind
from backupgen.pipeline import CATALOGUE
from backupgen.report.findings.code_page import page

ROOT = Path(__file__).resolve().parent.parent
INDEX = ROOT / "docs" / "findings.md"
PAGES = ROOT / "docs" / "findings"
LANGUAGE = ROOT / "docs" / "language.md"
COMMANDS = ROOT / "docs" / "commands.md"
FAULTS_PAGE = ROOT / "docs" / "faults.md"
ALERTS_PAGE = ROOT / "docs" / "alerts.md"
FLEET = ROOT / "fleet.yaml"
DIFF_PAGE = ROOT / "docs" / "diff.md"
DIFF_SAMPLE = ROOT / "tests" / "test_change_reports" / "target-removed.txt"
SCRIPTS = ROOT / "templates" / "scripts"
DASHBOARD = ROOT / "out" / "monitoring" / "configmap.grafana-dashboard-backup.yaml"
DASHBOARD_PAGE = ROOT / "docs" / "dashboard.md"
DASHBOARD_PICTURE = ROOT / "docs" / "dashboard.svg"
SCHEMA = ROOT / "fleet.schema.json"

# The first digit of a code.
STAGES = {
    "1": "Reading fleet.yaml",
    "2": "The language",
    "3": "Schedules, windows and locks",
    "4": "Rules of the fleet",
    "5": "Manifests and what is committed",
}

HEAD = """\
<!-- Made by `make docs` from the catalogue in the code; do not edit. -->
# Findings

Every finding has a code that never changes, and a name. `backupgen check --explain CODE` prints what its page says.

An **error** stops the compile, or says that what is committed is not what fleet.yaml says; `check` then exits with 1. A
**warning** does not, but for `check --strict`. An **info** never does.

In the examples a key stands where it belongs, and `…` for what a healthy fleet has there. The tests execute them.

`--select` and `--ignore` choose what `check` reports, by codes, beginnings of codes and names:
`--select BG4,slot-capacity --ignore BG405`. An error that stops the compile is reported whatever is selected.

A warning of a rule (BG3, BG4) that is meant is accepted in fleet.yaml, where it stands or further up, with the reason,
and with a last day if it is meant for a while only:

```yaml
waive:
  claim-without-node: the cluster has one node
  slot-capacity: {reason: the new disk comes in spring, until: 2027-03-31}
```

After that day, in the fleet's time zone, it is reported again, and the waiver with it
([BG498](findings/BG498.md)). A waiver of something that is not there is a finding too ([BG499](findings/BG499.md)).
"""
PAGE_HEAD = """\
<!-- Made by `make docs` from the catalogue in the code; do not edit. -->
# {code} {slug}

"""


def findings_index(catalogue: Iterable[CodeInfo]) -> str:
    """Return the index as Markdown: a table of the codes of each stage."""
    codes = sorted(catalogue, key=lambda info: info.code)
    parts = [HEAD]
    for digit, title in STAGES.items():
        of_stage = [info for info in codes if info.code.startswith(f"BG{digit}")]
        if of_stage:
            parts.append(f"## {title}\n\n{_table(of_stage)}")
    return "\n".join(parts)


def _table(codes: Iterable[CodeInfo]) -> str:
    rows = ["| Code | Name | Severity | What it reports |", "|---|---|---|---|"]
    for info in codes:
        summary = info.summary.replace("|", "\\|")
        rows.append(f"| [{info.code}](findings/{info.code}.md) | `{info.slug}` | {info.severity.value} | {summary} |")
    return "\n".join(rows) + "\n"


def findings_pages(catalogue: Iterable[CodeInfo]) -> dict[Path, str]:
    """Return the page of each code as Markdown, by its path below the repository."""
    return {Path(info.page): PAGE_HEAD.format(code=info.code, slug=info.slug) + page(info) for info in catalogue}


LANGUAGE_HEAD = """\
<!-- Made by `make docs` from fleet.schema.json; do not edit. -->
# The language of fleet.yaml

Every mapping and every key. A key in bold is required. Unknown keys, duplicate keys, anchors, aliases and tags are
refused. Durations are written `540s`, `9m`, `2h` or `1h30m`; sizes are Kubernetes quantities.

Paths in `verify` and `exclude` are those of the snapshot: a volume is at `/backup/<volume>` (the only one at
`/backup/<target>`), the dump of an app's pod at `/backup/<file>`. Only what a command of the job's own prints is at
`/<file>`.

`defaults` holds for targets. Mappings in it are merged with the target's, lists and values are replaced.
"""


def language_page(schema: dict[str, Any]) -> str:
    """Return the reference of the language as Markdown, from its JSON schema."""
    parts = [LANGUAGE_HEAD, *_mapping("fleet.yaml", schema)]
    for name in _in_order(schema):
        parts += _mapping(name, schema["$defs"][name])
    return "\n".join(parts)


def _in_order(schema: dict[str, Any]) -> list[str]:
    """The names of the mappings, in the order in which a reader meets them."""
    found: list[str] = []
    waiting = [schema]
    while waiting:
        for name in _referred(waiting.pop(0)):
            if name not in found:
                found.append(name)
                waiting.append(schema["$defs"][name])
    return found


def _referred(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value.rpartition("/")[2]
            elif key != "$defs":
                yield from _referred(value)
    elif isinstance(node, list):
        for value in node:
            yield from _referred(value)


def _mapping(name: str, definition: dict[str, Any]) -> Iterator[str]:
    yield f"## {name}\n"
    yield f"{definition.get('description', '')}\n"
    if not _properties(definition):
        return
    yield "| key | value | meaning |\n|---|---|---|"
    required = definition.get("required", ())
    for key, value in _properties(definition).items():
        shown = f"**`{key}`**" if key in required else f"`{key}`"
        meaning = " ".join(str(value.get("description", "")).split()).replace("|", "\\|")
        yield f"| {shown} | {_kind(value)} | {meaning} |"
    yield ""


def _properties(definition: dict[str, Any]) -> dict[str, Any]:
    if "properties" in definition:
        return dict(definition["properties"])
    return next((dict(one["properties"]) for one in definition.get("anyOf", ()) if "properties" in one), {})


def _kind(value: dict[str, Any]) -> str:
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "enum" in value:
        return ", ".join(f"`{one}`" for one in value["enum"])
    if "anyOf" in value:
        return " or ".join(dict.fromkeys(_kind(one) for one in value["anyOf"]))
    return _plain_kind(value, [_flow(one) for one in value.get("examples", ())])


def _plain_kind(value: dict[str, Any], shown: list[str]) -> str:
    if value.get("type") == "array":
        return f"list such as `{shown[0]}`" if shown else f"list, each {_kind(value['items'])}"
    if value.get("type") == "object":
        inner = value.get("additionalProperties") or next(iter(value["patternProperties"].values()))
        return f"by name, such as `{shown[0]}`" if shown else f"by name, each {_kind(inner)}"
    if shown:
        return "such as " + ", ".join(f"`{one}`" for one in shown[:3])
    return {"string": "text", "integer": "number", "boolean": "`true` or `false`"}.get(str(value.get("type")), "text")


def diff_page(page: str, sample: str) -> str:
    """Return the page about `diff` with its made parts as they have to be."""
    rows = ["| kind | level | what happened |", "|---|---|---|"]
    rows += [f"| `{kind.slug}` | {kind.level} | {kind.summary} |" for kind in ConsequenceKind]
    return _with_part(_with_part(page, "sample", f"```text\n{sample}```"), "kinds", "\n".join(rows))


def _with_part(page: str, name: str, text: str) -> str:
    before, _, rest = page.partition(f"<!-- {name} -->\n")
    end = f"<!-- /{name} -->"
    return f"{before}<!-- {name} -->\n{text}\n{end}{rest.partition(end)[2]}"


def _flow(value: object) -> str:
    """A value as YAML's flow style has it, quotes left out; what is a hash, shortened."""
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_flow(one)}' for key, one in value.items())}}}"
    text = re.sub("([0-9a-f]{8})[0-9a-f]{56}", r"\1…", str(value)).replace("|", "\\|")
    return f'"{text}"' if isinstance(value, str) and text.isdigit() else text


FAULTS_HEAD = """\
<!-- Made by `make docs` from tools/faults.py and templates/scripts/lib.sh; do not edit. -->
# Faults

What can go wrong at night, what the fleet makes of it, which alert tells, and what is left to do. Each row has a test
that provokes it with the real tools (`pytest.mark.fault` in tests/scripts) and that has to see these exit codes.

A notification goes out with every failure, to the fleet's `ntfy`; the alerts come from the metrics.
`BackupNotSucceeding` follows when a backup or the retention has not succeeded in the time of two of its runs.

| fault | what the fleet does | alert | how to recover |
|---|---|---|---|
"""

COST = """
## What it costs

A run of backup.sh takes 1.5 to 2 seconds longer than plain `restic backup`, however large the source is (`make bench`):
restic is called three times more, to prove that it is the right repository, to remove stale locks, and to read the new
snapshot back, and each call derives the key from the password, for half a second.
"""

EXIT_CODES_HEAD = """
## Exit codes

restic's own are kept: 1 failed, 3 snapshot made but incomplete, 10 no repository, 11 locked, 12 wrong password. 130 and
143: ended by SIGINT or SIGTERM. Those of the scripts:

| code | meaning |
|---|---|
"""


def faults_page(faults: Iterable[Fault], lib: str) -> str:
    """Return the table of faults as Markdown, and the exit codes that `lib`, the text of lib.sh, documents."""
    rows = (f"| {it.fault} | {it.does} | {_alerts(it.alert)} | {it.recover} |" for it in faults)
    codes = (f"| {code} | {meaning} |" for code, meaning in sorted(exit_codes(lib).items()))
    return FAULTS_HEAD + "\n".join(rows) + "\n" + EXIT_CODES_HEAD + "\n".join(codes) + "\n" + COST


def _alerts(names: str) -> str:
    return ", ".join(f"`{name}`" for name in names.split(", ")) if names else "none"


def exit_codes(lib: str) -> dict[int, str]:
    """The scripts' own exit codes and what they mean: the columns of the list in the head of lib.sh."""
    listed = lib.partition("# Exit codes.")[2].partition("\n#\n")[0]
    found = re.findall(r"(?:^#|  ) +(\d{2,3}) (\S.*?)(?=  +\d{2,3} |$)", listed, re.MULTILINE)
    return {int(code): meaning.strip() for code, meaning in found}


def rendered_dashboard() -> Any:
    """Return the dashboard of this repository's own fleet."""
    (text,) = yaml.safe_load(DASHBOARD.read_text(encoding="utf-8"))["data"].values()
    return json.loads(text)


COMMANDS_HEAD = """\
<!-- Made by `make docs` from the program's own --help; do not edit. -->
# Commands

Exit codes: 0 clean, 1 errors or differences, 2 wrong usage or unreadable input, 3 a fault of backupgen itself; 130
after Ctrl-C, 141 when the reader of a pipe has left. Results are on standard output, everything else on standard error.
"""


def commands_page() -> str:
    """Return what `--help` says of every command, as Markdown."""
    group = typer.main.get_command(app)
    with typer.Context(group, info_name="backupgen", terminal_width=100, **group.context_settings) as top:
        parts = [COMMANDS_HEAD, f"```text\n{group.get_help(top)}\n```\n"]
        for name, command in group.commands.items():  # type: ignore[attr-defined]
            with typer.Context(command, info_name=name, parent=top) as context:
                parts.append(f"## backupgen {name}\n\n```text\n{command.get_help(context)}\n```\n")
    return "\n".join(line.rstrip() for line in "\n".join(parts).split("\n"))


def main() -> None:
    """Write the pages."""
    INDEX.write_text(findings_index(CATALOGUE), encoding="utf-8")
    pages = {ROOT / path: text for path, text in findings_pages(CATALOGUE).items()}
    PAGES.mkdir(exist_ok=True)
    for path, text in pages.items():
        path.write_text(text, encoding="utf-8")
    for gone in set(PAGES.iterdir()) - set(pages):
        gone.unlink()
    lib = (SCRIPTS / "lib.sh").read_text(encoding="utf-8")
    FAULTS_PAGE.write_text(faults_page(FAULTS, lib), encoding="utf-8")
    ALERTS_PAGE.write_text(alerts_page(FLEET), encoding="utf-8")
    DASHBOARD_PAGE.write_text(dashboard_page(rendered_dashboard()), encoding="utf-8")
    DASHBOARD_PICTURE.write_text(dashboard_picture(rendered_dashboard()), encoding="utf-8")
    COMMANDS.write_text(commands_page(), encoding="utf-8")
    LANGUAGE.write_text(language_page(json.loads(SCHEMA.read_text(encoding="utf-8"))), encoding="utf-8")
    about_diff, sample = (path.read_text(encoding="utf-8") for path in (DIFF_PAGE, DIFF_SAMPLE))
    DIFF_PAGE.write_text(diff_page(about_diff, sample), encoding="utf-8")


if __name__ == "__main__":
    main()
