"""Secrets from the first day on, with real sops and age."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from backupgen.cli import exits
from tests.sealing import (
    NOTES,
    RESTORE_TEST,
    RETENTION,
    SECRETS,
    SERVER,
    VALUES,
    VALUES_FILE,
    WIKI,
    Place,
    changed,
)

NEW = "5678"
Tool = Callable[[str], Path]


@pytest.fixture
def place(tmp_path: Path, tool: Tool) -> Place:
    tool("sops")
    tool("age-keygen")
    return Place(tmp_path, keys=2)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("sealed"), keys=2).sealed()


@pytest.fixture
def done(finished: Place, tmp_path: Path) -> Place:
    """A copy of a fleet whose Secrets are sealed."""
    shutil.copytree(finished.folder, tmp_path, dirs_exist_ok=True)
    copy = object.__new__(Place)
    copy.folder, copy.out, copy.editor = tmp_path, tmp_path / "out", tmp_path / "editor"
    copy.keys = [tmp_path / key.name for key in finished.keys]
    return copy


def db_password(place: Place) -> object:
    return place.opened(WIKI)["stringData"]["DB_PASSWORD"]


def test_the_first_day(place: Place) -> None:
    """Each command says what comes next, until nothing does."""
    first = place.run("render", key=None)
    assert first.exit_code == exits.CLEAN
    assert "5 Secrets with placeholders: `backupgen secrets` says how to seal\n" in first.stdout
    assert place.found() == [("secrets-unsealed", "out")]
    begun = place.run("secrets", key=None)
    assert begun.exit_code == exits.CLEAN
    assert begun.stderr == f"{VALUES_FILE} is new: 5 values, not filled in yet\n"
    assert begun.stdout.endswith("next: `backupgen secrets edit` to fill in 5 values\n")
    text = (place.folder / VALUES_FILE).read_text()
    assert '# DB_PASSWORD of the target `wiki`\nwiki-db: ""\n' in text
    assert yaml.safe_load(text)["sops"]["age"][0]["recipient"] == place.recipient(0)
    assert place.found() == [("secrets-unsealed", "out"), *[("value-empty", VALUES_FILE)] * 5]
    edited = place.edit_values(VALUES)
    assert (edited.exit_code, edited.stderr) == (exits.CLEAN, "")
    assert edited.stdout.endswith(f"next: `backupgen render` seals them; then commit {VALUES_FILE} and out\n")
    assert place.found() == [("sealing-postponed", "out")]
    rendered = place.run("render")
    assert (rendered.exit_code, rendered.stderr) == (exits.CLEAN, "")
    assert "out: 5 written, " in rendered.stdout
    check = place.run("check", key=None)
    assert (check.exit_code, check.stderr) == (exits.CLEAN, "")
    assert check.stdout.startswith("no findings: ")
    status = place.run("secrets", "status")
    assert (status.exit_code, status.stderr) == (exits.CLEAN, "")
    assert (
        "out: 5 of 5 sealed from the present values\ncompared with a key: 5 of 5 hold what they should\n"
        in status.stdout
    )
    assert "next: nothing: " in status.stdout


def test_what_is_sealed_is_what_was_rendered_with_the_values_in_it(done: Place, tool: Tool, tmp_path: Path) -> None:
    for path in SECRETS:
        opened = done.opened(path)
        assert opened["metadata"] == done.document(path)["metadata"]
        assert opened["kind"] == "Secret"
    assert done.opened(WIKI)["stringData"] == {
        "DB_PASSWORD": VALUES["wiki-db"],
        "NTFY_CREDS": VALUES["ntfy-credentials"],
        "RESTIC_PASSWORD": VALUES["restic-password"],
        "RESTIC_REST_PASSWORD": VALUES["restic-rest-password"],
    }
    assert done.opened(RETENTION)["stringData"]["RESTIC_REST_PASSWORD"] == VALUES["restic-rest-maintenance-password"]
    users = done.opened(SERVER)["stringData"]
    assert set(users) == {"append-only", "maintenance"}
    for file, user, name in (
        ("append-only", "backup", "restic-rest-password"),
        ("maintenance", "maintenance", "restic-rest-maintenance-password"),
    ):
        htpasswd = tmp_path / file
        htpasswd.write_text(users[file])
        # As Apache's own tool and the server's library have it.
        assert re.fullmatch(rf"{user}:\$2b\$10\$[./A-Za-z0-9]{{53}}\n", users[file])
        answers = rest_server_answers(tool("restic-rest-server"), htpasswd, user, VALUES[name])
        assert answers == [200, 401]


def rest_server_answers(program: Path, htpasswd: Path, user: str, password: str) -> list[int]:
    """What the real server answers to the right password, and to a wrong one."""
    import base64
    import http.client
    import socket
    import time

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = htpasswd.parent / f"data-{user}"
    command: list[str | Path] = [program, "--path", data, "--listen", f"127.0.0.1:{port}", "--htpasswd-file", htpasswd]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        answers = []
        for given in (password, f"{password}x"):
            token = base64.b64encode(f"{user}:{given}".encode()).decode()
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("POST", f"/{given[:1] == 'x'}/?create=true", headers={"Authorization": f"Basic {token}"})
            answers.append(connection.getresponse().status)
            connection.close()
        return answers
    finally:
        server.terminate()
        server.wait()


@pytest.mark.parametrize("key", [0, 1, None])
def test_rendering_again_changes_no_byte(done: Place, key: int | None) -> None:
    """With the key, with somebody else's, and without any."""
    before = done.files()
    again = done.run("render", key=key)
    assert (again.exit_code, again.stderr) == (exits.CLEAN, "")
    assert again.stdout.startswith("out: 0 written, ")
    assert done.files() == before
    assert done.run("secrets", "seal", key=key).exit_code == exits.CLEAN
    assert done.files() == before


