"""The flags of `restic backup`, restic 0.17 to 0.19: whether restic takes an argument, and what it would change.

restic reads its arguments with pflag: `--flag=value`, `--flag value`, bundled short flags (`-xf`), and a short one with
its value (`-ghost`, `-g=host`). Nothing may be abbreviated. An argument that leaves its value to the next one would
swallow what the job's script says there.
"""

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Final, NamedTuple

Judge = Callable[[str], str]
"""Why restic would refuse a value; empty: it would not."""


class Flag(NamedTuple):
    """A flag of restic's."""

    value: Judge | None
    """None: a switch."""
    place: str | None
    """Where fleet.yaml says it; empty: nowhere, since the script depends on it. None: `backup_args` is the place."""
    short: str = ""


class Argument(NamedTuple):
    """What is to be said of an argument."""

    error: str
    help: str = ""


def _any(value: str) -> str:
    return "" if value else "it has no value"


def _switch(value: str) -> str:
    return "" if re.fullmatch("1|0|t|f|T|F|true|false|TRUE|FALSE|True|False", value) else "expected `true` or `false`"


def _number(value: str) -> str:
    good = re.fullmatch("[0-9]{1,9}", value) and not re.fullmatch("0[0-9]+", value)
    return "" if good else "expected a number"


def _pack_size(value: str) -> str:
    good = not _number(value) and (value == "0" or 4 <= int(value) <= 128)
    return "" if good else "expected MiB from `4` to `128`"


def _grouping(value: str) -> str:
    good = all(part in {"", "host", "hosts", "path", "paths", "tag", "tags"} for part in value.split(","))
    return "" if good else "expected `host`, `paths` or `tags`, separated by commas"


def _bytes(value: str) -> str:
    good = re.fullmatch("[0-9]{1,12}[bBkKmMgGtT]?", value)
    return "" if good else "expected a size such as `500M` or `2G`"


def _compression(value: str) -> str:
    return "" if value in {"auto", "off", "max", "fastest", "better"} else "expected `auto`, `off` or `max`"


