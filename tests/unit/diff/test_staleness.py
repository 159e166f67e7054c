"""What `check` says about out/."""

import pytest

from backupgen.diff.inventory import Inventory, fingerprint
from backupgen.diff.staleness import OutTree, staleness

PLANNED = {"a.yaml": "a: 1\n", "ns/b.yaml": "b: 1\n"}
SEALED_FILE = "ns/secret.x.enc.yaml"


def listed(files: dict[str, str]) -> dict[str, str]:
    return {path: fingerprint(text.encode()) for path, text in files.items()}


def slugs(planned: dict[str, str], tree: OutTree) -> list[tuple[str, str | None]]:
    return [(finding.info.slug, finding.spot.file) for finding in staleness(planned, tree)]


def tree(files: dict[str, str], written: dict[str, str] | None = None, **more: object) -> OutTree:
    return OutTree("out", files, Inventory(listed(files if written is None else written)), **more)  # type: ignore[arg-type]


def test_nothing_is_said_of_what_is_up_to_date() -> None:
    assert staleness(PLANNED, tree(PLANNED)) == ()
    assert staleness({}, tree({})) == ()


@pytest.mark.parametrize(
    ("files", "written", "expected"),
    [
        ({"a.yaml": "a: 0\n"}, {"a.yaml": "a: 0\n"}, [("out-stale", "out/a.yaml"), ("out-missing", "out/ns/b.yaml")]),
        (PLANNED | {"a.yaml": "a: x\n"}, PLANNED, [("out-edited", "out/a.yaml")]),
        (PLANNED | {"a.yaml": "a: x\n"}, {"ns/b.yaml": "b: 1\n"}, [("out-foreign", "out/a.yaml")]),
        (PLANNED | {"o.yaml": "o"}, PLANNED | {"o.yaml": "o"}, [("out-orphan", "out/o.yaml")]),
        (PLANNED, {"a.yaml": "a: 1\n"}, [("out-stale", "out/.backupgen-inventory.json")]),
        (PLANNED, PLANNED | {"gone.yaml": ""}, [("out-stale", "out/.backupgen-inventory.json")]),
        ({}, {}, [("out-missing", "out")]),
    ],
)
def test_what_is_not(files: dict[str, str], written: dict[str, str], expected: list[tuple[str, str]]) -> None:
    assert slugs(PLANNED, tree(files, written)) == expected


def test_an_interrupted_run_is_to_be_finished() -> None:
    pending = Inventory(listed(PLANNED), {"a.yaml": fingerprint(b"a: 1\n")})
    assert slugs(PLANNED, OutTree("out", PLANNED, pending)) == [("out-stale", "out/.backupgen-inventory.json")]
    half = Inventory(listed(PLANNED | {"a.yaml": "a: 0\n"}), {"a.yaml": fingerprint(b"a: 1\n")})
    assert slugs(PLANNED | {"a.yaml": "a: 2\n"}, OutTree("out", PLANNED, half)) == [("out-stale", "out/a.yaml")]


def test_a_file_of_somebody_else_is_a_warning() -> None:
    (finding,) = staleness(PLANNED, tree(PLANNED, unknown={"ns/mine.yaml": ""}))
    assert (finding.info.slug, finding.severity.value, finding.spot.file) == (
        "out-unknown",
        "warning",
        "out/ns/mine.yaml",
    )


def test_what_cannot_be_read_is_not_missing_too() -> None:
    blocked = tree({"a.yaml": "a: 1\n"}, PLANNED, blocked=frozenset({"ns/b.yaml"}))
    assert staleness(PLANNED, blocked) == ()


def secret(*keys: str, sealed: bool = False) -> str:
    lines = [f"    {key}: {'ENC[AES256_GCM,data:Zm9v,type:str]' if sealed else 'REPLACE'}" for key in keys]
    head = ["apiVersion: v1", "kind: Secret", "metadata:", "    name: x", "stringData:", *lines]
    return "\n".join([*head, *(["sops:", "    version: 3.10.2"] if sealed else []), ""])


def test_a_sealed_secret_is_judged_elsewhere() -> None:
    planned = {SEALED_FILE: secret("A", "B")}
    assert staleness(planned, tree({SEALED_FILE: secret("C", sealed=True)}, planned)) == ()


def test_only_a_file_of_secrets_counts_as_sealed() -> None:
    assert slugs({"a.yaml": "a: 1\n"}, tree({"a.yaml": "a: 2\nsops: 1\n"}, {"a.yaml": "a: 1\n"})) == [
        ("out-edited", "out/a.yaml")
    ]


def test_the_remedy_for_an_orphan_fits() -> None:
    """`render` removes only what it wrote."""
    helps = []
    for files, written in [
        ({"o.yaml": "o"}, {"o.yaml": "o"}),
        ({"o.yaml": "edited"}, {"o.yaml": "o"}),
        ({SEALED_FILE: secret("A", sealed=True)}, {SEALED_FILE: secret("A")}),
    ]:
        (finding,) = staleness({}, tree(files, written))
        assert finding.info.slug == "out-orphan"
        helps.append("`backupgen render`" in finding.help)
    assert helps == [True, False, False]