def test_a_rotated_value_changes_the_secrets_that_hold_it(done: Place) -> None:
    before, users = done.files(), done.opened(SERVER)["stringData"]
    done.edit_values({"restic-rest-password": "another"})
    holders = {NOTES, WIKI, RESTORE_TEST, SERVER}
    assert done.found() == sorted(("sealed-outdated", path) for path in holders)
    assert (
        "this Secret is not sealed from the present values: `RESTIC_REST_PASSWORD` was changed since" in done.messages()
    )
    diff = json.loads(done.run("diff", "--format", "json", key=None).stdout)
    assert {(one["namespace"], one["name"]) for one in diff["changes"]} == {
        (path.partition("/")[0], path.removesuffix(".enc.yaml").partition("secret.")[2]) for path in holders
    }
    assert diff["changes"][0]["fields"] == [
        {"path": "stringData.RESTIC_REST_PASSWORD", "old": "(a value)", "new": "(another value)"}
    ]
    assert done.run("render").exit_code == exits.CLEAN
    assert changed(before, done.files()) == holders
    assert done.found() == []
    after = done.opened(SERVER)["stringData"]
    assert after["maintenance"] == users["maintenance"]
    assert after["append-only"] != users["append-only"]
    assert done.run("secrets", "status").exit_code == exits.CLEAN


def test_a_value_that_comes_back_is_another_seal(done: Place) -> None:
    """Changed and changed back: the ciphertext is new, the plaintext is not, and neither are the bytes."""
    before = done.files()
    done.edit_values({"wiki-db": "other"})
    done.edit_values({"wiki-db": VALUES["wiki-db"]})
    assert done.found() == [("sealed-outdated", WIKI)]
    assert done.run("render").exit_code == exits.CLEAN
    assert changed(before, done.files()) == set()
    assert done.found() == []


def test_values_encrypted_anew_change_no_secret(done: Place) -> None:
    """A rotated data key changes every ciphertext of the values file, and no plaintext."""
    before = done.files()
    done.sops("rotate", "--in-place", VALUES_FILE)
    assert done.found() == sorted(("sealed-outdated", path) for path in SECRETS)
    assert done.run("render", key=None).exit_code == exits.CLEAN
    assert done.files() == before
    assert done.run("render").exit_code == exits.CLEAN
    assert changed(before, done.files()) == set()
    assert done.found() == []


def test_new_recipients_leave_the_ciphertext_of_the_values(done: Place) -> None:
    before = {path: done.document(path)["stringData"] for path in SECRETS}
    done.edit_fleet(f"[{done.recipient(0)}]", f"[{done.recipient(0)}, {done.recipient(1)}]")
    assert done.found() == sorted(
        [
            ("out-stale", ".sops.yaml"),
            ("sealed-for-others", VALUES_FILE),
            *(("sealed-for-others", one) for one in SECRETS),
        ]
    )
    assert done.run("render").exit_code == exits.CLEAN
    assert {path: done.document(path)["stringData"] for path in SECRETS} == before
    assert done.opened(NOTES, key=1)["stringData"]["RESTIC_PASSWORD"] == VALUES["restic-password"]
    assert done.found() == [("sealed-for-others", VALUES_FILE)]
    (said,) = [one["help"] for one in json.loads(done.run("check", "--format", "json").stdout)["findings"]]
    command = re.search("`(sops .*)`", said)
    assert command
    done.sops(*command[1].split()[1:], "--yes")
    assert done.found() == []
    assert done.run("secrets", "status", key=1).exit_code == exits.CLEAN


