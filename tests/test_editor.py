"""fleet.yaml in an editor: a real yaml-language-server completes, explains and judges it by the schema."""

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from backupgen.cli.commands.schema import schema_text
from backupgen.language import schema as models
from tests.language_server import Editor, editor

REPOSITORY = Path(__file__).resolve().parent.parent
SERVER = REPOSITORY / ".tools/editor/node_modules/yaml-language-server/bin/yaml-language-server"
HEAD = "# yaml-language-server: $schema=./fleet.schema.json\n"
FLEETS = [REPOSITORY / "fleet.yaml", *sorted((REPOSITORY / "tests/cases").glob("*/fleet.yaml"))]
FLEET = FLEETS[0].read_text(encoding="utf-8")

Tool = Callable[[str], Path]


@pytest.fixture(scope="module")
def opened(tool: Tool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    """An editor in a folder with the schema, as `backupgen schema >fleet.schema.json` leaves it."""
    assert SERVER.exists(), "`make test` installs the language server"
    folder = tmp_path_factory.mktemp("editor")
    (folder / "fleet.schema.json").write_text(schema_text(), encoding="utf-8")
    with editor([tool("node"), SERVER, "--stdio"], folder) as it:
        yield it


def proposals(editor: Editor, text: str) -> dict[str, dict[str, Any]]:
    """What the server proposes where `|` stands."""
    before, _, after = (HEAD + text).partition("|")
    lines = before.split("\n")
    found = editor.open(before + after).complete(len(lines) - 1, len(lines[-1]))
    return {item["label"]: item for item in found}


def messages(editor: Editor, text: str) -> list[tuple[int, str]]:
    """Line, 1-based, and message of everything that the server finds wrong."""
    found = editor.open(text).diagnostics
    return [(one["range"]["start"]["line"] + 1, one["message"]) for one in found]


@pytest.mark.parametrize("path", FLEETS, ids=lambda path: path.parent.name)
def test_a_fleet_of_the_repository_has_nothing_wrong(opened: Editor, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert messages(opened, text if text.startswith(HEAD) else HEAD + text) == []


TARGET = "targets:\n  a:\n    "
KEYS = set(models.Fleet.model_fields)


@pytest.mark.parametrize(
    ("text", "expected", "whole"),
    [
        ("|", KEYS, False),
        ("fleet: x\n|", KEYS - {"fleet"}, False),
        (f"{TARGET}|", set(models.Target.model_fields), False),
        (f"{TARGET}namespace: x\n    |", set(models.Target.model_fields) - {"namespace"}, False),
        (f"{TARGET}dump:\n      |", set(models.Dump.model_fields), False),
        (f"{TARGET}dump:\n      tool: |", {"mariabackup", "pg_dump"}, True),
        (f"{TARGET}verify:\n      - |", set(models.Verify.model_fields), False),
        (f"{TARGET}resources:\n      requests:\n        |", {"cpu", "memory", "ephemeral-storage"}, False),
        (f"{TARGET}run_as:\n      |", set(models.RunAsMapping.model_fields), False),
        (f"{TARGET}suspend: |", {"true", "false"}, True),
        (f"{TARGET}at: |", {":20", "03:05", "Sun 04:00", '"*/30 * * * *"', "auto"}, True),
        ("repository:\n  |", set(models.Repository.model_fields), False),
        ("repository:\n  retention:\n    keep:\n      |", set(models.Keep.model_fields), False),
        ("repository:\n  mirrors:\n    x:\n      method: |", {"rclone", "restic_copy"}, True),
        ("defaults:\n  |", set(models.JobSettings.model_fields), False),
        ("scripts: |", {"per_namespace", "reflector"}, True),
        ("network_policies: |", {"none", "kubernetes", "cilium"}, True),
        ("timezone: |", {"Europe/Vienna", "America/Argentina/Ushuaia", "UTC"}, False),
    ],
)
def test_it_completes(opened: Editor, text: str, expected: set[str], *, whole: bool) -> None:
    """Keys and values; `whole` where nothing else may be proposed."""
    found = proposals(opened, text)
    assert expected <= set(found)
    assert not whole or expected == set(found)


def test_what_it_proposes_is_explained(opened: Editor) -> None:
    found = proposals(opened, f"{TARGET}|")
    undescribed = [name for name in models.Target.model_fields if not found[name].get("documentation")]
    assert undescribed == []


def test_it_completes_a_mapping_with_what_it_needs(opened: Editor) -> None:
    inserted = proposals(opened, "repository:\n  |")["retention"]["insertText"]
    assert set(re.findall(r"^ +(\w+):", inserted, re.MULTILINE)) == {"at", "deadline", "keep"}


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("deadline: 45m", "After how long a run is ended (`activeDeadlineSeconds`), retries included."),
        ("access: ReadWriteMany", "* `ReadWriteOncePod`"),
        ("timezone: Europe", "The zone that slots are meant in."),
        ("tool: mariabackup", "A ready-made command that takes its password from the app's own environment."),
        ("start_within: 2m", "```yaml\n2m\n```"),
    ],
)
def test_it_explains_what_the_pointer_is_at(opened: Editor, at: str, expected: str) -> None:
    lines = FLEET[: FLEET.index(at)].split("\n")
    shown = opened.open(FLEET).hover(len(lines) - 1, len(lines[-1]) + 1)
    assert expected in shown
    assert len(shown) < 1000


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("timezone: Europe/Berlin", "§timezone: Europe/Berln", "expected an IANA time zone, such as Europe/Berlin"),
        ("scripts: reflector", "§scripts: reflecter", 'Valid values: "per_namespace", "reflector".'),
        ("  kubectl: docker", "  §kubctl: docker", "Property kubctl is not allowed."),
        ("deadline: 45m ", "§deadline: 45 m ", "expected a duration of at least 1m, such as 9m or 2h"),
        ("deadline: 45m ", "§deadline: 45 ", 'Incorrect type. Expected "string".'),
        ("    deadline: 45m ", "    # ", 'Missing property "deadline".'),
        ("size: 200Gi", "§size: 200GB", "expected a Kubernetes quantity of bytes, such as 500Mi or 20Gi"),
        ('    at: ":20"', '    §at: "20:60"', "expected a slot, such as"),
        ("  grafana:\n", "  §Grafana:\n", "Property Grafana is not allowed."),
        ("hourly: 24", "§hourly: 0", "Value is below the minimum of 1."),
        ("volume: {pvc: longhorn-pvc-grafana}", "§volume: {}", 'Missing property "pvc".'),
        ("reason: the *arr apps keep", "# ", "Object is missing property reason required by property host_path."),
        ("read_data: 1/60", "§read_data: 1/600", "expected a part, such as 1/20"),
    ],
)  # fmt: skip
def test_it_underlines_a_mistake(opened: Editor, old: str, new: str, message: str) -> None:
    assert old in FLEET
    before, mark, after = FLEET.replace(old, new, 1).partition("§")
    found = messages(opened, before + after)
    assert [text for line, text in found if message in text and (not mark or line == before.count("\n") + 1)], found


def test_its_expressions_are_those_of_javascript(tool: Tool) -> None:
    script = """
        const found = [];
        function look(node) {
            if (node === null || typeof node !== "object") return;
            for (const [key, value] of Object.entries(node)) {
                if (key === "pattern" && typeof value === "string") found.push(new RegExp(value, "u"));
                if (key === "patternProperties") Object.keys(value).forEach(one => found.push(new RegExp(one, "u")));
                look(value);
            }
        }
        look(JSON.parse(require("fs").readFileSync(0, "utf8")));
        console.log(found.length);
    """
    done = subprocess.run(
        [tool("node"), "-e", script], input=schema_text(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100


def test_emoji_and_other_scripts_are_text(opened: Editor) -> None:
    text = FLEET.replace("topic: backup,", 'topic: backup, title: "🎉 резервная копия failed",')
    assert messages(opened, text) == []
