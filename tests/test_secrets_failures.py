"""Every way in which `secrets` and sealing stop: one clear finding, nothing written, no value shown."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from backupgen.cli import exits
from tests.conftest import REPOSITORY
from tests.sealing import NOTES, SECRETS, VALUES, VALUES_FILE, WIKI, Place

Tool = Callable[[str], Path]
OVERRIDE = '{% extends "builtin/secret.yaml.j2" %}\n'


@pytest.fixture
def place(tmp_path: Path, tool: Tool) -> Place:
    tool("sops")
    tool("age-keygen")
    return Place(tmp_path, keys=2)


def fake_sops(place: Place, script: str) -> dict[str, str]:
    """An environment with another sops before the real one: it tells its version, and does what the script says."""
    folder = place.folder / "bin"
    folder.mkdir()
    program = folder / "sops"
    program.write_text(f"#!/bin/sh\ncase $* in *version*) echo sops 3.11.0; exit;; esac\n{script}\n")
    program.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def test_a_fleet_that_does_not_compile(place: Place) -> None:
    place.edit_fleet("namespace: wiki", "namspace: wiki")
    for arguments in (["secrets"], ["secrets", "status"], ["secrets", "edit"], ["secrets", "seal"]):
        run = place.run(*arguments)
        assert (run.exit_code, run.stdout) == (exits.FOUND, "")
        assert "namspace" in run.stderr
        assert place.run(*arguments, "--fleet", "no.yaml").exit_code == exits.USAGE
    assert not (place.folder / VALUES_FILE).exists()


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("", "there is no .sops.yaml in `out` or above it"),
        ("creation_rules: [{path_regex: ^other, age: RECIPIENT}]", f"no rule matches `{VALUES_FILE}`"),
        ("creation_rules: [{age: age1bad}]", "sops refuses: failed to parse input as Bech32-encoded age public key"),
        ("creation_rules: [", "this is no YAML"),
    ],
)
def test_a_values_file_that_cannot_be_made(place: Place, rules: str, said: str) -> None:
    place.edit_fleet(f"sops: {{age: [{place.recipient(0)}]}}\n", "")
    if rules:
        (place.folder / ".sops.yaml").write_text(rules.replace("RECIPIENT", place.recipient(0)))
    for arguments in (["secrets"], ["secrets", "edit"]):
        run = place.run(*arguments)
        assert (run.exit_code, run.stdout) == (exits.FOUND, "")
        assert said in run.stderr
        assert run.stderr.count("error[") == 1
    assert not (place.folder / VALUES_FILE).exists()


def test_a_values_file_where_something_else_stands(place: Place) -> None:
    (place.folder / VALUES_FILE).mkdir()
    for arguments in (["secrets"], ["render"]):
        run = place.run(*arguments)
        assert run.exit_code == exits.FOUND
        assert "this values file cannot be read: is a directory" in run.stderr


def test_out_that_cannot_be_read(place: Place) -> None:
    place.out.symlink_to(place.folder)
    for arguments in (["secrets"], ["secrets", "status"]):
        run = place.run(*arguments)
        assert run.exit_code == exits.FOUND
        assert "error[BG557 out-symlink]" in run.stderr


def test_an_editor_that_fails_leaves_the_file_as_it_is(place: Place) -> None:
    place.sealed()
    before = (place.folder / VALUES_FILE).read_bytes()
    run = place.run("secrets", "edit", env={"EDITOR": "false"})
    assert run.exit_code == exits.FOUND
    assert re.search(rf"sops ended with exit code \d+; {VALUES_FILE} is as it was", run.stderr)
    same = place.run("secrets", "edit", env={"EDITOR": "true"})
    assert (same.exit_code, same.stderr) == (exits.CLEAN, "")
    assert (place.folder / VALUES_FILE).read_bytes() == before


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("kill -9 $$", "sops was ended by signal 9"),
        ("cat >&2; exit 1", "sops refuses: "),
        ("echo 'something: new'; exit 0", "what sops made of this Secret is not right"),
        ("echo '['; exit 0", "what sops made of this Secret is not right: it is no YAML"),
        ("cat", "what sops made of this Secret is not right: some of its values are not encrypted"),
    ],
)
def test_a_sops_that_does_other_things(place: Place, script: str, said: str) -> None:
    """Also one that prints what it was given: what is repeated of it holds no value."""
    given = {f"BACKUPGEN_VALUE_{name.upper().replace('-', '_')}": f"kanarie {value}" for name, value in VALUES.items()}
    run = place.run("render", env=given | fake_sops(place, script))
    assert run.exit_code == exits.FOUND
    assert said in run.stderr
    assert "kanarie" not in run.stderr
    assert VALUES["restic-rest-maintenance-password"] not in run.stderr
    assert not place.out.exists()


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("kind: Secret\nstringData: {}\n", "does not print every value as it is"),
        ("kind: Secret\nstringData: {A: {{ values.values()|list|length }}}\n", "does not print every value as it is"),
        ("a: [\n", "does not print every value as it is"),
    ],
)
def test_a_template_that_loses_values(place: Place, template: str, said: str) -> None:
    place.sealed()
    templates = place.folder / "templates"
    templates.mkdir()
    (templates / "secret.yaml.j2").write_text(template)
    before = place.files()
    run = place.run("render", "--templates", str(templates))
    assert run.exit_code == exits.FOUND
    assert "error[BG50" in run.stderr
    assert said in run.stderr or "the file holds" in run.stderr or "not plain YAML" in run.stderr
    assert VALUES["restic-rest-maintenance-password"] not in run.stderr
    assert place.files() == before


def test_a_template_that_adds_to_the_secret_is_sealed_with_it(place: Place) -> None:
    place.sealed()
    templates = place.folder / "templates"
    templates.mkdir()
    (templates / "secret.yaml.j2").write_text(
        '{% extends "builtin/secret.yaml.j2" %}{% block metadata %}metadata:\n  name: {{ meta.name }}\n'
        "  namespace: {{ meta.namespace }}\n  labels:\n    team: a\n{% for key, value in meta.labels|items %}\n"
        "    {{ key }}: {{ value }}\n{% endfor %}\n{% endblock %}"
    )
    flags = ["--templates", str(templates)]
    found = json.loads(place.run("check", "--format", "json", *flags, key=None).stdout)["findings"]
    assert {(one["slug"], one["message"]) for one in found if one["file"].endswith(".enc.yaml")} == {
        ("sealed-outdated", "this sealed Secret is not what fleet.yaml says today: `metadata` differ")
    }
    assert place.run("render", *flags).exit_code == exits.CLEAN
    assert place.document(NOTES)["metadata"]["labels"]["team"] == "a"
    assert place.run("check", *flags, key=None).exit_code == exits.CLEAN


@pytest.mark.parametrize("text", ["a: [\nsops: {}\n", "a: 1\n---\nsops: {}\n"])
def test_a_sealed_secret_that_is_no_yaml(place: Place, text: str) -> None:
    place.sealed()
    place.write(NOTES, text)
    assert ("sealed-damaged", NOTES) in place.found()
    before = place.files()
    run = place.run("render")
    assert run.exit_code == exits.FOUND
    assert "error[BG585 sealed-damaged]: this cannot be read: " in run.stderr
    assert place.files() == before


def test_a_secret_for_somebody_else_can_be_sealed_anew(place: Place) -> None:
    """Who can read the values need not be able to read the Secrets: the cluster's key may be the cluster's alone."""
    place.edit_fleet(f"sops: {{age: [{place.recipient(0)}]}}\n", "")
    (place.folder / ".sops.yaml").write_text(
        "creation_rules:\n"
        f"  - {{path_regex: ^out/, age: {place.recipient(1)}, encrypted_regex: '^(data|stringData)$'}}\n"
        f"  - {{age: {place.recipient(0)}}}\n"
    )
    place.sealed()
    before = place.files()
    assert place.run("render").exit_code == exits.CLEAN
    assert place.files() == before
    place.edit_values({"wiki-db": "5678"})
    assert place.run("render").exit_code == exits.CLEAN
    assert [path for path in SECRETS if place.files()[path] != before[path]] == [WIKI]
    assert place.opened(WIKI, key=1)["stringData"]["DB_PASSWORD"] == "5678"  # noqa: S105
    status = place.run("secrets", "status")
    assert status.stderr.count("error[BG583 no-key]") == len(SECRETS)
    # One that was changed since may hold anything: it waits for somebody who can open it.
    place.write(NOTES, place.text(NOTES) + "# changed\n")
    kept = place.run("render")
    assert kept.exit_code == exits.CLEAN
    assert "1 Secret waits to be sealed: the key at hand is none of those that this file is sealed for" in kept.stderr
    assert place.text(NOTES).endswith("# changed\n")


def test_progress_is_for_terminals(place: Place) -> None:
    place.sealed()
    place.edit_fleet("ntfy: {", "labels: {team: storage}\nntfy: {")
    environment = {
        **os.environ,
        "SOPS_AGE_KEY_FILE": str(place.keys[0]),
        "PYTHONPATH": str(REPOSITORY),
        "TERM": "xterm",
    }
    primary, secondary = pty.openpty()
    command = [sys.executable, "-m", "backupgen", "render"]
    with subprocess.Popen(
        command, cwd=place.folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=secondary
    ) as run:
        os.close(secondary)
        shown = b""
        while True:
            try:
                shown += os.read(primary, 1 << 16) or b""
            except OSError:
                break
        assert run.stdout is not None
        out = run.stdout.read()
    os.close(primary)
    assert run.returncode == exits.CLEAN
    assert b"4 of 5 opened" in shown
    assert b"4 of 5 sealed" in shown
    assert shown.endswith(b"\r\x1b[K")
    assert b" of 5 " not in out