def test_a_recipient_that_goes_cannot_open_it_any_more(done: Place) -> None:
    done.edit_fleet(done.recipient(0), done.recipient(1))
    assert done.run("render", key=0).exit_code == exits.CLEAN
    assert done.opened(NOTES, key=1)["stringData"]["RESTIC_PASSWORD"] == VALUES["restic-password"]
    assert [one["recipient"] for one in done.document(NOTES)["sops"]["age"]] == [done.recipient(1)]


def test_a_changed_frame_is_sealed_anew(done: Place) -> None:
    before = done.files()
    done.edit_fleet("ntfy: {", "labels: {team: storage}\nntfy: {")
    assert ("sealed-outdated", NOTES) in done.found()
    kept = done.run("render", key=None)
    assert kept.exit_code == exits.CLEAN
    assert "warning[BG586 sealing-postponed]: 5 Secrets wait to be sealed: there is no key at hand" in kept.stderr
    assert done.files()[NOTES] == before[NOTES]
    assert ("sealed-outdated", NOTES) in done.found()
    assert done.run("render").exit_code == exits.CLEAN
    assert done.document(NOTES)["metadata"]["labels"]["team"] == "storage"
    assert done.opened(NOTES)["stringData"]["RESTIC_PASSWORD"] == VALUES["restic-password"]
    assert done.opened(SERVER)["stringData"] == done.opened(SERVER)["stringData"]
    assert done.found() == []


def test_a_new_target_needs_a_key_only_to_fill_in(done: Place) -> None:
    before, values = done.files(), (done.folder / VALUES_FILE).read_text()
    done.edit_fleet("{DB_PASSWORD: wiki-db}", "{DB_PASSWORD: wiki-db, OTHER_TOKEN: wiki-token}")
    found = json.loads(done.run("check", "--format", "json", key=None).stdout)["findings"]
    (missing,) = [one for one in found if one["slug"] == "value-missing"]
    assert (missing["file"], missing["line"]) == ("fleet.yaml", 22)
    assert missing["message"] == f"there is no value `wiki-token` in `{VALUES_FILE}`"
    refused = done.run("render")
    assert refused.exit_code == exits.FOUND
    assert done.files() == before
    added = done.run("secrets", key=None)
    assert added.stderr.startswith(f"{VALUES_FILE}: added `wiki-token`, not filled in yet\n")
    text = (done.folder / VALUES_FILE).read_text()
    assert text.replace('\n# OTHER_TOKEN of the target `wiki`\nwiki-token: ""\n', "") == values
    assert done.run("render").exit_code == exits.CLEAN  # sops still opens it, and the others stay as they are
    # The overview says whose the values are.
    assert changed(before, done.files()) <= {"wiki/cronjob.backup-wiki.yaml", "_runbooks/README.md"}
    assert ("sealed-keys-differ", WIKI) in done.found()
    done.edit_values({"wiki-token": "t0ken"})
    assert done.run("render").exit_code == exits.CLEAN
    assert done.opened(WIKI)["stringData"].items() >= {"OTHER_TOKEN": "t0ken"}.items()
    assert done.found() == []


def test_a_misspelt_reference_names_the_value_that_is_meant(done: Place) -> None:
    done.edit_fleet("{DB_PASSWORD: wiki-db}", "{DB_PASSWORD: wiki-bd}")
    said = {one["slug"]: one for one in json.loads(done.run("check", "--format", "json").stdout)["findings"]}
    assert said["value-missing"]["message"].endswith("; perhaps `wiki-db` is meant")
    assert said["value-unused"]["message"] == "nothing refers to the value `wiki-db`"
    assert said["value-unused"]["file"] == VALUES_FILE
    lines = (done.folder / VALUES_FILE).read_text().splitlines()
    assert lines[said["value-unused"]["line"] - 1].startswith("wiki-db: ENC[")


