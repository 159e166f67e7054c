"""The plaintext of a Secret, from its values: made in memory, handed to sops, and nowhere else."""

from collections.abc import Mapping

from backupgen.plan.facts.access import Secret, SecretKey
from backupgen.sealing.sealer import Hasher

LONGEST_HASHED = 72
"""Bytes. bcrypt looks at no more of a password, and Go's own refuses a longer one."""


def compose(secret: Secret, values: Mapping[str, str], present: Mapping[str, object], hasher: Hasher) -> dict[str, str]:
    """Return the keys of a Secret and their plaintexts.

    `values` are the plaintexts by name, `present` what the Secret holds now. A hash that is one of the password already
    is kept: another salt would be another text.
    """
    return {key.key: _text(key, values, present.get(key.key), hasher) for key in secret.keys}


def _text(key: SecretKey, values: Mapping[str, str], present: object, hasher: Hasher) -> str:
    if isinstance(key.source, str):
        return values[key.source]
    pairs = (line.partition(":") for line in str(present or "").splitlines())
    hashes = {user: hashed for user, _, hashed in pairs}
    lines = []
    for user, name in key.source:
        kept = hashes.get(user, "")
        hashed = kept if kept and hasher.verify(values[name], kept) else hasher.hash(values[name])
        lines.append(f"{user}:{hashed}\n")
    return "".join(lines)


def unusable(secrets: Mapping[str, Secret], values: Mapping[str, str]) -> dict[str, str]:
    """Return the values that cannot be what they are needed for, by name, and why; never the value itself."""
    found: dict[str, str] = {}
    for name, value in values.items():
        if not _is_text(value):
            found[name] = "is not text in UTF-8, or holds a NUL, which no environment variable can"
        elif value != value.strip() and "\n" not in value.strip():
            # A key or certificate of many lines ends with one; a password that does is another one when it is typed.
            found[name] = "begins or ends with white space, which is lost when somebody types it from paper"
    for secret in secrets.values():
        for key in secret.keys:
            for name in () if isinstance(key.source, str) else key.values:
                if len(values.get(name, "").encode(errors="replace")) > LONGEST_HASHED:
                    found[name] = f"is longer than {LONGEST_HASHED} bytes, which is all that bcrypt takes"
    return found


def _is_text(value: str) -> bool:
    # Bytes of the environment that are no UTF-8 arrive as lone surrogates.
    return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)
