"""The scalar types of fleet.yaml: texts, names and paths here, amounts and times in `amounts`.

Input: the plain values of the document. Output: the same values, parsed where the compiler calculates with them. A
refusal says what was found and what is expected; `load` turns it into a finding. Never: a look at other fields.
"""

import re
from ipaddress import ip_network
from typing import Annotated

from pydantic import Field, StrictBool, StrictInt

from backupgen.integrations.channels import CHANNELS
from backupgen.language import patterns
from backupgen.language.amounts import *  # noqa: F403 (one place for whoever uses the types)
from backupgen.language.forms import Form, matching
from backupgen.language.refusals import refuse, shown, text_of

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
_CIDR = re.compile(r"[0-9A-Fa-f:.]+/[0-9]{1,3}")
_CLAIM_PATTERN = re.compile(r"[-a-z0-9*]+/[-a-z0-9.*]+")
_URL_USER = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<user>[^/@]*)@")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_CREDENTIAL_NAME = patterns.env_name(_CREDENTIALS, _OWN_VARIABLES, OWN_PREFIXES)


def _text(value: object) -> str:
    """Any text without control characters other than tab and line feed: Kubernetes and the shell can carry it."""
    value = text_of(value, "text")
    if bad := _CONTROL.search(value):
        raise refuse(f"the text holds the control character U+{ord(bad[0]):04X}, which no manifest can carry")
    return value


text = Form(_text, "Text.", pattern=patterns.TEXT)
Text = Annotated[str, text]


def _one_line(value: object) -> str:
    """Text of one line that is not empty."""
    value = text(value)
    if not value.strip() or "\n" in value:
        raise refuse("expected one line of text that is not empty")
    return value


one_line = Form(_one_line, "One line of text.", pattern=patterns.LINE)
Line = Annotated[str, one_line]


def _git_url(value: object) -> str:
    """A Git repository's URL without a password: `ssh://git@…` has a user, which is none."""
    value = one_line(value)
    match = _URL_USER.match(value)
    if match is not None and (match["scheme"].lower() in {"http", "https"} or ":" in match["user"]):
        expected = "expected one such as `https://git.example.com/home/cluster.git`; it belongs in a Secret"
        raise refuse(f"a user, password or token stands in the URL, which Git would keep, {expected}")
    return value


git_url = Form(
    _git_url,
    "The URL of a Git repository.",
    ("https://git.example.com/home/cluster.git",),
    pattern=patterns.GIT_URL,
)
GitUrl = Annotated[str, git_url]


def _near_label(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63].rstrip("-")


dns_label = matching(
    patterns.DNS_LABEL,
    "grafana",
    noun="a name",
    expected="a name of lower-case letters, digits and `-` (RFC 1123), at most 63 characters",
    description="A name (an RFC 1123 label).",
    longest=63,
    near=_near_label,
)
"""An RFC 1123 label: a namespace, a Service, part of an object's name."""
DnsLabel = Annotated[str, dns_label]


def _volume_name(value: object) -> str:
    """An RFC 1123 label that still fits into a label with a prefix."""
    value = dns_label(value)
    if len(value) > 50:
        raise refuse(f"`{shown(value)}` has {len(value)} characters, expected at most 50")
    return value


volume_name = Form(_volume_name, "A name (an RFC 1123 label).", ("data",), pattern=patterns.DNS_LABEL, longest=50)
VolumeName = Annotated[str, volume_name]


def _path(value: object) -> str:
    value = text(value)
    if "\n" in value or "\t" in value:
        raise refuse("expected a path without line feeds and tabs")
    return value


def _file_name(value: object) -> str:
    """The name of a file in a folder."""
    value = _path(value)
    if not value or "/" in value or value in {".", ".."}:
        raise refuse(f"`{shown(value)}` is not a file name, expected one without `/`")
    return value


file_name = Form(_file_name, "A file name.", ("app.sql",), pattern=patterns.FILE_NAME)
FileName = Annotated[str, file_name]