def test_a_removed_target_takes_its_secret_along(done: Place) -> None:
    """Its values are still in the values file, so nothing is lost; one that is gone from there stays."""
    done.edit_fleet("  notes: {namespace: notes, ", "  diary: {namespace: notes, ")
    done.edit_fleet("{pvc: notes}, verify: [{dir: notes}]", "{pvc: notes}, verify: [{dir: diary}]")
    assert done.run("render").exit_code == exits.CLEAN
    assert not (done.out / NOTES).exists()
    done.edit_values({"wiki-db": None})
    done.edit_fleet("    credentials: {DB_PASSWORD: wiki-db}\n", "")
    done.edit_fleet("  wiki:\n", "  book:\n")
    done.edit_fleet("{dir: wiki}", "{dir: book}")
    kept = done.run("render")
    assert kept.exit_code == exits.CLEAN
    assert f"= out/{WIKI} (kept: sealed" in kept.stdout
    assert ("out-orphan", WIKI) in done.found()


def test_values_from_the_environment(place: Place) -> None:
    """No values file and no key: enough to seal, not to compare."""
    given = {f"BACKUPGEN_VALUE_{name.upper().replace('-', '_')}": value for name, value in VALUES.items()}
    assert place.run("render", key=None, env=given).exit_code == exits.CLEAN
    assert place.opened(WIKI)["stringData"]["DB_PASSWORD"] == VALUES["wiki-db"]
    assert place.found() == [("sealed-from-environment", "out")]
    before = place.files()
    assert place.run("render", key=None).exit_code == exits.CLEAN
    assert place.files() == before
    assert place.run("render", key=0, env=given).exit_code == exits.CLEAN
    assert place.files() == before
    other = given | {"BACKUPGEN_VALUE_WIKI_DB": "5678"}
    status = place.run("secrets", "status", env=other)
    assert status.exit_code == exits.FOUND
    assert (
        "error[BG587 sealed-different]: this Secret holds other values than those that it is to be sealed from: "
        in status.stderr
    )
    assert "5678" not in status.stderr + status.stdout
    assert place.run("render", key=None, env=other).exit_code == exits.CLEAN
    assert db_password(place) == NEW
    stray = place.run("check", env={"BACKUPGEN_VALUE_WIKI_BD": "5678"})
    assert "the environment gives `BACKUPGEN_VALUE_WIKI_BD`, and nothing in fleet.yaml refers to it" in stray.stdout


def test_a_single_value_from_the_environment_overrides_the_file(done: Place) -> None:
    before = done.files()
    assert done.run("render", env={"BACKUPGEN_VALUE_WIKI_DB": VALUES["wiki-db"]}).exit_code == exits.CLEAN
    assert changed(before, done.files()) == set()
    assert done.run("render", env={"BACKUPGEN_VALUE_WIKI_DB": "5678"}).exit_code == exits.CLEAN
    assert db_password(done) == NEW
    assert done.found() == [("sealed-from-environment", "out")]
    assert done.run("render").exit_code == exits.CLEAN  # and back to the file's
    assert done.opened(WIKI)["stringData"]["DB_PASSWORD"] == VALUES["wiki-db"]
    assert done.found() == []


def tampered_byte(place: Place) -> None:
    place.write(
        NOTES,
        re.sub(
            r"(RESTIC_PASSWORD: ENC\[AES256_GCM,data:)(.)",
            lambda m: m[1] + ("A" if m[2] != "A" else "B"),
            place.text(NOTES),
        ),
    )


def renamed_key(place: Place) -> None:
    place.write(NOTES, place.text(NOTES).replace("    RESTIC_PASSWORD:", "    RESTIC_PASSWORT:"))


def renamed_field(place: Place) -> None:
    """What sops' own seal does not cover."""
    place.write(NOTES, place.text(NOTES).replace("    namespace: notes", "    generateName: notes"))


def other_recipient(place: Place) -> None:
    place.write(NOTES, place.text(NOTES).replace(place.recipient(0), place.recipient(1)))


def plain_value(place: Place) -> None:
    place.write(NOTES, re.sub("RESTIC_PASSWORD: ENC.*", "RESTIC_PASSWORD: canary", place.text(NOTES)))


def other_rule(place: Place) -> None:
    place.write(
        NOTES, place.text(NOTES).replace("encrypted_regex: ^(data|stringData)$", "encrypted_regex: ^stringData$")
    )


