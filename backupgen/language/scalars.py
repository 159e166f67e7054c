"""The scalar types of fleet.yaml.

Input: the plain values of the document. Output: the same values, parsed where the compiler calculates with them
(durations in seconds, slots as cron expressions). A refusal says what was found and what is
expected; `load` turns it into a finding. Never: a look at other fields.
"""

import re
from collections.abc import Callable
from datetime import date
from ipaddress import ip_network
from typing import Annotated, Any, NamedTuple

from pydantic import Field, PlainValidator, StrictBool, StrictInt, WithJsonSchema
from pydantic_core import PydanticCustomError

from backupgen.conventions.units import (
    IMAGE,
    QUANTITY,
    SHORTEST_GRACE,
    amount,
    format_duration,
    parse_duration,
    quantity_value,
)
from backupgen.integrations.channels import CHANNELS
from backupgen.language import patterns
from backupgen.schedule import Auto, CronExpr, SlotError, ZoneError, load_zone, parse_slot

_CREDENTIALS = {"RESTIC_PASSWORD", "RESTIC_REST_USERNAME", "RESTIC_REST_PASSWORD", "MIRROR_RESTIC_PASSWORD"}
_OWN_VARIABLES = {"PATH", "HOME", "TMPDIR", "PLAN", "PRE_HOOK", "POST_HOOK", "LD_PRELOAD", "LD_LIBRARY_PATH"}
SET_VARIABLES = frozenset({
    "BACKUP_DEADLINE", "BACKUP_HOOK_TIMEOUT", "BACKUP_MAX_SHRINK_PERCENT", "BACKUP_SENTINELS", "HOME",
    "MIRROR_DESTINATION", "MIRROR_METHOD", "MIRROR_READ_OFFSET", "MIRROR_READ_PARTS", "MIRROR_READ_SCHEDULE",
    "MIRROR_REPOSITORY_ID", "MIRROR_RESTIC_REPOSITORY", "MIRROR_SOURCE", "POST_HOOK", "PRE_HOOK", "PUSHGATEWAY_ENABLED",
    "PUSHGATEWAY_URL", "RCLONE_CONFIG_MIRROR_ENDPOINT", "RCLONE_CONFIG_MIRROR_ENV_AUTH",
    "RCLONE_CONFIG_MIRROR_PROVIDER", "RCLONE_CONFIG_MIRROR_TYPE", "RESTIC_CACHE_DIR", "RESTIC_CHECK_AFTER_BACKUP",
    "RESTIC_HOSTNAME", "RESTIC_LOCK_WAIT", "RESTIC_REPOSITORY", "RESTIC_REPOSITORY_ID",
    "RESTIC_RETENTION_POLICIES_ENABLED", "RESTIC_WITHOUT_LOCK", "RESTORE_DIR", "RESTORE_ROOM_BYTES", "TMPDIR",
    *(name for kind in CHANNELS for name in (kind.switch, *kind.variables)),
})  # fmt: skip
"""The variables that some job gets from the compiler. Others that begin alike are read by restic, rclone, a script."""
OWN_PREFIXES = (
    "RESTIC_", "BACKUP_", "RESTORE_", "MIRROR_", *(kind.prefix for kind in CHANNELS), "PUSHGATEWAY_",
    "RCLONE_CONFIG_MIRROR_", "KEEP_",
)  # fmt: skip
_LONG = re.compile("`([^`]{81,})`")
"""What a message repeats and nobody would read to its end."""
LARGEST = 2**63
"""Kubernetes keeps quantities in 64 bits, and shells count in as many."""
_DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_DNS_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?")
_QUALIFIED_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_TAG = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_TOPIC = re.compile(r"[-_A-Za-z0-9]{1,64}")
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LABEL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CIDR = re.compile(r"[0-9A-Fa-f:.]+/[0-9]{1,3}")
_REPOSITORY_ID = re.compile(r"[0-9a-f]{64}")
_KEEP_WITHIN = re.compile(r"(?=.)(?:([1-9][0-9]{0,3})y)?(?:([1-9][0-9]{0,3})mo)?(?:([1-9][0-9]{0,3})d)?")
_PERCENT = re.compile(r"([1-9][0-9]?|100)%")
_DAYS = re.compile(r"[1-9][0-9]{0,2}d")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PART = re.compile(r"1/([1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-6])")
_KUBERNETES = re.compile(r"v?1\.([1-9][0-9]?)(?:\.[0-9]{1,3}(?:[-+][-+.0-9A-Za-z]{1,40})?)?")
_HOUR_RANGE = re.compile(r"([01][0-9]|2[0-3]):00-([01][0-9]|2[0-4]):00")
_CLAIM_PATTERN = re.compile(r"[-a-z0-9*]+/[-a-z0-9.*]+")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