_HERE: Final = None
_NOWHERE: Final = ""
FLAGS: Final[Mapping[str, Flag]] = {
    "exclude-caches": Flag(None, _HERE),
    "exclude-file": Flag(_any, _HERE),
    "exclude-if-present": Flag(_any, _HERE),
    "exclude-larger-than": Flag(_bytes, _HERE),
    "force": Flag(None, _HERE, "f"),
    "group-by": Flag(_grouping, _HERE, "g"),
    "iexclude-file": Flag(_any, _HERE),
    "ignore-ctime": Flag(None, _HERE),
    "ignore-inode": Flag(None, _HERE),
    "no-scan": Flag(None, _HERE),
    "one-file-system": Flag(None, _HERE, "x"),
    "parent": Flag(_any, _HERE),
    "read-concurrency": Flag(_number, _HERE),
    "verbose": Flag(None, _HERE, "v"),
    "with-atime": Flag(None, _HERE),
    # They are global, but only what is written heeds them.
    "compression": Flag(_compression, _HERE),
    "no-extra-verify": Flag(None, _HERE),
    "pack-size": Flag(_pack_size, _HERE),
    # What the fleet says elsewhere.
    "dry-run": Flag(None, "suspend", "n"),
    "exclude": Flag(_any, "exclude", "e"),
    "files-from": Flag(_any, "volumes"),
    "files-from-raw": Flag(_any, "volumes"),
    "files-from-verbatim": Flag(_any, "volumes"),
    "host": Flag(_any, "hostname", "H"),
    "iexclude": Flag(_any, "exclude"),
    "stdin": Flag(None, "dump"),
    "stdin-filename": Flag(_any, "dump.file"),
    "stdin-from-command": Flag(None, "dump"),
    "tag": Flag(_any, "tag"),
    "repo": Flag(_any, "repository", "r"),
    "repository-file": Flag(_any, "repository"),
    "retry-lock": Flag(_any, "repository.lock_wait"),
    "password-command": Flag(_any, "repository.credentials"),
    "password-file": Flag(_any, "repository.credentials", "p"),
    "insecure-no-password": Flag(None, "repository.credentials"),
    "cache-dir": Flag(_any, "cache"),
    "no-cache": Flag(None, "cache"),
    "cleanup-cache": Flag(None, "cache"),
    # What the scripts read from restic's output, or rest on.
    "help": Flag(None, _NOWHERE, "h"),
    "json": Flag(None, _NOWHERE),
    "quiet": Flag(None, _NOWHERE, "q"),
    "no-lock": Flag(None, _NOWHERE),
    "skip-if-unchanged": Flag(None, _NOWHERE),
    "time": Flag(_any, _NOWHERE),
    # How the repository is reached: it would hold for one of the job's commands only.
    "cacert": Flag(_any, _NOWHERE),
    "http-user-agent": Flag(_any, _NOWHERE),
    "insecure-tls": Flag(None, _NOWHERE),
    "key-hint": Flag(_any, _NOWHERE),
    "limit-download": Flag(_number, _NOWHERE),
    "limit-upload": Flag(_number, _NOWHERE),
    "option": Flag(_any, _NOWHERE, "o"),
    "stuck-request-timeout": Flag(_any, _NOWHERE),
    "tls-client-cert": Flag(_any, _NOWHERE),
}
"""Every flag of `restic backup`, global ones included."""
_CONNECTION: Final = frozenset(
    {"cacert", "http-user-agent", "insecure-tls", "key-hint", "limit-download", "limit-upload", "option",
     "stuck-request-timeout", "tls-client-cert"}
)  # fmt: skip
_SHORT: Final = {flag.short: name for name, flag in FLAGS.items() if flag.short}
_TOGETHER: Final = "write a flag and its value as one item, joined by `=`"


def judge_argument(argument: str) -> Argument | None:
    """Judge an item of `backup_args`; None: restic takes it, and it changes nothing that the fleet says elsewhere."""
    if argument in {"-", "--"} or not argument.startswith("-"):
        message = "is not a flag, expected one such as `--one-file-system` or `--compression=max`"
        return Argument(message, _TOGETHER)
    if argument.startswith("--"):
        name, equals, value = argument[2:].partition("=")
        return _judge(name, f"--{name}", value if equals else None)
    return _short(argument[1:])


def _short(letters: str) -> Argument | None:
    while letters:
        name, rest = _SHORT.get(letters[0], ""), letters[1:]
        shown = f"-{letters[0]}"
        if rest.startswith("=") and len(rest) > 1:
            return _judge(name, shown, rest[1:])
        if name and FLAGS[name].value is not None:
            return _judge(name, shown, rest or None)
        if found := _judge(name, shown, None):
            return found
        letters = rest
    return None


def _judge(name: str, shown: str, value: str | None) -> Argument | None:
    flag = FLAGS.get(name)
    if flag is None:
        near = get_close_matches(name, FLAGS, 1) if len(name) < 60 else []
        return Argument(f"`{shown[:60]}` is not a flag of restic", f"did you mean `--{near[0]}`?" if near else "")
    if flag.place is not None:
        return Argument(f"`{shown}` is set by the compiler", _belongs(name, flag.place))
    if value is None:
        return None if flag.value is None else Argument(f"`{shown}` has no value", _TOGETHER)
    error = (flag.value or (_number if name == "verbose" else _switch))(value)
    return Argument(f"restic would refuse the value of `{shown}`: {error}") if error else None


def _belongs(name: str, place: str) -> str:
    if place:
        return f"write it as `{place}`"
    if name in _CONNECTION:
        return "leave it out: it would hold for `restic backup` alone, not for what the job asks before and after it"
    return "leave it out: the job's script rests on it"