@pytest.mark.parametrize(
    ("tamper", "slugs", "at_rendering"),
    [
        (tampered_byte, {"sealed-changed"}, "sealed-damaged"),
        (renamed_key, {"sealed-changed", "sealed-keys-differ"}, "sealed-damaged"),
        (renamed_field, {"sealed-changed", "sealed-outdated"}, ""),
        (other_recipient, {"sealed-changed", "sealed-for-others"}, ""),
        (plain_value, {"sealed-changed", "secret-in-plaintext"}, "sealed-damaged"),
        (other_rule, {"sealed-changed", "sealed-for-others"}, ""),
    ],
)
def test_tampering_is_seen_without_a_key(
    done: Place, tamper: Callable[[Place], None], slugs: set[str], at_rendering: str
) -> None:
    right = done.files()
    tamper(done)
    before = done.files()
    assert changed(right, before) == {NOTES}
    assert set(done.found()) == {(slug, NOTES) for slug in slugs}
    check = done.run("check", key=None)
    assert check.exit_code == exits.FOUND
    assert "canary" not in check.stdout
    rendered = done.run("render")
    if at_rendering:
        assert rendered.exit_code == exits.FOUND
        assert f" {at_rendering}]: " in rendered.stderr
        assert "canary" not in rendered.stderr
        assert done.files() == before
        (done.out / NOTES).unlink()
        rendered = done.run("render")
    assert rendered.exit_code == exits.CLEAN
    assert done.found() == []
    assert done.opened(NOTES)["stringData"]["RESTIC_PASSWORD"] == VALUES["restic-password"]


def test_a_secret_sealed_by_hand(place: Place) -> None:
    """It is taken over if it holds the right values, and never overwritten if it holds others."""
    place.run("render", key=None)
    filled = place.text(WIKI)
    for name, value in VALUES.items():
        filled = filled.replace(f'"<backupgen value: {name}>"', json.dumps(value))
    config: list[str | Path] = ["--config", place.out / ".sops.yaml"]
    place.write(WIKI, place.sops(*config, "encrypt", "--filename-override", "x.enc.yaml", given=filled))
    assert place.found() == [("secrets-unsealed", "out")]
    assert place.run("secrets").exit_code == exits.CLEAN
    place.edit_values(VALUES | {"wiki-db": "another"})
    assert ("sealed-changed", WIKI) in place.found()
    before = place.files()
    refused = place.run("render")
    assert refused.exit_code == exits.FOUND
    assert "error[BG587 sealed-different]: this Secret holds other values" in refused.stderr
    assert "`DB_PASSWORD`" in refused.stderr
    assert "another" not in refused.stderr
    assert place.files() == before
    place.edit_values({"wiki-db": VALUES["wiki-db"]})
    assert place.run("render").exit_code == exits.CLEAN
    assert place.files()[WIKI] == before[WIKI]
    assert place.found() == []


def test_a_secret_filled_in_by_hand_is_not_overwritten(done: Place) -> None:
    (done.out / NOTES).unlink()
    done.run("render", key=None)
    done.write(NOTES, done.text(NOTES).replace("<backupgen value: restic-password>", "canary"))
    assert ("out-edited", NOTES) in done.found()
    before = done.files()
    refused = done.run("render")
    assert refused.exit_code == exits.FOUND
    assert "error[BG552 out-edited]" in refused.stderr
    assert "canary" not in refused.stderr
    assert done.files() == before


