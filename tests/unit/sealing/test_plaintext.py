"""Secrets and keys in files that backupgen did not write are found, in whatever form they are."""

import time

import pytest

from backupgen.sealing.plaintext_leaks import check_texts, check_unknown
from backupgen.source import decode_any

AGE = "AGE-SECRET-KEY-1" + "Q" * 58
PLAIN = "apiVersion: v1\nkind: Secret\nstringData:\n  a: b\n"
SECRETS = {
    "a.json": '{"apiVersion":"v1","kind":"Secret","data":{"a":"eA=="}}',
    "pretty.yml": '{\n  "kind":\n    "Secret",\n  "data": {"a": "b"}\n}',
    "flow.yaml": "{apiVersion: v1, kind: Secret, stringData: {a: b}}",
    "tag.yaml": "kind: !!str Secret\nstringData: {a: b}\n",
    "anchor.yaml": "kind: &a Secret\nstringData: {a: b}\n",
    "alias.yaml": "x: &k Secret\ny: {kind: *k, data: {a: b}}\n",
    "escaped.json": '{"kind":"\\u0053ecret","data":{"a":"b"}}',
    "folded.yaml": "kind: >-\n  Secret\ndata: {a: b}\n",
    "list.yaml": "kind: List\nitems:\n- kind: Secret\n  data: {a: b}\n",
    "second.yaml": "a: 1\n---\nkind: Secret\ndata: {a: b}\n",
    "forged.yaml": "kind: Secret\ndata: {a: b}\nsops: {mac: x}\n",
    "custom.yaml": "kind: Secret\nstringData: !mine {a: b}\n",
    "page.md": "# How\n\n```yaml\nkind: Secret\nstringData:\n  a: b: c: [\n```\n",
    "UP.YAML": PLAIN,
    "x.yaml.bak": PLAIN,
    "x.yaml~": PLAIN,
    "cr.yaml": PLAIN.replace("\n", "\r"),
    "crlf.yaml": PLAIN.replace("\n", "\r\n"),
    ".env": "RESTIC_PASSWORD=hunter2\n",
    "x.env": "# mine\nexport AWS_SECRET_ACCESS_KEY='abc'\n",
}
KEYS = [
    AGE, AGE.lower(), f"# created\n{AGE}\n", "-----BEGIN OPENSSH PRIVATE KEY-----\nx", "-----BEGIN EC PRIVATE KEY-----",
    "-----BEGIN PGP PRIVATE KEY BLOCK-----", "-----BEGIN PRIVATE KEY-----", "PuTTY-User-Key-File-3: ssh-ed25519",
]  # fmt: skip
NONE = {
    "store.yaml": "kind: SecretStore\n",
    "uses.yaml": "kind: Deployment\nspec: {from: Secret}\n",
    "readme": "what kind: Secret is\n",
    "env.sh": "RESTIC_PASSWORD=$1\n",
    "empty.env": "RESTIC_PASSWORD=\nTOKEN=$OTHER\n",
}
SEALED = "kind: Secret\nstringData: {a: 'ENC[AES256_GCM,data:x]', b: ''}\nsops: {mac: 'ENC[x]'}\n"
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]


def codes(path: str, raw: bytes) -> list[str]:
    files = {path: decode_any(raw)}
    return [found.info.code for found in (*check_unknown("out", files), *check_texts("out", files, {}))]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("path", SECRETS)
def test_a_plaintext_secret_is_found(path: str, encoding: str) -> None:
    assert codes(path, SECRETS[path].encode(encoding)) == ["BG576"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("key", KEYS)
def test_a_private_key_is_found(key: str, encoding: str) -> None:
    assert codes("any", key.encode(encoding)) == ["BG576"]


@pytest.mark.parametrize("path", NONE)
def test_what_is_neither_is_left_alone(path: str) -> None:
    assert codes(path, NONE[path].encode()) == []


def test_a_sealed_one_is_told_from_a_plain_one() -> None:
    assert codes("a.yaml", SEALED.encode()) == ["BG577"]
    assert codes("a.yaml", f"{SEALED}---\n{PLAIN}".encode()) == ["BG576"]


@pytest.mark.parametrize("text", ["[" * 200_000 + "Secret", "kind: Secret\n" * 20_000, "{" * 499 + "kind: Secret"])
def test_no_text_takes_long(text: str) -> None:
    started = time.process_time()
    codes("a.yaml", text.encode())
    assert time.process_time() - started < 5
