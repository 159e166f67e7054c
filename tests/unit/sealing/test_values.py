"""The values file as text: what is read of it without a key, and how names are added."""

import pytest

from backupgen.diff.inventory import Inventory, InventoryError, dump_inventory, parse_inventory
from backupgen.sealing.references import Reference, references, secrets_of
from backupgen.sealing.seal_record import SealRecord, digest, is_from_environment, key_mark, names_of
from backupgen.sealing.values import Sources, from_environment, new_values, read_values, with_names
from tests.compiled import FLEETS, compiled

CIPHER = "ENC[AES256_GCM,data:Zm9v,iv:aXY=,tag:dGFn,type:str]"
SOPS = "sops:\n    age: []\n    encrypted_regex: ^.\n    version: 3.11.0\n"


def entries(text: str) -> dict[str, str]:
    values = read_values((text + SOPS).encode(), "v.yaml")
    assert values.value is not None, values.findings
    return dict(values.value.digests)


def said(text: str) -> list[tuple[str, str, int | None]]:
    return [
        (finding.info.slug, finding.message, finding.spot.span.line if finding.spot.span else None)
        for finding in read_values(text.encode(), "v.yaml").findings
    ]


def test_what_is_filled_in() -> None:
    assert entries(f'# a\na: {CIPHER}\nb: ""\nc:\n') == {"a": digest(CIPHER), "b": "", "c": ""}
    assert entries("") == {}


@pytest.mark.parametrize(
    ("value", "slug", "message"),
    [
        ("hunter2", "value-in-plaintext", "the value `a` is not encrypted"),
        ("12", "value-in-plaintext", "the value `a` is not encrypted"),
        ("false", "value-in-plaintext", "the value `a` is not encrypted"),
        ("0", "value-in-plaintext", "the value `a` is not encrypted"),
        (CIPHER.replace("str", "int"), "value-unusable", "the value `a` is not text: sops has it as `int`"),
        (CIPHER.replace("str", "float"), "value-unusable", "the value `a` is not text: sops has it as `float`"),
        (f"['{CIPHER}']", "value-unusable", "`a` is not a single value, expected names and their values, flat"),
        (f"{{b: '{CIPHER}'}}", "value-unusable", "`a` is not a single value, expected names and their values, flat"),
        ("ENC[AES256_GCM,data:x]", "value-in-plaintext", "the value `a` is not encrypted"),
        (f"x{CIPHER}", "value-in-plaintext", "the value `a` is not encrypted"),
    ],
)
def test_what_cannot_be_used(value: str, slug: str, message: str) -> None:
    text = f"# a comment\na: {value}\n"
    assert said(text + SOPS) == [(slug, message, 2)]


@pytest.mark.parametrize(
    "text", ["a: hunter2\na: hunter2\n", "a: [hunter2\n", "- hunter2\n", "hunter2\n", "a: &x hunter2\n"]
)
def test_what_is_no_values_file_is_not_quoted(text: str) -> None:
    found = said(text)
    assert found
    assert all("hunter2" not in message for _, message, _ in found)
    values = read_values(text.encode(), "v.yaml")
    assert all("hunter2" not in finding.help for finding in values.findings)


NEEDED = {
    "restic-password": Reference((), "RESTIC_PASSWORD of the repository `main`"),
    "on": Reference((), "odd"),
    "1e3": Reference((), "odd"),
}


def test_a_new_file_names_every_value_and_what_it_is() -> None:
    text = new_values("home", NEEDED)
    assert '\n# RESTIC_PASSWORD of the repository `main`\nrestic-password: ""\n' in text
    assert entries(text) == {"restic-password": "", "on": "", "1e3": ""}


@pytest.mark.parametrize("before", ["", f"# a\na: {CIPHER}\n", f"\n\na: {CIPHER}\n# last\n"])
def test_names_are_added_without_touching_the_rest(before: str) -> None:
    text = with_names(before + SOPS, NEEDED)
    assert text.startswith(before)
    assert text.endswith(SOPS)
    values = read_values(text.encode(), "v.yaml").value
    assert values is not None
    assert list(values.digests) == [*(["a"] if "a:" in before else []), *NEEDED]


def test_where_a_value_comes_from() -> None:
    file = read_values(f'a: {CIPHER}\nb: ""\n{SOPS}'.encode(), "v.yaml").value
    sources = Sources(file, {"b": "x", "c": "y", "d": ""})
    assert [sources.origin(name) for name in "abcd"] == ["file", "environment", "environment", "missing"]
    assert [sources.digest(name) for name in "abcd"] == [digest(CIPHER), "environment", "environment", ""]
    assert Sources(None, {"d": ""}).given is False
    assert from_environment({"BACKUPGEN_VALUE_WIKI_DB": "x", "BACKUPGEN_VALUE_OTHER": "y"}, ["wiki-db"]) == {
        "wiki-db": "x"
    }


@pytest.mark.parametrize("name", FLEETS)
def test_every_value_that_a_secret_needs_has_a_place_in_the_fleet(name: str) -> None:
    fleet = compiled(name)
    secrets = secrets_of(fleet.plan)
    needed = {value for secret in secrets.values() for key in secret.keys for value in key.values}
    found = references(fleet.fleet, secrets)
    assert set(found) == needed
    for reference in found.values():
        span = fleet.document.span(reference.path)
        # A place of its own, and not the nearest thing that exists.
        assert span != fleet.document.span(reference.path[:-1]) or len(reference.path) == 1


def test_marks_name_the_values_and_not_what_they_are() -> None:
    one, two = key_mark(("a",), ("0f",)), key_mark(("a", "b"), ("0f", "1f"))
    assert one == "a 0f"
    assert names_of(two) == ("a", "b")
    assert two != key_mark(("a", "b"), ("1f", "0f"))
    assert is_from_environment(key_mark(("a", "b"), ("0f", "environment")))
    assert not is_from_environment(key_mark(("environment",), ("0f",)))


def test_marks_survive_the_inventory() -> None:
    mark = SealRecord("f1", "r1", "e1", {"A": "a 0f"})
    inventory = Inventory({"x.yaml": "1"}, {}, {"x.yaml": mark}, {"x.yaml": mark._replace(file="f2")})
    assert parse_inventory(dump_inventory(inventory)) == inventory
    assert inventory.marks() == {"x.yaml": (mark, mark._replace(file="f2"))}


@pytest.mark.parametrize(
    "sealed",
    [
        "[]",
        '{"a": 1}',
        '{"a": {"file": "x", "ready": "y", "rule": "z"}}',
        '{"a": {"file": "x", "ready": "y", "keys": {}}}',
        '{"a": {"file": "x", "ready": "y", "rule": "z", "keys": {"A": 1}}}',
    ],
)
def test_a_damaged_mark_is_said(sealed: str) -> None:
    with pytest.raises(InventoryError, match="it does not say"):
        parse_inventory(f'{{"version": 1, "files": {{}}, "sealed": {sealed}}}')