@pytest.mark.parametrize("command", [["render"], ["secrets", "seal"], ["secrets", "edit"]])
@pytest.mark.parametrize("missing", [True, False])
def test_without_sops_or_with_an_old_one(done: Place, command: list[str], *, missing: bool, tmp_path: Path) -> None:
    """Rendering goes on, with what is sealed; sealing and editing say what is missing."""
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    if not missing:
        old = bin_ / "sops"
        old.write_text("#!/bin/sh\necho 'sops 3.8.1 (latest)'\n")
        old.chmod(0o755)
    done.edit_fleet("ntfy: {", "labels: {team: storage}\nntfy: {")
    said = "sops is not installed, or not on PATH" if missing else "the installed sops is 3.8.1, expected 3.10 or later"
    before = done.files()
    run = done.run(*command, env={"PATH": str(bin_), "EDITOR": "true"})
    assert said in run.stderr
    if command == ["render"]:
        assert run.exit_code == exits.CLEAN
        assert "warning[BG586 sealing-postponed]: 5 Secrets wait to be sealed" in run.stderr
        assert {path: done.files()[path] for path in SECRETS} == {path: before[path] for path in SECRETS}
    else:
        assert run.exit_code == exits.FOUND
        assert "error[BG582 sops-unavailable]" in run.stderr
        assert "next line" not in run.stderr
        assert done.files() == before


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("", "there is no key at hand that opens this file"),
        ("other", "the key at hand is none of those that this file is sealed for"),
        ("nowhere", "the file that should hold the key cannot be read, or holds none"),
    ],
)
def test_without_the_key(done: Place, key: str, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    place = {"": {}, "other": {"SOPS_AGE_KEY_FILE": str(done.keys[1])}, "nowhere": {"SOPS_AGE_KEY_FILE": "nowhere"}}
    done.edit_values({"wiki-db": "5678"})
    before = done.files()
    sealed = done.run("secrets", "seal", key=None, env=place[key])
    assert sealed.exit_code == exits.FOUND
    assert sealed.stderr.count("error[BG583 no-key]") == 1
    assert said in sealed.stderr
    assert done.files() == before
    rendered = done.run("render", key=None, env=place[key])
    assert rendered.exit_code == exits.CLEAN
    assert f"1 Secret waits to be sealed: {said}" in rendered.stderr
    status = done.run("secrets", "status", key=None, env=place[key])
    assert f"not compared with a key: {said}" in status.stdout
    assert done.files() == before


OWN_RULES = {
    "none": ("", "there is no .sops.yaml in `out` or above it"),
    "no yaml": ("creation_rules: [\n", "this is no YAML"),
    "no rules": ("a: b\n", "this has no `creation_rules`"),
    "no match": ("creation_rules: [{path_regex: other, age: RECIPIENT}]\n", "no rule matches `out/backup/"),
    "no recipient": (
        r"creation_rules: [{path_regex: \.enc\.yaml$, encrypted_regex: '^(data|stringData)$'}]",
        "names no recipient",
    ),
    "half": ("creation_rules: [{age: RECIPIENT, encrypted_regex: ^data$}]", "leaves `stringData` in plaintext"),
    "everything": ("creation_rules: [{age: RECIPIENT}]", "encrypts `apiVersion`, which has to stay readable"),
    "suffix": (
        "creation_rules: [{age: RECIPIENT, encrypted_suffix: _x}]",
        "leaves `data` and `stringData` in plaintext",
    ),
    "expression": ("creation_rules: [{age: RECIPIENT, encrypted_regex: '('}]", "is not a regular expression"),
    "bad recipient": (
        "creation_rules: [{age: age1bad, encrypted_regex: '^(data|stringData)$'}]",
        "sops refuses: failed to parse input as Bech32",
    ),
    # Go has no look-ahead: sops encrypts nothing then, and says nothing.
    "go": (
        "creation_rules: [{age: RECIPIENT, encrypted_regex: '^(data|stringData)(?=$)'}]",
        "some of its values are not encrypted",
    ),
}


@pytest.mark.parametrize("name", OWN_RULES)
def test_rules_of_ones_own_that_do_not_fit(place: Place, name: str) -> None:
    text, said = OWN_RULES[name]
    place.edit_fleet(f"sops: {{age: [{place.recipient(0)}]}}\n", "")
    if text:
        (place.folder / ".sops.yaml").write_text(text.replace("RECIPIENT", place.recipient(0)))
    given = {f"BACKUPGEN_VALUE_{name.upper().replace('-', '_')}": f"canary-{value}" for name, value in VALUES.items()}
    done = place.run("render", env=given)
    assert done.exit_code == exits.FOUND
    assert said in done.stderr
    assert "canary" not in done.stderr
    assert not place.out.exists() or list(place.out.iterdir()) == []


def test_rules_of_ones_own(place: Place) -> None:
    """Anchors, groups, a rule for another folder before: as the documentation of sops has them."""
    place.edit_fleet(f"sops: {{age: [{place.recipient(0)}]}}\n", "")
    (place.folder / ".sops.yaml").write_text(
        f"keys:\n  - &one {place.recipient(0)}\n  - &two {place.recipient(1)}\n"
        "creation_rules:\n"
        "  - path_regex: ^elsewhere/\n    age: *two\n"
        "  - path_regex: ^out/.*\\.enc\\.yaml$\n    encrypted_regex: ^(data|stringData)$\n"
        "    mac_only_encrypted: true\n"
        "    key_groups:\n      - age: [*one]\n      - age: [*two]\n    shamir_threshold: 2\n"
        "  - path_regex: ^fleet\\.values\n    age: [*one]\n    unencrypted_regex: ^nothing$\n"
        "stores: {yaml: {indent: 2}}\n"
    )
    one, two = place.keys
    one.write_text(one.read_text() + two.read_text())
    place.sealed()
    assert "\n  name: backup-env-configuration-notes\n" in place.text(NOTES)
    assert place.document(NOTES)["sops"]["mac_only_encrypted"] is True
    assert place.opened(NOTES)["stringData"]["RESTIC_PASSWORD"] == VALUES["restic-password"]
    assert place.found() == []
    before = place.files()
    assert place.run("render").exit_code == exits.CLEAN
    assert place.files() == before
    rules = place.folder / ".sops.yaml"
    rules.write_text(rules.read_text().replace("mac_only_encrypted: true\n", "mac_only_encrypted: false\n"))
    assert set(place.found()) == {("sealed-for-others", path) for path in SECRETS}
    assert place.run("render").exit_code == exits.CLEAN
    assert place.found() == []


def test_the_environment_does_not_choose_the_recipients(place: Place) -> None:
    """sops prefers its variables to its rules."""
    stray = {"SOPS_AGE_RECIPIENTS": place.recipient(1), "SOPS_CONFIG": str(place.folder / "nowhere")}
    assert place.run("secrets", env=stray).exit_code == exits.CLEAN
    place.edit_values(VALUES)
    assert place.run("render", env=stray).exit_code == exits.CLEAN
    assert [one["recipient"] for one in place.document(NOTES)["sops"]["age"]] == [place.recipient(0)]


@pytest.mark.parametrize(
    ("change", "slug", "said"),
    [
        ({"wiki-db": 123}, "value-unusable", "the value `wiki-db` is not text: sops has it as `int`"),
        ({"restic-rest-password": "x" * 73}, "value-unusable", "is longer than 72 bytes"),
        ({"restic-password": "a password\n"}, "value-unusable", "begins or ends with white space"),
        ({"restic-password": " typed"}, "value-unusable", "begins or ends with white space"),
        ({"spare": "x"}, "value-unused", "nothing refers to the value `spare`"),
    ],
)
def test_values_that_cannot_be_used(done: Place, change: dict[str, str | int], slug: str, said: str) -> None:
    before = done.files()
    done.edit_values(change)
    run = done.run("render")
    assert f" {slug}]: " in run.stderr
    assert said in run.stderr
    assert (run.exit_code == exits.CLEAN) == (slug == "value-unused")
    assert done.files() == before


def test_a_values_file_in_plaintext(done: Place) -> None:
    path = done.folder / VALUES_FILE
    right = path.read_text()
    path.write_text(right.replace("\nsops:", "\nmore: canary\nsops:"))
    assert done.found() == [("value-in-plaintext", VALUES_FILE)]
    assert done.messages() == ["the value `more` is not encrypted"]
    path.write_text("restic-password: canary\n")
    assert done.messages() == ["this values file is not encrypted"]
    path.write_text("restic-password: canary\n\tnext: canary\n")
    refused = done.run("render")
    assert refused.exit_code == exits.FOUND
    assert "this values file cannot be read" in refused.stderr
    assert "canary" not in refused.stderr + done.run("check").stdout + done.run("secrets", "status").stderr


def test_a_values_file_that_was_not_committed(done: Place) -> None:
    (done.folder / VALUES_FILE).unlink()
    assert done.found() == [("value-missing", VALUES_FILE)]
    before = done.files()
    assert done.run("render").exit_code == exits.CLEAN
    assert done.files() == before


def test_a_damaged_values_file(done: Place) -> None:
    path = done.folder / VALUES_FILE
    path.write_text(re.sub(r"(wiki-db: ENC\[AES256_GCM,data:)...", r"\1AAA", path.read_text()))
    before = done.files()
    for command in (["render"], ["secrets", "edit"], ["secrets", "seal"]):
        run = done.run(*command)
        assert run.exit_code == exits.FOUND
        assert "error[BG585 sealed-damaged]" in run.stderr
        assert f"--> {VALUES_FILE}" in run.stderr
    assert done.files() == before


SEALED = "'ENC[AES256_GCM,data:x,iv:x,tag:x,type:str]'"


def test_secrets_that_are_not_ours(done: Place) -> None:
    plain = "apiVersion: v1\nkind: Secret\nmetadata: {name: mine}\nstringData: {A: canary}\n"
    done.write("notes/mine.yaml", plain)
    done.write("notes/sealed.enc.yaml", plain.replace("canary", SEALED) + "sops: {mac: x}\n")
    done.write("notes/env.yaml", "spec:\n  env:\n    - name: RESTIC_PASSWORD\n      value: canary\n")
    done.write("notes/map.yaml", "kind: ConfigMap\ndata:\n  RESTIC_PASSWORD: canary\n")
    done.write("notes/key.yaml", "kind: ConfigMap\ndata:\n  key: AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQ\n")
    found = [one for one in done.found() if one[0] != "out-unknown"]
    assert found == [
        ("secret-in-plaintext", "notes/env.yaml"),
        ("secret-in-plaintext", "notes/key.yaml"),
        ("secret-in-plaintext", "notes/map.yaml"),
        ("secret-in-plaintext", "notes/mine.yaml"),
        ("secret-unknown", "notes/sealed.enc.yaml"),
    ]
    done.write("notes/env.yaml", f"# {VALUES['restic-password']}\n")
    status = done.run("secrets", "status")
    assert "the value `restic-password` stands here in plaintext" in status.stderr
    assert VALUES["restic-password"] not in status.stderr


def test_a_value_in_fleet_yaml_stops_the_rendering(done: Place) -> None:
    done.edit_fleet("  wiki:\n", f'  wiki:\n    annotations: {{a.b/c: "{VALUES["restic-password"]}"}}\n')
    before = done.files()
    done.edit_values({"wiki-db": "5678"})
    run = done.run("render")
    assert run.exit_code == exits.FOUND
    assert "the value `restic-password` stands here in plaintext" in run.stderr
    assert done.files() == before


def test_sealing_without_values_says_so(place: Place) -> None:
    run = place.run("secrets", "seal")
    assert (run.exit_code, run.stdout) == (exits.FOUND, "")
    assert f"there is no `{VALUES_FILE}`, and no value in the environment" in run.stderr
    assert not place.out.exists()


def test_a_dry_run_seals_and_writes_nothing(done: Place) -> None:
    done.edit_values({"wiki-db": "5678"})
    before = done.files()
    dry = done.run("render", "--dry-run")
    assert dry.exit_code == exits.CLEAN
    assert f"+ out/{WIKI}\nout: 1 would be written" in dry.stdout
    assert done.files() == before


def test_gnupg(place: Place, tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    gpg, home = tool("gpg"), place.folder / "gnupg"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("GNUPGHOME", str(home))
    make = ["--batch", "--passphrase", "", "--quick-gen-key", "backup@example.org", "default", "default", "never"]
    subprocess.run([gpg, *make], capture_output=True, check=True)
    listed = subprocess.run([gpg, "--with-colons", "-K"], capture_output=True, text=True, check=True).stdout
    (fingerprint, *_) = (line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr:"))
    try:
        place.edit_fleet(f"sops: {{age: [{place.recipient(0)}]}}", f"sops: {{pgp: ['{fingerprint}']}}")
        place.sealed()
        assert [one["fp"] for one in place.document(NOTES)["sops"]["pgp"]] == [fingerprint]
        assert place.found() == []
        before = place.files()
        assert place.run("render", key=None).exit_code == exits.CLEAN
        place.edit_values({"wiki-db": "5678"})
        assert place.run("render", key=None).exit_code == exits.CLEAN
        assert changed(before, place.files()) == {WIKI}
        monkeypatch.setenv("GNUPGHOME", str(place.folder))
        place.edit_fleet("ntfy: {", "labels: {team: storage}\nntfy: {")
        assert "error[BG583 no-key]" in place.run("secrets", "seal", key=None).stderr
    finally:
        subprocess.run(["gpgconf", "--kill", "all"], env={**os.environ, "GNUPGHOME": str(home)}, check=False)


def test_ctrl_c_while_sealing(done: Place, tmp_path: Path) -> None:
    """Nothing is written, and no sops goes on."""
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    slow, ready = bin_ / "sops", tmp_path / "ready"
    slow.write_text(
        f"#!/bin/sh\ncase $* in *version*) echo sops 3.11.0; exit;; esac\necho $$ >>{ready}\nexec sleep 600\n"
    )
    slow.chmod(0o755)
    done.edit_fleet("ntfy: {", "labels: {team: storage}\nntfy: {")
    before = done.files()
    environment = {**os.environ, "PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}"}
    environment["PYTHONPATH"] = str(Path(__file__).resolve().parent.parent)
    command = [
        sys.executable,
        "-c",
        "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from backupgen.cli import main\nmain()",
        "render",
    ]
    with subprocess.Popen(
        command, cwd=done.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as run:
        while not ready.exists() or not ready.read_text().endswith("\n"):
            assert run.poll() is None
        run.send_signal(2)
        _, err = run.communicate()
    assert run.returncode == exits.INTERRUPTED
    assert b"interrupted" in err
    assert done.files() == before
    for pid in ready.read_text().split():
        assert not Path("/proc", pid).exists() or "sleep" not in Path("/proc", pid, "cmdline").read_text()
