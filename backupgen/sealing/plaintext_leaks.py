"""Credentials that stand somewhere in the tree without encryption."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from backupgen.diagnostics import Finding, Span, Spot
from backupgen.plan.facts.access import Secret
from backupgen.sealing import codes
from backupgen.source.foreign import Found, find_kind

_PRIVATE_KEY: Final = re.compile(
    r"AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]{20}|age-secret-key-(?:pq-)?1[0-9a-z]{20}"
    r"|-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File-[0-9]+:"
)
_KEY_WORDS: Final = ("SECRET-KEY-", "secret-key-", "PRIVATE KEY", "PuTTY-User-Key-File-")
_SECRET: Final = re.compile(r"""["']?kind["']?\s*:\s*(?:[!&]\S*\s+)*["']?Secret["']?\s*(?:[,}#]|$)""", re.MULTILINE)
"""In a text that is no YAML: a page with an example, a file that was cut."""
_DATA: Final = re.compile(r"""["']?(?:stringData|data)["']?\s*:""")
_KIND: Final = "Secret"
_ESCAPES: Final = ("\\u", "\\x", "\\U")
_ENVIRONMENT: Final = re.compile(
    r"^[ \t]*(?:export[ \t]+)?(?P<name>\w*(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDS|CREDENTIAL|_KEY|_PWD)\w*)="
    r"[\"']?[^\s\"'$]",
    re.MULTILINE | re.IGNORECASE,
)
"""A line of a `.env` file, which gives a variable a value."""
_CODE: Final = (".sh", ".bash", ".md", ".py", ".tf", ".go", ".js", ".ts")
"""Where such lines are a program's own."""
_CREDENTIAL: Final = re.compile(r"PASSWORD|SECRET|TOKEN|CREDS|_KEY$")
_COMMON: Final = re.compile(r".{0,7}|[a-z]{0,11}|[A-Z]{0,11}", re.DOTALL)
"""Short values and single words are found everywhere: in scripts, in the names of things."""


def check_unknown(out: str, unknown: Mapping[str, str]) -> Iterator[Finding]:
    """Find the Secrets in files of out/ that backupgen did not write (path below it -> text)."""
    for path, text in sorted(unknown.items()):
        found = _secret(text)
        if found is not None and found.sealed:
            message = "this Secret was not written by backupgen: nothing checks it"
            spot = _at(f"{out}/{path}", found.line, found.column)
            yield Finding(codes.SECRET_UNKNOWN, message, spot, codes.SECRET_UNKNOWN.help)
        elif found is not None:
            message = "this Secret is not encrypted, and backupgen did not write it"
            spot = _at(f"{out}/{path}", found.line, found.column)
            yield Finding(codes.SECRET_IN_PLAINTEXT, message, spot, codes.SECRET_IN_PLAINTEXT.help)
        elif not path.endswith(_CODE) and (given := _ENVIRONMENT.search(text)):
            message, spot = f"`{given['name'][:60]}` has a value here", _spot(f"{out}/{path}", text, given)
            yield Finding(codes.SECRET_IN_PLAINTEXT, message, spot, codes.SECRET_IN_PLAINTEXT.help)


def _secret(text: str) -> Found | None:
    """The first Secret of a text, one in plaintext before one that is sealed."""
    if _KIND not in text and not any(escape in text for escape in _ESCAPES):
        return None
    read = find_kind(text, _KIND)
    if read:
        return min(read, key=lambda one: (one.sealed, one.line))
    match = _SECRET.search(text) if read is None and _DATA.search(text) else None
    if match is None:
        return None
    line = text.count("\n", 0, match.start()) + 1
    return Found(line, match.start() - (text.rfind("\n", 0, match.start()) + 1) + 1, sealed=False)


def _at(file: str, line: int, column: int) -> Spot:
    return Spot(file=file, span=Span(line, column, line, column))


def check_texts(out: str, files: Mapping[str, str], secrets: Mapping[str, Secret]) -> Iterator[Finding]:
    """Find what looks like a credential in files of out/: private keys, variables of Secrets with a value."""
    names = {key.key for secret in secrets.values() for key in secret.keys}
    variables = sorted(name for name in names if _CREDENTIAL.search(name))
    given = _given(variables) if variables else None
    for path, text in sorted(files.items()):
        # Nearly every file lacks the words themselves, and to look for a word is some thirty times faster.
        if any(word in text for word in _KEY_WORDS) and (found := _PRIVATE_KEY.search(text)):
            message, spot = "this is a private key", _spot(f"{out}/{path}", text, found)
            yield Finding(codes.SECRET_IN_PLAINTEXT, message, spot, codes.SECRET_IN_PLAINTEXT.help)
        if given is None or path in secrets or not any(name in text for name in variables):
            continue
        if found := given.search(text):
            message = f"`{found['a'] or found['b']}` has a value here, outside of a Secret"
            spot = _spot(f"{out}/{path}", text, found)
            yield Finding(codes.SECRET_IN_PLAINTEXT, message, spot, codes.SECRET_IN_PLAINTEXT.help)


def _given(variables: Iterable[str]) -> re.Pattern[str]:
    """An environment variable with a `value`, or a key with one. A runbook refers to a Secret's: `{{.data.KEY}}`."""
    names = "|".join(map(re.escape, variables))
    item = rf"""^\s*-?\s*name:\s*["']?(?P<a>{names})["']?\s*\n\s*value:\s*\S"""
    entry = rf"""^\s*["']?(?P<b>{names})["']?:[ \t]+(?!["']?(?:<backupgen |ENC\[|{{{{\.data\.\w+}}}}$))\S"""
    return re.compile(f"{item}|{entry}", re.MULTILINE)


def check_plain(
    values: Mapping[str, str], files: Mapping[str, str], secrets: Mapping[str, Secret]
) -> Iterator[Finding]:
    """Find the values themselves in files (name for findings -> text), where they are known. They are never shown.

    User names and the like are no secrets, and may stand anywhere.
    """
    guarded = {
        name
        for secret in secrets.values()
        for key in secret.keys
        if not isinstance(key.source, str) or _CREDENTIAL.search(key.key)
        for name in key.values
    }
    telling = {name: values[name] for name in sorted(guarded & values.keys()) if not _COMMON.fullmatch(values[name])}
    for file, text in files.items():
        for name, value in telling.items():
            if value in text:
                message = f"the value `{name}` stands here in plaintext"
                yield Finding(codes.SECRET_IN_PLAINTEXT, message, Spot(file=file), codes.SECRET_IN_PLAINTEXT.help)


def _spot(file: str, text: str, found: re.Match[str]) -> Spot:
    # The match may begin with the ends of the lines before.
    at = found.start() + len(found[0]) - len(found[0].lstrip())
    line = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    return Spot(file=file, span=Span(line, column, line, column))
