"""Makes data/repository and data/other: two restic repositories whose key costs nothing to derive.

restic calibrates scrypt to half a second, which every restic command of a test would pay. This takes a repository that
restic made and adds a key file with scrypt's smallest cost; the rest stays restic's own. Run once, by hand, with restic
and openssl on PATH: `python make_repository.py`. The format is restic's doc/design.rst, "Keys, Encryption and MAC".
"""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

OPENS_WITH = "correct horse"
DATA = Path(__file__).parent / "data"


def openssl(cipher: str, key: bytes, data: bytes, *iv: str) -> bytes:
    command = ["openssl", "enc", f"-{cipher}", "-nopad", "-K", key.hex(), *iv]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


def poly1305_aes(k: bytes, r: bytes, nonce: bytes, message: bytes) -> bytes:
    factor = int.from_bytes(r, "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    for start in range(0, len(message), 16):
        block = message[start : start + 16] + b"\x01"
        total = (total + int.from_bytes(block, "little")) * factor % (2**130 - 5)
    pad = int.from_bytes(openssl("aes-128-ecb", k, nonce), "little")
    return ((total + pad) % 2**128).to_bytes(16, "little")


def seal(encrypt: bytes, k: bytes, r: bytes, text: bytes) -> bytes:
    nonce = os.urandom(16)
    sealed = openssl("aes-256-ctr", encrypt, text, "-iv", nonce.hex())
    return nonce + sealed + poly1305_aes(k, r, nonce, sealed)


def sealed(master: dict[str, Any], text: bytes) -> bytes:
    """A file of a repository, for its master key as `restic cat masterkey` prints it."""
    keys = (master["encrypt"], master["mac"]["k"], master["mac"]["r"])
    encrypt, k, r = (base64.b64decode(key) for key in keys)
    return seal(encrypt, k, r, text)


def cheap_key(master: bytes) -> bytes:
    salt = os.urandom(64)
    derived = hashlib.scrypt(OPENS_WITH.encode(), salt=salt, n=2, r=8, p=1, dklen=64)
    data = seal(derived[:32], derived[32:48], derived[48:64], master)
    text = {"created": "2026-01-01T00:00:00Z", "username": "test", "hostname": "test", "kdf": "scrypt", "N": 2, "r": 8}
    text |= {"p": 1, "salt": base64.b64encode(salt).decode(), "data": base64.b64encode(data).decode()}
    return json.dumps(text).encode()


def make(target: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "repository"
        environment = os.environ | {"RESTIC_REPOSITORY": str(made), "RESTIC_PASSWORD": OPENS_WITH, "HOME": folder}
        subprocess.run(["restic", "init", "--quiet"], env=environment, check=True)
        run = subprocess.run(["restic", "cat", "masterkey"], env=environment, check=True, capture_output=True)
        key = cheap_key(json.dumps(json.loads(run.stdout)).encode())
        shutil.rmtree(target, ignore_errors=True)
        (target / "keys").mkdir(parents=True)
        (target / "keys" / hashlib.sha256(key).hexdigest()).write_bytes(key)
        (target / "config").write_bytes((made / "config").read_bytes())


if __name__ == "__main__":
    make(DATA / "repository")
    make(DATA / "other")
