"""Credentials in plaintext are found, and what only looks like one is not."""

import pytest

from backupgen.plan.facts.access import HtpasswdUser, Secret, SecretKey
from backupgen.plan.facts.manifest import Meta
from backupgen.sealing.compose import compose, unusable
from backupgen.sealing.plaintext_leaks import check_plain, check_texts, check_unknown
from backupgen.sealing.references import secrets_of
from tests.compiled import FLEETS, compiled

META = Meta("x", "ns", {})
SECRET = Secret(META, (SecretKey("RESTIC_PASSWORD", "restic-password"), SecretKey("RESTIC_REST_USERNAME", "rest-user")))
SECRETS = {"ns/secret.x.enc.yaml": SECRET}


def found(text: str, path: str = "ns/a.yaml") -> list[tuple[str, int]]:
    return [
        (finding.message, finding.spot.span.line if finding.spot.span else 0)
        for finding in check_texts("out", {path: text}, SECRETS)
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("env:\n  - name: RESTIC_PASSWORD\n    value: x\n", 2),
        ("env:\n  - name: 'RESTIC_PASSWORD'\n    value: |\n      x\n", 2),
        ("data:\n  RESTIC_PASSWORD: x\n", 2),
        ('data:\n  "RESTIC_PASSWORD": x\n', 2),
        ("data:\n  RESTIC_PASSWORD: {{.data.RESTIC_PASSWORD}}x\n", 2),
    ],
)
def test_a_credential_with_a_value(text: str, line: int) -> None:
    assert found(text) == [("`RESTIC_PASSWORD` has a value here, outside of a Secret", line)]
    assert found(text, "ns/secret.x.enc.yaml") == []


@pytest.mark.parametrize(
    "text",
    [
        "env:\n  - name: RESTIC_PASSWORD\n    valueFrom: {secretKeyRef: {key: RESTIC_PASSWORD}}\n",
        "env:\n  - name: RESTIC_REST_USERNAME\n    value: backup\n",
        "env:\n  - name: RESTIC_PASSWORD_FILE\n    value: /x\n",
        "data:\n  RESTIC_PASSWORD: <backupgen value: restic-password>\n",
        "data:\n  RESTIC_PASSWORD: 'ENC[x]'\n",
        "data:\n  RESTIC_PASSWORD: {{.data.MIRROR_RESTIC_PASSWORD}}\n",
        "run: |\n  export RESTIC_PASSWORD=x\n",
        "RESTIC_PASSWORD:\n  - x\n",
    ],
)
def test_what_is_no_credential(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "a: AGE-SECRET-KEY-1" + "Q" * 58,
        "a: |\n  -----BEGIN PGP PRIVATE KEY BLOCK-----",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
    ],
)
def test_private_keys(text: str) -> None:
    assert [message for message, _ in found(text)] == ["this is a private key"]
    assert [message for message, _ in found(text, "ns/secret.x.enc.yaml")] == ["this is a private key"]


@pytest.mark.parametrize("name", FLEETS)
def test_no_rendered_file_looks_like_one(name: str) -> None:
    """Nor does any with common words for passwords."""
    fleet = compiled(name)
    secrets = secrets_of(fleet.plan)
    assert list(check_texts("out", fleet.manifests.files, secrets)) == []
    names = [value for secret in secrets.values() for key in secret.keys for value in key.values]
    for word in ("password", "backup", "secret", "RESTIC", "snapshots"):
        assert list(check_plain(dict.fromkeys(names, word), fleet.manifests.files, secrets)) == []


def test_values_themselves() -> None:
    values = {"restic-password": "corr3ct horse", "rest-user": "corr3ct user", "other": "corr3ct other"}
    files = {"a": "x corr3ct horse y", "b": "corr3ct user, corr3ct other"}
    (finding,) = check_plain(values, files, SECRETS)
    assert (finding.spot.file, finding.message) == ("a", "the value `restic-password` stands here in plaintext")


@pytest.mark.parametrize(
    ("text", "slugs"),
    [
        ("kind: Secret\nstringData: {}\n", ["secret-in-plaintext"]),
        ("kind: ConfigMap\n---\nkind: 'Secret' # x\n", ["secret-in-plaintext"]),
        ("kind: List\nitems:\n  - kind: Secret\n", ["secret-in-plaintext"]),
        ("kind: Secret\nsops: {}\n", ["secret-unknown"]),
        ("kind: SecretStore\n", []),
        ("kind: ConfigMap\ndata: {a: 'kind: Secret'}\n", []),
    ],
)
def test_secrets_in_files_of_somebody_else(text: str, slugs: list[str]) -> None:
    assert [finding.info.slug for finding in check_unknown("out", {"ns/a.yaml": text})] == slugs


class Backwards:
    """A hasher that tests can read."""

    def hash(self, password: str) -> str:
        return f"new-{password[::-1]}"

    def verify(self, password: str, hashed: str) -> bool:
        return hashed.endswith(password[::-1])


USERS = Secret(
    META, (SecretKey("users", (HtpasswdUser("anna", "a"), HtpasswdUser("bert", "b"))), SecretKey("PLAIN", "a"))
)


def test_a_hash_that_fits_is_kept() -> None:
    composed = compose(
        USERS, {"a": "abc", "b": "xyz"}, {"users": "anna:old-cba\nbert:old-other\ncarl:c\n"}, Backwards()
    )
    assert composed == {"users": "anna:old-cba\nbert:new-zyx\n", "PLAIN": "abc"}
    assert compose(USERS, {"a": "a", "b": "b"}, {"users": None}, Backwards())["users"] == "anna:new-a\nbert:new-b\n"


def test_what_cannot_be_hashed() -> None:
    assert unusable({"x": USERS}, {"a": "ä" * 36, "b": "b" * 72}) == {}
    assert list(unusable({"x": USERS}, {"a": "ä" * 37, "b": "b\0"})) == ["b", "a"]
    assert list(unusable({"x": USERS}, {"a": "a", "b": "b\udcff"})) == ["b"]