RefusedError = PydanticCustomError
"""What a reader raises for a value that it does not take; `context` has the `message` and the `hint`."""


def refuse(message: str, hint: str = "") -> PydanticCustomError:
    """The error of a scalar type: `message` for the finding, `hint` for its help."""
    said = _LONG.sub(lambda match: f"`{match[1][:57]}...`", message)
    return PydanticCustomError("fleet_value", "{message}", {"message": said, "hint": hint})


def shown(value: object) -> str:
    """A scalar as a message quotes it: as YAML writes it, at most 60 characters."""
    match value:
        case bool():
            written = str(value).lower()
        case int() if value.bit_length() > 200:
            written = hex(value)
        case _:
            written = str(value)
    return written if len(written) <= 60 else f"{written[:57]}..."


def _string(value: object, expected: str) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        raise refuse(f"there is no value here, expected {expected}")
    # In quotes, `true` would still be no duration.
    helps = isinstance(value, int | float) and (expected == "text" or not isinstance(value, bool))
    raise refuse(f"expected {expected}, found {described(value)}", "write it in quotes" if helps else "")


def described(value: object) -> str:
    """A value of the document, of any kind, as a message names it."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"the boolean `{shown(value)}`"
        case int() | float():
            return f"the number `{shown(value)}`"
        case str():
            return f"`{shown(value)}`"
        case _:
            kind = "mapping" if isinstance(value, dict) else "list"
            return f"a {kind}" if value else f"an empty {kind}"


def text(value: object) -> str:
    """Any text without control characters other than tab and line feed: Kubernetes and the shell can carry it."""
    value = _string(value, "text")
    if bad := _CONTROL.search(value):
        raise refuse(f"the text holds the control character U+{ord(bad[0]):04X}, which no manifest can carry")
    return value


def one_line(value: object) -> str:
    """Text of one line that is not empty."""
    value = text(value)
    if not value.strip() or "\n" in value:
        raise refuse("expected one line of text that is not empty")
    return value


def duration(value: object) -> int:
    """`9m`, `2h`, `540s`, `1h30m` -> seconds."""
    expected = "a duration such as `540s`, `9m`, `2h` or `1h30m`"
    if isinstance(value, int) and not isinstance(value, bool):
        hint = f"write `{value}s` for seconds, `{value}m` for minutes" if 0 < value < 10**6 else ""
        raise refuse(f"`{shown(value)}` has no unit, expected {expected}", hint)
    value = _string(value, expected)
    seconds = parse_duration(value)
    if seconds is None:
        raise refuse(f"`{shown(value)}` is no duration, expected {expected}")
    if not 0 < seconds <= 366 * 86400:
        raise refuse(f"`{shown(value)}` is out of range, expected a duration between `1s` and `366d`")
    return seconds


def start_window(value: object) -> int:
    """A duration of at least ten seconds: the CronJob controller looks only every ten (Kubernetes' documentation)."""
    seconds = duration(value)
    if seconds < 10:
        raise refuse(f"`{shown(value)}` is too short, expected at least `10s`: Kubernetes would miss slots")
    return seconds


def deadline(value: object) -> int:
    """A duration in which a job can do anything at all."""
    seconds = duration(value)
    if seconds < 60:
        raise refuse(f"`{value}` is too short for a backup, expected a deadline of at least `1m`")
    return seconds


def grace(value: object) -> int:
    """The time that the scripts need, after SIGTERM, to end restic, remove its lock and report (lib.sh)."""
    seconds = duration(value)
    if seconds < SHORTEST_GRACE:
        message = f"`{value}` is too short to end restic, remove its lock and report"
        raise refuse(f"{message}, expected at least `{format_duration(SHORTEST_GRACE)}`")
    return seconds


def quantity(value: object) -> str:
    """A Kubernetes quantity (k8s.io/apimachinery resource.Quantity), without the exponent form."""
    expected = "a Kubernetes quantity such as `500Mi`, `20Gi` or `100m`"
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**15:
        return str(value)
    value = _string(value, expected)
    if not QUANTITY.fullmatch(value):
        near = value.removesuffix("B").replace("K", "k" if value.endswith("KB") else "K")
        hint = f"write `{near}`" if QUANTITY.fullmatch(near) else ""
        raise refuse(f"`{shown(value)}` is no size, expected {expected}", hint)
    if amount(value) >= LARGEST:
        raise refuse(f"`{shown(value)}` is more than Kubernetes and the scripts can count, expected less than `8Ei`")
    return value


def size(value: object) -> str:
    """A quantity of at least one byte, with its unit where it is written as a number."""
    if isinstance(value, int) and not isinstance(value, bool):
        raise refuse(f"`{shown(value)}` has no unit, expected bytes such as `500Mi` or `20Gi`")
    result = quantity(value)
    if quantity_value(result) < 1 or result.endswith("m"):
        raise refuse(f"`{shown(result)}` is no size, expected bytes such as `500Mi` or `20Gi`")
    return result


def dns_label(value: object) -> str:
    """An RFC 1123 label: a namespace, a Service, part of an object's name."""
    expected = "a name of lower-case letters, digits and `-` (RFC 1123), at most 63 characters"
    value = _string(value, expected)
    if not _DNS_LABEL.fullmatch(value) or len(value) > 63:
        near = re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-")[:63].rstrip("-")
        raise refuse(f"`{shown(value)}` is no name, expected {expected}", f"write `{near}`" if near else "")
    return value


def volume_name(value: object) -> str:
    """An RFC 1123 label that still fits into a label with a prefix."""
    value = dns_label(value)
    if len(value) > 50:
        raise refuse(f"`{shown(value)}` has {len(value)} characters, expected at most 50")
    return value


def _path(value: object) -> str:
    value = text(value)
    if "\n" in value or "\t" in value:
        raise refuse("expected a path without line feeds and tabs")
    return value


def file_name(value: object) -> str:
    """The name of a file in a folder."""
    value = _path(value)
    if not value or "/" in value or value in {".", ".."}:
        raise refuse(f"`{shown(value)}` is no file name, expected one without `/`")
    return value


def dns_subdomain(value: object) -> str:
    """An RFC 1123 subdomain: the name of a claim, a host name."""
    expected = "a name of lower-case letters, digits, `-` and `.` (RFC 1123), at most 253 characters"
    value = _string(value, expected)
    if not _DNS_SUBDOMAIN.fullmatch(value) or len(value) > 253:
        raise refuse(f"`{shown(value)}` is no name, expected {expected}")
    return value


def label_key(value: object) -> str:
    """A qualified name: `name` or `prefix.example.com/name`."""
    value = _string(value, "a label key")
    prefix, slash, name = value.rpartition("/")
    valid = _QUALIFIED_NAME.fullmatch(name) and len(name) <= 63
    if not valid or (slash and (not _DNS_SUBDOMAIN.fullmatch(prefix) or len(prefix) > 253)):
        raise refuse(f"`{shown(value)}` is no label key, expected `name` or `prefix.example.com/name`")
    return value


def label_value(value: object) -> str:
    """A label's value: at most 63 letters, digits, `-`, `_` and `.`."""
    value = _string(value, "a label value")
    if not _LABEL_VALUE.fullmatch(value) or len(value) > 63:
        raise refuse(f"`{shown(value)}` is no label value, expected at most 63 letters, digits, `-`, `_` and `.`")
    return value


def label_name(value: object) -> str:
    """A name of Prometheus, of an alert or of a label: letters, digits and underscores."""
    value = _string(value, "a name such as `team`")
    if not _LABEL_NAME.fullmatch(value) or value.startswith("__"):
        expected = "letters, digits and underscores, the first no digit and not two underscores"
        raise refuse(f"`{shown(value)}` is no name in Prometheus, expected {expected}")
    return value


def tag(value: object) -> str:
    """A snapshot's tag or host. restic splits tags at commas; the Pushgateway puts the host into a URL."""
    value = _string(value, "a tag of letters, digits, `-`, `_` and `.`")
    if not _TAG.fullmatch(value) or len(value) > 63:
        raise refuse(f"`{shown(value)}` is no tag, expected at most 63 letters, digits, `-`, `_` and `.`")
    return value


def topic(value: object) -> str:
    """A topic of ntfy (its server's `topicRegex`)."""
    value = _string(value, "a topic of letters, digits, `-` and `_`")
    if not _TOPIC.fullmatch(value):
        raise refuse(f"`{shown(value)}` is no topic, expected at most 64 letters, digits, `-` and `_`")
    return value


def env_name(value: object) -> str:
    """The name of an environment variable."""
    value = _string(value, "the name of an environment variable")
    if not _ENV_NAME.fullmatch(value):
        raise refuse(f"`{shown(value)}` is no name of an environment variable, expected letters, digits and `_`")
    return value


def cidr(value: object) -> str:
    """A range of addresses as Kubernetes takes it: with the length of its prefix, and without bits beyond it."""
    expected = "a range of addresses such as `192.0.2.0/24`"
    value = _string(value, expected)
    refused = refuse(f"`{shown(value)}` is no range of addresses, expected one such as `192.0.2.0/24`")
    if not _CIDR.fullmatch(value):
        raise refused
    try:
        ip_network(value)
    except ValueError:
        raise refused from None
    return value


def credential_name(value: object) -> str:
    """The name of an environment variable that the fleet may fill from a Secret: none that the compiler sets itself."""
    name = env_name(value)
    if name not in _CREDENTIALS and (name in _OWN_VARIABLES or name.startswith(OWN_PREFIXES)):
        said = "the compiler sets `{}` itself" if name in SET_VARIABLES else "`{}` is a setting of the jobs' programs"
        raise refuse(f"{said.format(name)}, expected the name of a credential")
    return name


def value_name(value: object) -> str:
    """The name of a value: an RFC 1123 label, but not the one under which sops keeps its own entry in a file."""
    name = dns_label(value)
    if name == "sops":
        raise refuse("`sops` is the entry of sops itself in the values file, expected another name")
    return name


def age_recipient(value: object) -> str:
    """An age recipient: a public key. The private one (`AGE-SECRET-KEY-…`) must never come into the output."""
    key = one_line(value)
    if not key.startswith(("age1", "ssh-")) or " PRIVATE " in key:
        raise refuse("this is no age recipient, expected a public key such as `age1…` or `ssh-ed25519 …`")
    return key


def absolute_path(value: object) -> str:
    """An absolute path without `..`, `.` or a trailing slash."""
    value = _path(value)
    if not value.startswith("/") or value != "/" + "/".join(_clean_parts(value)) or ":" in value:
        expected = "`/` and then names without `.`, `..`, `//` or `:`"
        raise refuse(f"`{shown(value)}` is no absolute path, expected {expected}")
    return value


def relative_path(value: object) -> str:
    """A path below a root: no leading slash, no `..`. A lone `.` is the root itself."""
    value = _path(value)
    if value == ".":
        return value
    if not value or value.startswith("/") or value != "/".join(_clean_parts(value)):
        expected = "names separated by `/` without `.`, `..` and a leading `/`"
        raise refuse(f"`{shown(value)}` is no relative path, expected {expected}")
    return value


def volume_pattern(value: object) -> str:
    """A claim as `namespace/name`, or an absolute path; `*` stands for any characters."""
    value = _string(value, "a claim such as `media/cache`, or a folder such as `/vol/media`")
    if value.startswith("/"):
        return absolute_path(value)
    if not _CLAIM_PATTERN.fullmatch(value):
        raise refuse(f"`{shown(value)}` is neither a claim as `namespace/name` nor an absolute path")
    return value


def _clean_parts(value: str) -> list[str]:
    return [part for part in value.strip("/").split("/") if part not in {"", ".", ".."}]


def image(value: object) -> str:
    """A container image: `registry/name:tag@sha256:digest`."""
    expected = "an image such as `registry.example.com/name:tag@sha256:` and 64 hexadecimal digits"
    value = _string(value, expected)
    if not IMAGE.fullmatch(value):
        raise refuse(f"`{shown(value)}` is no image, expected {expected}")
    return value


def repository_id(value: object) -> str:
    """Restic's repository id, as `restic cat config` prints it."""
    value = _string(value, "the repository's id, 64 hexadecimal digits")
    if not _REPOSITORY_ID.fullmatch(value):
        raise refuse(f"`{shown(value)}` is no repository id, expected the 64 hexadecimal digits of `restic cat config`")
    return value


def check_part(value: object) -> int:
    """`1/20` -> 20: how many runs of `restic check` read the whole repository."""
    value = _string(value, "the part of the repository that each run reads, such as `1/20`")
    match = _PART.fullmatch(value)
    if match is None:
        raise refuse(f"`{shown(value)}` is no part, expected `1/` and a number of runs from 1 to 256, restic's limit")
    return int(match[1])


def percent(value: object) -> int:
    """`50%` -> 50, from 1 to 100."""
    expected = "a share such as `50%`"
    if isinstance(value, int) and not isinstance(value, bool):
        hint = f"write `{value}%`" if 0 < value <= 100 else ""
        raise refuse(f"`{shown(value)}` has no unit, expected {expected}", hint)
    match = _PERCENT.fullmatch(_string(value, expected))
    if match is None:
        raise refuse(f"`{shown(value)}` is no share, expected one from `1%` to `100%`")
    return int(match[1])


def days(value: object) -> int:
    """`90d` -> 90."""
    seconds = duration(value)
    if not _DAYS.fullmatch(str(value)):
        raise refuse(f"`{shown(value)}` is no number of days, expected one such as `90d`")
    return seconds // 86400


def day(value: object) -> date:
    """`2027-03-01` -> the day."""
    expected = "a day such as `2027-03-01`"
    value = _string(value, expected)
    try:
        if _DATE.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        raise refuse(f"there is no day `{value}`, expected {expected}") from None
    raise refuse(f"`{shown(value)}` is no day, expected {expected}")


def keep_within(value: object) -> str:
    """`90d`, `6mo`, `1y6mo` -> the duration of `restic forget --keep-within`, in which `m` means months."""
    expected = "a span of days, months and years such as `90d`, `6mo` or `1y6mo`"
    value = _string(value, expected)
    if not _KEEP_WITHIN.fullmatch(value):
        hint = "restic reads `m` as months; write `mo` to make that plain" if value.endswith("m") else ""
        raise refuse(f"`{shown(value)}` is no span, expected {expected}", hint)
    return value.replace("mo", "m")


def kubernetes_version(value: object) -> int:
    """`1.34`, or what `kubectl version` prints, such as `v1.34.2+k3s1` -> 34, the minor."""
    expected = 'a version of Kubernetes such as `"1.34"`'
    match = _KUBERNETES.fullmatch(_string(value, expected))
    if match is None:
        raise refuse(f"`{shown(value)}` is no version, expected {expected}")
    return int(match[1])


def hour_range(value: object) -> int:
    """`12:00-14:00` -> the bit set of the hours 12 and 13."""
    value = _string(value, "a range of whole hours such as `12:00-14:00`")
    match = _HOUR_RANGE.fullmatch(value)
    if match is None:
        expected = "expected one such as `12:00-14:00` or `22:00-02:00`"
        hint = "cron can leave out whole hours only"
        raise refuse(f"`{shown(value)}` is no range of whole hours, {expected}", hint)
    first, end = int(match[1]), int(match[2])
    hours = range(first, end if end > first else end + 24)
    return sum({1 << hour % 24 for hour in hours})


def slot(value: object) -> CronExpr | Auto:
    """When an operation starts. See `backupgen.schedule.parse_slot`."""
    value = _string(value, 'a slot such as `":20"`, `"03:05"`, `"Sun 04:00"`, a cron expression or `auto`')
    try:
        return parse_slot(value)
    except SlotError as error:
        raise refuse(error.message, error.hint) from None


def timezone(value: object) -> str:
    """An IANA time zone that Kubernetes accepts in a CronJob's `timeZone`."""
    value = _string(value, "an IANA time zone such as `Europe/Berlin`")
    try:
        return load_zone(value).name
    except ZoneError as error:
        raise refuse(error.message, error.hint) from None


def _schema(description: str, *examples: str, pattern: str | None = None, longest: int | None = None) -> WithJsonSchema:
    schema: dict[str, Any] = {"type": "string", "description": description}
    if examples:
        schema["examples"] = list(examples)
    if pattern is not None:
        such = f", such as {' or '.join(examples)}" if examples else ""
        schema["pattern"] = f"^(?:{pattern})$"
        schema["patternErrorMessage"] = f"expected {description[0].lower()}{description[1:].rstrip('.')}{such}"
    if longest is not None:
        schema["maxLength"] = longest
    return WithJsonSchema(schema)


class Writer(NamedTuple):
    """How a value of a type is written in fleet.yaml, where a reader made something else of it."""

    write: Callable[[Any], str]


_IN_UNITS = Writer(format_duration)
_IN_PERCENT = Writer("{}%".format)
_IN_MONTHS = Writer(lambda span: str(span).replace("m", "mo"))


_CREDENTIAL_NAME = patterns.env_name(_CREDENTIALS, _OWN_VARIABLES, OWN_PREFIXES)
_QUANTITY_SCHEMA = {
    "type": ["string", "integer"],
    "description": "A Kubernetes quantity.",
    "examples": ["100m", "256Mi", 1],
    "pattern": f"^(?:{patterns.QUANTITY})$",
    "minimum": 1,
    "maximum": 10**15 - 1,
}

Text = Annotated[str, PlainValidator(text), _schema("Text.", pattern=patterns.TEXT)]
Line = Annotated[str, PlainValidator(one_line), _schema("One line of text.", pattern=patterns.LINE)]
Duration = Annotated[
    int,
    PlainValidator(duration),
    _IN_UNITS,
    _schema("A duration.", "540s", "9m", "2h", "1h30m", pattern=patterns.DURATION),
]
StartWindow = Annotated[
    int,
    PlainValidator(start_window),
    _IN_UNITS,
    _schema("A duration of at least 10s.", "2m", pattern=patterns.DURATION),
]
Deadline = Annotated[
    int,
    PlainValidator(deadline),
    _IN_UNITS,
    _schema("A duration of at least 1m.", "9m", "2h", pattern=patterns.DURATION),
]
Grace = Annotated[
    int,
    PlainValidator(grace),
    _IN_UNITS,
    _schema("A duration of at least 2m.", "2m", "5m", pattern=patterns.DURATION),
]
Size = Annotated[
    str, PlainValidator(size), _schema("A Kubernetes quantity of bytes.", "500Mi", "20Gi", pattern=patterns.SIZE)
]
Quantity = Annotated[str, PlainValidator(quantity), WithJsonSchema(_QUANTITY_SCHEMA)]
DnsLabel = Annotated[
    str,
    PlainValidator(dns_label),
    _schema("A name (an RFC 1123 label).", "grafana", pattern=patterns.DNS_LABEL, longest=63),
]
DnsSubdomain = Annotated[
    str,
    PlainValidator(dns_subdomain),
    _schema("A name (an RFC 1123 subdomain).", "data-0", pattern=patterns.DNS_SUBDOMAIN, longest=253),
]
VolumeName = Annotated[
    str,
    PlainValidator(volume_name),
    _schema("A name (an RFC 1123 label).", "data", pattern=patterns.DNS_LABEL, longest=50),
]
FileName = Annotated[str, PlainValidator(file_name), _schema("A file name.", "app.sql", pattern=patterns.FILE_NAME)]
LabelKey = Annotated[
    str,
    PlainValidator(label_key),
    _schema("A label's key.", "team", "example.com/team", pattern=patterns.LABEL_KEY),
]
LabelValue = Annotated[
    str,
    PlainValidator(label_value),
    _schema("A label's value.", "platform", pattern=patterns.LABEL_VALUE, longest=63),
]
Tag = Annotated[str, PlainValidator(tag), _schema("A tag or host name.", "grafana", pattern=patterns.TAG, longest=63)]
LabelName = Annotated[
    str, PlainValidator(label_name), _schema("A name in Prometheus.", "team", pattern=patterns.LABEL_NAME)
]
Topic = Annotated[str, PlainValidator(topic), _schema("A topic of ntfy.", "backup", pattern=_TOPIC.pattern)]
AgeRecipient = Annotated[
    str, PlainValidator(age_recipient), _schema("An age recipient.", "age1…", pattern=patterns.AGE_RECIPIENT)
]
ValueName = Annotated[
    str,
    PlainValidator(value_name),
    _schema("The name of a value.", "wiki-db", pattern=patterns.VALUE_NAME, longest=63),
]
CredentialName = Annotated[
    str,
    PlainValidator(credential_name),
    _schema("The name of an environment variable.", "MYSQL_PWD", pattern=_CREDENTIAL_NAME),
]
Cidr = Annotated[str, PlainValidator(cidr), _schema("A range of addresses.", "192.0.2.0/24", pattern=_CIDR.pattern)]
AbsolutePath = Annotated[
    str, PlainValidator(absolute_path), _schema("An absolute path.", "/vol/data", pattern=patterns.ABSOLUTE_PATH)
]
RelativePath = Annotated[
    str, PlainValidator(relative_path), _schema("A relative path.", "data/library.db", pattern=patterns.RELATIVE_PATH)
]
Image = Annotated[
    str,
    PlainValidator(image),
    _schema("An image by digest.", f"ghcr.io/example/restic:0.19.1@sha256:{'0' * 64}", pattern=patterns.IMAGE),
]
VolumePattern = Annotated[
    str,
    PlainValidator(volume_pattern),
    _schema(
        "A claim as `namespace/name`, or an absolute path.",
        "media/cache",
        "media/*",
        "/vol/films",
        pattern=f"{_CLAIM_PATTERN.pattern}|{patterns.ABSOLUTE_PATH}",
    ),
]
RepositoryId = Annotated[
    str,
    PlainValidator(repository_id),
    _schema("restic's repository id, 64 hexadecimal digits.", pattern=_REPOSITORY_ID.pattern),
]
CheckPart = Annotated[int, PlainValidator(check_part), _schema("A part.", "1/20", pattern=_PART.pattern)]
Percent = Annotated[int, PlainValidator(percent), _IN_PERCENT, _schema("A share.", "50%", pattern=_PERCENT.pattern)]
Days = Annotated[int, PlainValidator(days), _schema("A number of days.", "90d", pattern=patterns.DAYS)]
Day = Annotated[date, PlainValidator(day), _schema("A day.", "2027-03-01", pattern=_DATE.pattern)]
KeepWithin = Annotated[
    str,
    PlainValidator(keep_within),
    _IN_MONTHS,
    _schema("A span of time.", "90d", "1y6mo", pattern=_KEEP_WITHIN.pattern),
]
KubernetesVersion = Annotated[
    int, PlainValidator(kubernetes_version), _schema("A version.", "1.34", "v1.34.2+k3s1", pattern=_KUBERNETES.pattern)
]
HourRange = Annotated[
    int, PlainValidator(hour_range), _schema("A range of hours.", "12:00-14:00", pattern=_HOUR_RANGE.pattern)
]
Timezone = Annotated[str, PlainValidator(timezone), _schema("An IANA time zone.", "Europe/Berlin")]
Slot = Annotated[
    CronExpr | Auto,
    PlainValidator(slot),
    _schema("A slot.", ":20", "03:05", "Sun 04:00", "*/30 * * * *", "auto", pattern=patterns.SLOT),
]
Bool = StrictBool
Count = Annotated[StrictInt, Field(ge=0, le=100)]
Labels = dict[LabelKey, LabelValue]
Selector = Annotated[Labels, Field(min_length=1)]
"""Labels by which pods are found: none at all would be all pods, or nobody."""
Annotations = dict[LabelKey, Text]