dns_subdomain = matching(
    patterns.DNS_SUBDOMAIN,
    "data-0",
    noun="a name",
    expected="a name of lower-case letters, digits, `-` and `.` (RFC 1123), at most 253 characters",
    description="A name (an RFC 1123 subdomain).",
    longest=253,
)
"""An RFC 1123 subdomain: the name of a claim, a host name."""
DnsSubdomain = Annotated[str, dns_subdomain]


label_key = matching(
    patterns.LABEL_KEY,
    "team",
    "example.com/team",
    noun="a label key",
    asked="a label key",
    expected="`name` or `prefix.example.com/name`",
    description="A label's key.",
)
"""A qualified name: `name` or `prefix.example.com/name`."""
LabelKey = Annotated[str, label_key]


label_value = matching(
    patterns.LABEL_VALUE,
    "platform",
    noun="a label value",
    asked="a label value",
    expected="at most 63 letters, digits, `-`, `_` and `.`",
    description="A label's value.",
    longest=63,
)
LabelValue = Annotated[str, label_value]


label_name = matching(
    patterns.LABEL_NAME,
    "team",
    noun="a name in Prometheus",
    asked="a name such as `team`",
    expected="letters, digits and underscores, the first no digit and not two underscores",
    description="A name in Prometheus.",
)
"""A name of Prometheus, of an alert or of a label."""
LabelName = Annotated[str, label_name]


tag = matching(
    patterns.TAG,
    "grafana",
    noun="a tag",
    asked="a tag of letters, digits, `-`, `_` and `.`",
    expected="at most 63 letters, digits, `-`, `_` and `.`",
    description="A tag or host name.",
    longest=63,
)
"""A snapshot's tag or host. restic splits tags at commas; the Pushgateway puts the host into a URL."""
Tag = Annotated[str, tag]


topic = matching(
    patterns.TOPIC,
    "backup",
    noun="a topic",
    asked="a topic of letters, digits, `-` and `_`",
    expected="at most 64 letters, digits, `-` and `_`",
    description="A topic of ntfy.",
)
"""A topic of ntfy (its server's `topicRegex`)."""
Topic = Annotated[str, topic]


env_name = matching(
    patterns.ENV_NAME,
    noun="the name of an environment variable",
    asked="the name of an environment variable",
    expected="letters, digits and `_`",
    description="The name of an environment variable.",
)


def _cidr(value: object) -> str:
    """A range of addresses as Kubernetes takes it: with the length of its prefix, and without bits beyond it."""
    expected = "a range of addresses such as `192.0.2.0/24`"
    value = text_of(value, expected)
    refused = refuse(f"`{shown(value)}` is not a range of addresses, expected one such as `192.0.2.0/24`")
    if not _CIDR.fullmatch(value):
        raise refused
    try:
        ip_network(value)
    except ValueError:
        raise refused from None
    return value


cidr = Form(_cidr, "A range of addresses.", ("192.0.2.0/24",), pattern=_CIDR.pattern)
Cidr = Annotated[str, cidr]


def _credential_name(value: object) -> str:
    """The name of an environment variable that the fleet may fill from a Secret: none that the compiler sets itself."""
    name = env_name(value)
    if name not in _CREDENTIALS and (name in _OWN_VARIABLES or name.startswith(OWN_PREFIXES)):
        said = "the compiler sets `{}` itself" if name in SET_VARIABLES else "`{}` is a setting of the jobs' programs"
        raise refuse(f"{said.format(name)}, expected the name of a credential")
    return name


credential_name = Form(
    _credential_name, "The name of an environment variable.", ("MYSQL_PWD",), pattern=_CREDENTIAL_NAME
)
CredentialName = Annotated[str, credential_name]


def _value_name(value: object) -> str:
    """The name of a value: an RFC 1123 label, but not the one under which sops keeps its own entry in a file."""
    name = dns_label(value)
    if name == "sops":
        raise refuse("`sops` is the entry of sops itself in the values file, expected another name")
    return name


