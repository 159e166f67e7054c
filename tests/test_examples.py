"""The examples of the catalogue tell the truth: what is called bad yields its code, and what is called good does not.

What a fragment of fleet.yaml cannot show (files, templates, values, keys) is done here as the example says it: a
scenario makes what is bad and yields the command that tells of it, then mends it and yields the command that does not.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from backupgen.adapters.shell import syntax_error
from backupgen.audit import CODES as AUDIT_CODES
from backupgen.diagnostics import CodeInfo, Severity
from backupgen.pipeline import CATALOGUE, CompileContext
from backupgen.source import CODES as SOURCE_CODES
from backupgen.source import read_document
from tests.examples import embedded, is_fragment
from tests.judging import judged, lines_of
from tests.sealing import NOTES, VALUES, VALUES_FILE, WIKI, Place

NOW = CompileContext(since=1_800_000_000, shell=syntax_error)
"""January 2027: some waivers have expired."""
BY_CODE = {info.code: info for info in CATALOGUE}


@dataclass(frozen=True)
class Command:
    arguments: tuple[str, ...]
    key: int | None = 0
    env: dict[str, str] = field(default_factory=dict)


CHECK = Command(("check",), key=None)
RENDER = Command(("render",))
SEAL = Command(("secrets", "seal"))
STATUS = Command(("secrets", "status"))
Scenario = Callable[[Place], Iterator[Command]]
SCENARIOS: dict[str, Scenario] = {}


def shows(code: str) -> Callable[[Scenario], Scenario]:
    def register(scenario: Scenario) -> Scenario:
        assert code not in SCENARIOS
        SCENARIOS[code] = scenario
        return scenario

    return register


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("sealed"), keys=2).sealed()


@pytest.fixture
def place(finished: Place, tmp_path: Path) -> Place:
    """A folder with a fleet that is rendered and sealed."""
    shutil.copytree(finished.folder, tmp_path, dirs_exist_ok=True)
    copy = object.__new__(Place)
    copy.folder, copy.out, copy.editor = tmp_path, tmp_path / "out", tmp_path / "editor"
    copy.keys = [tmp_path / key.name for key in finished.keys]
    return copy


def test_every_code_has_examples_that_are_executed() -> None:
    sources = {info.code for info in SOURCE_CODES} - SCENARIOS.keys()
    fragments = {info.code for info in CATALOGUE if is_fragment(info)}
    assert fragments.isdisjoint(SCENARIOS)
    trees = {info.code for info in AUDIT_CODES}
    assert sources | fragments | trees | SCENARIOS.keys() == BY_CODE.keys()


@pytest.mark.parametrize("info", [info for info in CATALOGUE if is_fragment(info)], ids=lambda info: info.code)
def test_a_fragment_in_a_healthy_fleet(info: CodeInfo) -> None:
    assert info.code in {finding.info.code for finding in judged(embedded(info.bad), NOW)}
    good = judged(embedded(info.good), NOW)
    said = [line for finding, line in zip(good, lines_of(good), strict=True) if finding.severity is Severity.ERROR]
    assert said == []
    assert info.code not in {finding.info.code for finding in good}


@pytest.mark.parametrize("info", SOURCE_CODES, ids=lambda info: info.code)
def test_a_whole_file(info: CodeInfo) -> None:
    if info.code in SCENARIOS:
        return
    assert {finding.info.code for finding in read_document(info.bad.encode(), "f").findings} == {info.code}
    assert read_document(info.good.encode(), "f").findings == ()


@pytest.mark.parametrize("code", SCENARIOS)
def test_a_scenario(code: str, place: Place) -> None:
    found = [
        f"[{code} {BY_CODE[code].slug}]" in (done.stdout + done.stderr)
        for command in SCENARIOS[code](place)
        for done in [place.run(*command.arguments, key=command.key, env=command.env)]
    ]
    assert found == [True, False]


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@shows("BG103")
def not_utf_8(place: Place) -> Iterator[Command]:
    for text, encoding in ((BY_CODE["BG103"].bad, "iso-8859-1"), (BY_CODE["BG103"].good, "utf-8")):
        write(place.folder / "fleet.yaml", text.encode(encoding))
        yield CHECK


def flags(code: str) -> Scenario:
    """Both examples are a command."""

    def scenario(_: Place) -> Iterator[Command]:
        for text in (BY_CODE[code].bad, BY_CODE[code].good):
            yield example(text)

    return scenario


shows("BG113")(flags("BG113"))


def example(text: str) -> Command:
    """The command in the first line of an example: `# backupgen render --out apps, where …`."""
    found = re.match(r"# backupgen ([^,\n]*)", text)
    assert found
    return Command(tuple(found[1].split()))


def templates(code: str) -> Scenario:
    """Both examples are files, `# PATH` first."""

    def scenario(place: Place) -> Iterator[Command]:
        for text in (BY_CODE[code].bad, BY_CODE[code].good):
            shutil.rmtree(place.folder / "templates", ignore_errors=True)
            path, _, content = text.partition("\n")
            write(place.folder / path.split()[1], content or '{% extends "builtin/cronjob.yaml.j2" %}\n')
            yield Command(("check", "--templates", "templates"))

    return scenario


for _code in ("BG501", "BG502", "BG504", "BG507"):
    shows(_code)(templates(_code))


@shows("BG503")
def unreadable_template(place: Place) -> Iterator[Command]:
    write(place.folder / "templates" / "cronjob.yaml.j2", '{% extends "builtin/cronjob.yaml.j2" %}\n')
    yield from flags("BG503")(place)


@shows("BG508")
def own_script(place: Place) -> Iterator[Command]:
    path, _, content = BY_CODE["BG508"].bad.partition("\n")
    write(place.folder / path.split()[1], content)
    yield Command(("check", "--templates", "templates"))
    yield CHECK


def of_size(size: int) -> Scenario:
    """A pattern makes the CronJob as large as a rule with thousands of targets."""

    def scenario(place: Place) -> Iterator[Command]:
        text = (place.folder / "fleet.yaml").read_text(encoding="utf-8")
        volume = "    volume: {pvc: wiki}\n"
        assert text.count(volume) == 1
        write(place.folder / "fleet.yaml", text.replace(volume, f"{volume}    exclude: [{'x' * size}]\n"))
        yield CHECK
        write(place.folder / "fleet.yaml", text)
        yield CHECK

    return scenario


shows("BG505")(of_size(1_600_000))
shows("BG506")(of_size(300_000))


CRONJOB = "notes/cronjob.backup-notes.yaml"


@shows("BG551")
def out_stale(place: Place) -> Iterator[Command]:
    place.edit_fleet('at: ":20"', 'at: ":25"')
    yield CHECK
    place.run("render")
    yield CHECK


@shows("BG552")
def out_edited(place: Place) -> Iterator[Command]:
    right = place.text(CRONJOB)
    place.write(CRONJOB, right + "  suspend: true\n")
    yield CHECK
    place.write(CRONJOB, right)
    place.edit_fleet("namespace: notes,", "namespace: notes, suspend: true,")
    place.run("render")
    yield CHECK


@shows("BG553")
def out_missing(place: Place) -> Iterator[Command]:
    place.edit_fleet("targets:\n", TARGET)
    yield CHECK
    place.run("render")
    yield CHECK


TARGET = (
    "targets:\n"
    '  emby: {namespace: media, at: ":50", with_pod: {app: emby}, volume: {pvc: emby}, verify: [{dir: emby}]}\n'
)


@shows("BG554")
def out_orphan(place: Place) -> Iterator[Command]:
    place.edit_fleet("targets:\n", TARGET)
    place.run("render")
    place.edit_fleet(TARGET, "targets:\n")
    yield CHECK
    place.run("render")
    yield CHECK


@shows("BG555")
def out_unknown(place: Place) -> Iterator[Command]:
    path = write(place.out / "media" / "my-own.yaml", "kind: ConfigMap\n")
    yield CHECK
    (place.folder / "apps").mkdir()
    path.rename(place.folder / "apps" / "my-own.yaml")
    yield CHECK


@shows("BG556")
def out_foreign(place: Place) -> Iterator[Command]:
    write(place.folder / "apps" / "notes" / "kustomization.yaml", "resources: []\n")
    yield from flags("BG556")(place)


@shows("BG557")
def out_symlink(place: Place) -> Iterator[Command]:
    folder = place.out / "notes"
    folder.rename(place.folder / "elsewhere")
    folder.symlink_to(place.folder / "elsewhere")
    yield CHECK
    folder.unlink()
    (place.folder / "elsewhere").rename(folder)
    yield CHECK


@shows("BG558")
def out_unreadable(place: Place) -> Iterator[Command]:
    right = place.text(CRONJOB)
    write(place.out / CRONJOB, right.encode("utf-16"))
    yield CHECK
    place.write(CRONJOB, right)
    yield CHECK


@shows("BG559")
def inventory_damaged(place: Place) -> Iterator[Command]:
    path = place.out / ".backupgen-inventory.json"
    write(path, "<<<<<<<\n" + path.read_text())
    yield CHECK
    path.unlink()
    place.run("render")
    yield CHECK


@shows("BG560")
def out_not_writable(place: Place) -> Iterator[Command]:
    # A folder that belongs to somebody else stops everybody but root; /proc stops root too.
    elsewhere = Command(("render", "--out", "elsewhere/out"), key=None)
    (place.folder / VALUES_FILE).unlink()
    (place.folder / "elsewhere").symlink_to("/proc")
    yield elsewhere
    (place.folder / "elsewhere").unlink()
    yield elsewhere


@shows("BG561")
def sealed_keys_differ(place: Place) -> Iterator[Command]:
    place.edit_fleet("credentials: {DB_PASSWORD: wiki-db}", "credentials: {DB_PASSWORD: wiki-db, DB_TOKEN: wiki-db}")
    yield CHECK
    place.run("render")
    yield CHECK


@shows("BG562")
def revision_unreadable(place: Place) -> Iterator[Command]:
    identity = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    for arguments in (
        ["init", "--quiet"],
        ["add", "fleet.yaml", "out"],
        ["-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "--quiet", "--message", "x"],
        ["update-ref", "refs/remotes/origin/main", "HEAD"],
    ):
        subprocess.run(["git", *arguments], cwd=place.folder, check=True, env={**os.environ, **identity})
    yield from flags("BG562")(place)


@shows("BG563")
def secrets_unsealed(place: Place) -> Iterator[Command]:
    shutil.rmtree(place.out)
    (place.folder / VALUES_FILE).rename(place.folder / "away")
    place.run("render", key=None)
    yield CHECK
    (place.folder / "away").rename(place.folder / VALUES_FILE)
    place.run("render")
    yield CHECK


@shows("BG571")
def value_missing(place: Place) -> Iterator[Command]:
    place.edit_fleet("DB_PASSWORD: wiki-db", "DB_PASSWORD: wiki-bd")
    yield CHECK
    place.edit_fleet("DB_PASSWORD: wiki-bd", "DB_PASSWORD: wiki-db")
    yield CHECK


def values(bad: dict[str, str | int | None], good: dict[str, str | int | None], command: Command = CHECK) -> Scenario:
    """Both are changes to the values file, by its editor."""

    def scenario(place: Place) -> Iterator[Command]:
        for change in (bad, good):
            place.edit_values(change)
            yield command

    return scenario


shows("BG572")(values({"restic-pasword": "x"}, {"restic-pasword": None}))
shows("BG573")(values({"restic-password": ""}, {"restic-password": "correct horse"}))
shows("BG574")(values({"restic-password": 123}, {"restic-password": "0123"}, RENDER))


def in_file(name: str, pattern: str, by: "str | Callable[[re.Match[str]], str]") -> Scenario:
    """A file is changed by hand, and then as it was."""

    def scenario(place: Place) -> Iterator[Command]:
        path = place.folder / name
        right = path.read_text(encoding="utf-8")
        changed = re.sub(pattern, by, right, count=1)
        assert changed != right
        write(path, changed)
        yield CHECK
        write(path, right)
        yield CHECK

    return scenario


shows("BG575")(in_file(VALUES_FILE, "restic-password: ENC.*", "restic-password: correct horse"))
shows("BG576")(in_file(f"out/{NOTES}", "RESTIC_PASSWORD: ENC.*", "RESTIC_PASSWORD: correct horse"))
shows("BG580")(in_file(f"out/{NOTES}", "data:(.)", lambda found: f"data:{'A' if found[1] != 'A' else 'B'}"))


@shows("BG577")
def secret_unknown(place: Place) -> Iterator[Command]:
    path = write(place.out / "media" / "my-own.enc.yaml", "kind: Secret\nsops: {}\n")
    yield CHECK
    path.rename(place.folder / "my-own.enc.yaml")
    yield CHECK


@shows("BG578")
def sealed_for_others(place: Place) -> Iterator[Command]:
    place.edit_fleet(place.recipient(0), f"{place.recipient(0)}, {place.recipient(1)}")
    place.run("render", key=None)
    yield CHECK
    place.run("render")
    place.sops("--config", "out/.sops.yaml", "updatekeys", "--yes", VALUES_FILE)
    yield CHECK


@shows("BG579")
def sealed_outdated(place: Place) -> Iterator[Command]:
    place.edit_values({"wiki-db": "5678"})
    yield CHECK
    place.run("render")
    yield CHECK


def own_rules(bad: str, good: str) -> Scenario:
    """Both are a .sops.yaml."""

    def scenario(place: Place) -> Iterator[Command]:
        place.edit_fleet(f"sops: {{age: [{place.recipient(0)}]}}\n", "")
        shutil.rmtree(place.out)
        given = {f"BACKUPGEN_VALUE_{name.upper().replace('-', '_')}": value for name, value in VALUES.items()}
        (place.folder / VALUES_FILE).unlink()
        for text in (bad, good):
            age = "" if "age:" in text else f"    age: {place.recipient(0)}\n"
            write(place.folder / ".sops.yaml", text.rstrip("\n") + "\n" + age)
            yield Command(("render",), env=given)

    return scenario


shows("BG581")(own_rules(BY_CODE["BG581"].bad, BY_CODE["BG581"].good))
shows("BG584")(own_rules(BY_CODE["BG584"].bad, BY_CODE["BG584"].good))


@shows("BG582")
def sops_unavailable(place: Place) -> Iterator[Command]:
    place.edit_values({"wiki-db": "5678"})
    version = BY_CODE["BG582"].bad.removeprefix("# ").strip()
    old = write(place.folder / "bin" / "sops", f"#!/bin/sh\necho '{version} (latest)'\n")
    old.chmod(0o755)
    yield Command(SEAL.arguments, env={"PATH": str(old.parent)})
    yield SEAL


@shows("BG583")
def no_key(place: Place) -> Iterator[Command]:
    place.edit_values({"wiki-db": "5678"})
    yield Command(SEAL.arguments, key=1)
    yield SEAL


@shows("BG585")
def sealed_damaged(place: Place) -> Iterator[Command]:
    place.write(NOTES, place.text(NOTES).replace("    RESTIC_PASSWORD:", "    RESTIC_PASSWORT:"))
    yield RENDER
    (place.out / NOTES).unlink()
    yield RENDER


@shows("BG586")
def sealing_postponed(place: Place) -> Iterator[Command]:
    place.edit_values({"wiki-db": "5678"})
    yield Command(("render",), key=None, env={"HOME": str(place.folder), "XDG_CONFIG_HOME": str(place.folder)})
    yield RENDER


@shows("BG587")
def sealed_different(place: Place) -> Iterator[Command]:
    filled = place.opened(WIKI)["stringData"]
    (place.out / WIKI).unlink()
    (place.folder / VALUES_FILE).rename(place.folder / "away")
    place.run("render", key=None)
    text = place.text(WIKI)
    for key in filled:
        text = re.sub(f'{key}: "<.*>"', f"{key}: sealed by hand", text)
    place.write(
        WIKI, place.sops("--config", "out/.sops.yaml", "encrypt", "--filename-override", "x.enc.yaml", given=text)
    )
    (place.folder / "away").rename(place.folder / VALUES_FILE)
    yield RENDER
    (place.out / WIKI).unlink()
    yield RENDER


@shows("BG588")
def sealed_from_environment(place: Place) -> Iterator[Command]:
    place.run("render", env={"BACKUPGEN_VALUE_RESTIC_PASSWORD": "another"})
    yield CHECK
    place.run("render")
    yield CHECK