value_name = Form(_value_name, "The name of a value.", ("wiki-db",), pattern=patterns.VALUE_NAME, longest=63)
ValueName = Annotated[str, value_name]


def _age_recipient(value: object) -> str:
    """An age recipient: a public key. The private one (`AGE-SECRET-KEY-…`) must never come into the output."""
    key = one_line(value)
    if not key.startswith(("age1", "ssh-")) or " PRIVATE " in key:
        raise refuse("this is not an age recipient, expected a public key such as `age1…` or `ssh-ed25519 …`")
    return key


age_recipient = Form(_age_recipient, "An age recipient.", ("age1…",), pattern=patterns.AGE_RECIPIENT)
AgeRecipient = Annotated[str, age_recipient]


def _absolute_path(value: object) -> str:
    """An absolute path without `..`, `.` or a trailing slash."""
    value = _path(value)
    if not value.startswith("/") or value != "/" + "/".join(_clean_parts(value)) or ":" in value:
        expected = "`/` and then names without `.`, `..`, `//` or `:`"
        raise refuse(f"`{shown(value)}` is not an absolute path, expected {expected}")
    return value


absolute_path = Form(_absolute_path, "An absolute path.", ("/vol/data",), pattern=patterns.ABSOLUTE_PATH)
AbsolutePath = Annotated[str, absolute_path]


def _relative_path(value: object) -> str:
    """A path below a root: no leading slash, no `..`. A lone `.` is the root itself."""
    value = _path(value)
    if value == ".":
        return value
    if not value or value.startswith("/") or value != "/".join(_clean_parts(value)):
        expected = "names separated by `/` without `.`, `..` and a leading `/`"
        raise refuse(f"`{shown(value)}` is not a relative path, expected {expected}")
    return value


relative_path = Form(_relative_path, "A relative path.", ("data/library.db",), pattern=patterns.RELATIVE_PATH)
RelativePath = Annotated[str, relative_path]


def _volume_pattern(value: object) -> str:
    """A claim as `namespace/name`, or an absolute path; `*` stands for any characters."""
    value = text_of(value, "a claim such as `media/cache`, or a folder such as `/vol/media`")
    if value.startswith("/"):
        return absolute_path(value)
    if not _CLAIM_PATTERN.fullmatch(value):
        raise refuse(f"`{shown(value)}` is neither a claim as `namespace/name` nor an absolute path")
    return value


volume_pattern = Form(
    _volume_pattern,
    "A claim as `namespace/name`, or an absolute path.",
    (
        "media/cache",
        "media/*",
        "/vol/films",
    ),
    pattern=f"{_CLAIM_PATTERN.pattern}|{patterns.ABSOLUTE_PATH}",
)
VolumePattern = Annotated[str, volume_pattern]


def _clean_parts(value: str) -> list[str]:
    return [part for part in value.strip("/").split("/") if part not in {"", ".", ".."}]


image = matching(
    patterns.IMAGE,
    f"ghcr.io/example/restic:0.19.1@sha256:{'0' * 64}",
    noun="an image",
    expected="an image such as `registry.example.com/name:tag@sha256:` and 64 hexadecimal digits",
    description="An image by digest.",
)
Image = Annotated[str, image]


repository_id = matching(
    patterns.REPOSITORY_ID,
    noun="a repository id",
    asked="the repository's id, 64 hexadecimal digits",
    expected="the 64 hexadecimal digits of `restic cat config`",
    description="restic's repository id, 64 hexadecimal digits.",
)
RepositoryId = Annotated[str, repository_id]


Bool = StrictBool
Count = Annotated[StrictInt, Field(ge=0, le=100)]
Labels = dict[LabelKey, LabelValue]
Selector = Annotated[Labels, Field(min_length=1)]
"""Labels by which pods are found: none at all would be all pods, or nobody."""
Annotations = dict[LabelKey, Text]
