"""What each scalar type takes, what it makes of it, and the words of its refusals."""

from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic_core import PydanticCustomError

from backupgen.conventions import units
from backupgen.language import scalars as s
from backupgen.language.forms import Form
from backupgen.language.refusals import shown
from backupgen.schedule import AUTO, parse_cron

Scalar = Form[Any]

DIGEST = "sha256:" + "0" * 64
DURATION = "expected a duration such as `540s`, `9m`, `2h` or `1h30m`"
QUANTITY = "expected a Kubernetes quantity such as `500Mi`, `20Gi` or `100m`"
LABEL = "expected a name of lower-case letters, digits and `-` (RFC 1123), at most 63 characters"
SUBDOMAIN = "expected a name of lower-case letters, digits, `-` and `.` (RFC 1123), at most 253 characters"
LABEL_VALUE = "expected at most 63 letters, digits, `-`, `_` and `.`"
ABSOLUTE = "expected `/` and then names without `.`, `..`, `//` or `:`"
VOLUME = "is neither a claim as `namespace/name` nor an absolute path"
RELATIVE = "expected names separated by `/` without `.`, `..` and a leading `/`"
IMAGE = "expected an image such as `registry.example.com/name:tag@sha256:` and 64 hexadecimal digits"
LABEL_NAME = "expected letters, digits and underscores, the first no digit and not two underscores"
SPAN = "expected a span of days, months and years such as `90d`, `6mo` or `1y6mo`"
HOURS = "expected one such as `12:00-14:00` or `22:00-02:00`"
VERSION = 'a version of Kubernetes such as `"1.34"`'
QUOTES = "write it in quotes"
WHOLE_HOURS = "cron can leave out whole hours only"


def hours(*numbers: int) -> int:
    return sum(1 << number for number in numbers)


ACCEPTED: list[tuple[Scalar, object, object]] = [
    (s.git_url, "https://git.example.com/a.git", "https://git.example.com/a.git"),
    (s.git_url, "ssh://git@git.example.com/a.git", "ssh://git@git.example.com/a.git"),
    (s.git_url, "git@github.com:a/b.git", "git@github.com:a/b.git"),
    (s.text, "", ""),
    (s.text, " \t'\"\n{{ x }} $(A) \\ # : ü 🎉 ", " \t'\"\n{{ x }} $(A) \\ # : ü 🎉 "),
    (s.one_line, " x ", " x "),
    (s.duration, "540s", 540),
    (s.duration, "9m", 540),
    (s.duration, "1h30m", 5400),
    (s.duration, "1w", 604_800),
    (s.duration, "366d", 366 * 86_400),
    (s.start_window, "10s", 10),
    (s.deadline, "1m", 60),
    (s.grace, "2m", 120),
    (s.credential_name, "PGPASSWORD", "PGPASSWORD"),
    (s.credential_name, "RESTIC_PASSWORD", "RESTIC_PASSWORD"),
    (s.value_name, "wiki-db", "wiki-db"),
    (s.label_name, "a_1", "a_1"),
    (s.age_recipient, "age1qx", "age1qx"),
    (s.age_recipient, "ssh-ed25519 AAAA", "ssh-ed25519 AAAA"),
    (s.quantity, "500Mi", "500Mi"),
    (s.quantity, "100m", "100m"),
    (s.quantity, "0.5", "0.5"),
    (s.quantity, ".5Gi", ".5Gi"),
    (s.quantity, 2, "2"),
    (s.size, "1", "1"),
    (s.size, "20Gi", "20Gi"),
    (s.size, "1.5Ti", "1.5Ti"),
    (s.dns_label, "a", "a"),
    (s.dns_label, "0-a-9", "0-a-9"),
    (s.dns_label, "a" * 63, "a" * 63),
    (s.volume_name, "a" * 50, "a" * 50),
    (s.dns_subdomain, "a.b-c.d", "a.b-c.d"),
    (s.dns_subdomain, "a" * 253, "a" * 253),
    (s.label_key, "app", "app"),
    (s.label_key, "app.kubernetes.io/Name_1.x", "app.kubernetes.io/Name_1.x"),
    (s.label_value, "", ""),
    (s.label_value, "A_b.c-1", "A_b.c-1"),
    (s.tag, "photos.example.com", "photos.example.com"),
    (s.topic, "_backup-7f", "_backup-7f"),
    (s.env_name, "_A1", "_A1"),
    (s.file_name, 'it\'s a "dump" {{x}}.sql', 'it\'s a "dump" {{x}}.sql'),
    (s.cidr, "192.0.2.0/24", "192.0.2.0/24"),
    (s.cidr, "2001:db8::/32", "2001:db8::/32"),
    (s.absolute_path, "/", "/"),
    (s.absolute_path, "/vol/$HOME/*", "/vol/$HOME/*"),
    (s.absolute_path, "/a..b/.c", "/a..b/.c"),
    (s.volume_pattern, "media/cache", "media/cache"),
    (s.volume_pattern, "*/data-redis-*", "*/data-redis-*"),
    (s.volume_pattern, "/vol/*/films", "/vol/*/films"),
    (s.relative_path, ".", "."),
    (s.relative_path, "2024 - summer/it's", "2024 - summer/it's"),
    (s.image, "restic", "restic"),
    (s.image, "localhost:5000/a/b__c:1.0", "localhost:5000/a/b__c:1.0"),
    (s.image, f"ghcr.io/a/b:1@{DIGEST}", f"ghcr.io/a/b:1@{DIGEST}"),
    (s.repository_id, "0123456789abcdef" * 4, "0123456789abcdef" * 4),
    (s.check_part, "1/20", 20),
    (s.check_part, "1/1", 1),
    (s.check_part, "1/256", 256),
    (s.percent, "1%", 1),
    (s.percent, "100%", 100),
    (s.days, "1d", 1),
    (s.days, "366d", 366),
    (s.day, "2027-03-01", date(2027, 3, 1)),
    (s.keep_within, "90d", "90d"),
    (s.keep_within, "6mo", "6m"),
    (s.keep_within, "1y6mo3d", "1y6m3d"),
    (s.kubernetes_version, "1.34", 34),
    (s.kubernetes_version, "v1.34.2+k3s1", 34),
    (s.kubernetes_version, "v1.33.5-gke.1080000", 33),
    (s.hour_range, "12:00-14:00", hours(12, 13)),
    (s.hour_range, "22:00-02:00", hours(22, 23, 0, 1)),
    (s.hour_range, "22:00-24:00", hours(22, 23)),
    (s.hour_range, "23:00-00:00", hours(23)),
    (s.hour_range, "00:00-24:00", hours(*range(24))),
    (s.hour_range, "05:00-05:00", hours(*range(24))),
    (s.slot, "auto", AUTO),
    (s.slot, ":20", parse_cron("20 * * * *")),
    (s.slot, "03:05", parse_cron("5 3 * * *")),
    (s.slot, "Sun 04:00", parse_cron("0 4 * * 0")),
    (s.slot, "@daily", parse_cron("@daily")),
    (s.timezone, "Europe/Berlin", "Europe/Berlin"),
    (s.timezone, "UTC", "UTC"),
]

IN_URL = "a user, password or token stands in the URL, which Git would keep, expected one such as "
IN_URL += "`https://git.example.com/home/cluster.git`; it belongs in a Secret"
REFUSED: list[tuple[Scalar, object, str, str]] = [
    (s.git_url, "https://user:t0ken@git.example.com/a", IN_URL, ""),
    (s.git_url, "https://t0ken@git.example.com/a", IN_URL, ""),
    (s.git_url, "ssh://git:t0ken@git.example.com/a", IN_URL, ""),
    (s.text, None, "there is no value here, expected text", ""),
    (s.text, 5, "expected text, found the number `5`", QUOTES),
    (s.text, True, "expected text, found the boolean `true`", QUOTES),
    (s.text, 1.5, "expected text, found the number `1.5`", QUOTES),
    (s.text, [], "expected text, found an empty list", ""),
    (s.text, {"a": 1}, "expected text, found a mapping", ""),
    (s.text, "a\x00", "the text holds the control character U+0000, which no manifest can carry", ""),
    (s.text, "a\rb", "the text holds the control character U+000D, which no manifest can carry", ""),
    (s.text, "a\x1bb", "the text holds the control character U+001B, which no manifest can carry", ""),
    (s.text, "a\x7fb", "the text holds the control character U+007F, which no manifest can carry", ""),
    (s.text, "a\x85b", "the text holds the control character U+0085, which no manifest can carry", ""),
    (s.text, "a\ufffe", "the text holds the control character U+FFFE, which no manifest can carry", ""),
    (s.text, "a\ud800", "the text holds the control character U+D800, which no manifest can carry", ""),
    (s.one_line, " ", "expected one line of text that is not empty", ""),
    (s.one_line, "a\nb", "expected one line of text that is not empty", ""),
    (s.deadline, "59s", "`59s` is too short for a backup, expected a deadline of at least `1m`", ""),
    (
        s.grace,
        "1m59s",
        "`1m59s` is too short to end restic, remove its lock and report, expected at least `2m`",
        "",
    ),
    *(
        (s.credential_name, name, f"the compiler sets `{name}` itself, expected the name of a credential", "")
        for name in ("RESTIC_REPOSITORY", "BACKUP_DEADLINE", "NTFY_TOPIC")
    ),
    *(
        (s.credential_name, name, f"`{name}` is a setting of the jobs' programs, expected the name of a credential", "")
        for name in ("PATH", "RESTIC_CACERT", "RESTIC_COMPRESSION", "RCLONE_CONFIG_MIRROR_REGION")
    ),
    *(
        (
            s.age_recipient,
            key,
            "this is not an age recipient, expected a public key such as `age1…` or `ssh-ed25519 …`",
            "",
        )
        for key in ("AGE-SECRET-KEY-1QQ", "plain")
    ),
    (s.duration, 9, f"`9` has no unit, {DURATION}", "write `9s` for seconds, `9m` for minutes"),
    (s.duration, -9, f"`-9` has no unit, {DURATION}", ""),
    (s.duration, "9", f"`9` is not a duration, {DURATION}", ""),
    (s.duration, "9 m", f"`9 m` is not a duration, {DURATION}", ""),
    (s.duration, "9min", f"`9min` is not a duration, {DURATION}", ""),
    (s.duration, "-9m", f"`-9m` is not a duration, {DURATION}", ""),
    (s.duration, "1.5h", f"`1.5h` is not a duration, {DURATION}", ""),
    (s.duration, "٩m", f"`٩m` is not a duration, {DURATION}", ""),
    (s.duration, "9m\n", f"`9m\n` is not a duration, {DURATION}", ""),
    (s.duration, "", f"`` is not a duration, {DURATION}", ""),
    (s.duration, "0s", "`0s` is out of range, expected a duration between `1s` and `366d`", ""),
    (s.duration, "53w", "`53w` is out of range, expected a duration between `1s` and `366d`", ""),
    (s.duration, "9" * 5000 + "s", f"`{'9' * 57}...` is not a duration, {DURATION}", ""),
    (s.duration, None, f"there is no value here, {DURATION}", ""),
    (s.duration, 1.5, f"{DURATION}, found the number `1.5`", QUOTES),
    (s.duration, False, f"{DURATION}, found the boolean `false`", ""),
    (s.start_window, "9s", "`9s` is too short, expected at least `10s`: Kubernetes would miss slots", ""),
    (s.quantity, "500MB", f"`500MB` is not a size, {QUANTITY}", "write `500M`"),
    (s.quantity, "20GiB", f"`20GiB` is not a size, {QUANTITY}", "write `20Gi`"),
    (s.quantity, "20KB", f"`20KB` is not a size, {QUANTITY}", "write `20k`"),
    (s.quantity, "20 Gi", f"`20 Gi` is not a size, {QUANTITY}", ""),
    (s.quantity, "1e3", f"`1e3` is not a size, {QUANTITY}", ""),
    (s.quantity, "-1", f"`-1` is not a size, {QUANTITY}", ""),
    (s.quantity, "5.", f"`5.` is not a size, {QUANTITY}", ""),
    (s.quantity, 0, f"{QUANTITY}, found the number `0`", QUOTES),
    (s.quantity, 0.5, f"{QUANTITY}, found the number `0.5`", QUOTES),
    (s.quantity, True, f"{QUANTITY}, found the boolean `true`", ""),
    (s.quantity, 10**400, f"{QUANTITY}, found the number `{hex(10**400)[:57]}...`", QUOTES),
    (s.size, 20, "`20` has no unit, expected bytes such as `500Mi` or `20Gi`", ""),
    (s.size, "0", "`0` is not a size, expected bytes such as `500Mi` or `20Gi`", ""),
    (s.size, "9" * 400 + "Gi", f"`{'9' * 57}...` is not a size, {QUANTITY}", ""),
    (s.size, "5000m", "`5000m` is not a size, expected bytes such as `500Mi` or `20Gi`", ""),
    (s.dns_label, "Grafana_1", f"`Grafana_1` is not a name, {LABEL}", "write `grafana-1`"),
    (s.dns_label, "-a", f"`-a` is not a name, {LABEL}", "write `a`"),
    (s.dns_label, "a.b", f"`a.b` is not a name, {LABEL}", "write `a-b`"),
    (s.dns_label, "", f"`` is not a name, {LABEL}", ""),
    (s.dns_label, "é", f"`é` is not a name, {LABEL}", ""),
    (s.dns_label, "a" * 62 + ".b", f"`{'a' * 57}...` is not a name, {LABEL}", f"write `{'a' * 62}`"),
    (s.dns_label, 5, f"{LABEL}, found the number `5`", QUOTES),
    (s.value_name, "sops", "`sops` is the entry of sops itself in the values file, expected another name", ""),
    (s.volume_name, "a" * 51, f"`{'a' * 51}` has 51 characters, expected at most 50", ""),
    (s.dns_subdomain, "a..b", f"`a..b` is not a name, {SUBDOMAIN}", ""),
    (s.dns_subdomain, "a" * 254, f"`{'a' * 57}...` is not a name, {SUBDOMAIN}", ""),
    (s.dns_subdomain, "A", f"`A` is not a name, {SUBDOMAIN}", ""),
    (s.label_key, "a b", "`a b` is not a label key, expected `name` or `prefix.example.com/name`", ""),
    (s.label_key, "/a", "`/a` is not a label key, expected `name` or `prefix.example.com/name`", ""),
    (s.label_key, "a/", "`a/` is not a label key, expected `name` or `prefix.example.com/name`", ""),
    (s.label_key, "a/b/c", "`a/b/c` is not a label key, expected `name` or `prefix.example.com/name`", ""),
    (s.label_key, "a" * 64, f"`{'a' * 57}...` is not a label key, expected `name` or `prefix.example.com/name`", ""),
    (s.label_value, "a b", f"`a b` is not a label value, {LABEL_VALUE}", ""),
    (s.label_value, "-a", f"`-a` is not a label value, {LABEL_VALUE}", ""),
    (s.label_value, "a" * 64, f"`{'a' * 57}...` is not a label value, {LABEL_VALUE}", ""),
    (s.label_value, 1, "expected a label value, found the number `1`", QUOTES),
    (s.tag, "a,b", "`a,b` is not a tag, expected at most 63 letters, digits, `-`, `_` and `.`", ""),
    (s.tag, "", "`` is not a tag, expected at most 63 letters, digits, `-`, `_` and `.`", ""),
    (s.topic, "a.b", "`a.b` is not a topic, expected at most 64 letters, digits, `-` and `_`", ""),
    (s.env_name, "1A", "`1A` is not the name of an environment variable, expected letters, digits and `_`", ""),
    (s.env_name, "A-B", "`A-B` is not the name of an environment variable, expected letters, digits and `_`", ""),
    (s.file_name, "a/b", "`a/b` is not a file name, expected one without `/`", ""),
    (s.file_name, "..", "`..` is not a file name, expected one without `/`", ""),
    (s.file_name, "a\nb", "expected a path without line feeds and tabs", ""),
    (s.cidr, "192.0.2.1", "`192.0.2.1` is not a range of addresses, expected one such as `192.0.2.0/24`", ""),
    (s.cidr, "192.0.2.1/24", "`192.0.2.1/24` is not a range of addresses, expected one such as `192.0.2.0/24`", ""),
    (
        s.cidr,
        "192.0.2.0/255.255.255.0",
        "`192.0.2.0/255.255.255.0` is not a range of addresses, expected one such as `192.0.2.0/24`",
        "",
    ),
    (s.cidr, "192.0.2.0/33", "`192.0.2.0/33` is not a range of addresses, expected one such as `192.0.2.0/24`", ""),
    (s.volume_pattern, "cache", f"`cache` {VOLUME}", ""),
    (s.volume_pattern, "media/a/b", f"`media/a/b` {VOLUME}", ""),
    (s.volume_pattern, "Media/cache", f"`Media/cache` {VOLUME}", ""),
    (s.volume_pattern, "/a/", f"`/a/` is not an absolute path, {ABSOLUTE}", ""),
    (
        s.volume_pattern,
        1,
        "expected a claim such as `media/cache`, or a folder such as `/vol/media`, found the number `1`",
        QUOTES,
    ),
    (s.absolute_path, "a", f"`a` is not an absolute path, {ABSOLUTE}", ""),
    (s.absolute_path, "/a/", f"`/a/` is not an absolute path, {ABSOLUTE}", ""),
    (s.absolute_path, "//a", f"`//a` is not an absolute path, {ABSOLUTE}", ""),
    (s.absolute_path, "/a/../b", f"`/a/../b` is not an absolute path, {ABSOLUTE}", ""),
    (s.absolute_path, "/a:b", f"`/a:b` is not an absolute path, {ABSOLUTE}", ""),
    (s.absolute_path, "/a\tb", "expected a path without line feeds and tabs", ""),
    (s.relative_path, "/a", f"`/a` is not a relative path, {RELATIVE}", ""),
    (s.relative_path, "a/../b", f"`a/../b` is not a relative path, {RELATIVE}", ""),
    (s.relative_path, "./a", f"`./a` is not a relative path, {RELATIVE}", ""),
    (s.relative_path, "", f"`` is not a relative path, {RELATIVE}", ""),
    (s.image, "Restic", f"`Restic` is not an image, {IMAGE}", ""),
    (s.image, "a@sha256:00", f"`a@sha256:00` is not an image, {IMAGE}", ""),
    (s.image, "a:", f"`a:` is not an image, {IMAGE}", ""),
    (
        s.repository_id,
        "AB",
        "`AB` is not a repository id, expected the 64 hexadecimal digits of `restic cat config`",
        "",
    ),
    (s.check_part, "1/0", "`1/0` is not a part, expected `1/` and a number of runs from 1 to 256, restic's limit", ""),
    (
        s.check_part,
        "1/257",
        "`1/257` is not a part, expected `1/` and a number of runs from 1 to 256, restic's limit",
        "",
    ),
    (
        s.check_part,
        "2/20",
        "`2/20` is not a part, expected `1/` and a number of runs from 1 to 256, restic's limit",
        "",
    ),
    (s.label_name, "a-b", f"`a-b` is not a name in Prometheus, {LABEL_NAME}", ""),
    (s.label_name, "1a", f"`1a` is not a name in Prometheus, {LABEL_NAME}", ""),
    (s.label_name, "__a", f"`__a` is not a name in Prometheus, {LABEL_NAME}", ""),
    (s.percent, 50, "`50` has no unit, expected a share such as `50%`", "write `50%`"),
    (s.percent, "0%", "`0%` is not a share, expected one from `1%` to `100%`", ""),
    (s.percent, "101%", "`101%` is not a share, expected one from `1%` to `100%`", ""),
    (s.days, "48h", "`48h` is not a number of days, expected one such as `90d`", ""),
    (s.days, "1d12h", "`1d12h` is not a number of days, expected one such as `90d`", ""),
    (s.day, "2027-02-29", "`2027-02-29` is not a day of the calendar, expected a day such as `2027-03-01`", ""),
    (s.day, "1.3.2027", "`1.3.2027` is not a day, expected a day such as `2027-03-01`", ""),
    (s.day, "20270301", "`20270301` is not a day, expected a day such as `2027-03-01`", ""),
    (s.day, 20270301, "expected a day such as `2027-03-01`, found the number `20270301`", "write it in quotes"),
    (s.keep_within, "6m", f"`6m` is not a span, {SPAN}", "restic reads `m` as months; write `mo` to make that plain"),
    (s.keep_within, "", f"`` is not a span, {SPAN}", ""),
    (s.keep_within, "0d", f"`0d` is not a span, {SPAN}", ""),
    (s.keep_within, "3d1y", f"`3d1y` is not a span, {SPAN}", ""),
    (s.kubernetes_version, 1.3, f"expected {VERSION}, found the number `1.3`", QUOTES),
    (s.kubernetes_version, "2.0", f"`2.0` is not a version, expected {VERSION}", ""),
    (s.kubernetes_version, "1.x", f"`1.x` is not a version, expected {VERSION}", ""),
    (s.hour_range, "12:30-14:00", f"`12:30-14:00` is not a range of whole hours, {HOURS}", WHOLE_HOURS),
    (s.hour_range, "24:00-02:00", f"`24:00-02:00` is not a range of whole hours, {HOURS}", WHOLE_HOURS),
    (s.hour_range, "12-14", f"`12-14` is not a range of whole hours, {HOURS}", WHOLE_HOURS),
    (
        s.slot,
        5,
        'expected a slot such as `":20"`, `"03:05"`, `"Sun 04:00"`, a cron expression or `auto`, found the number `5`',
        QUOTES,
    ),
    (s.timezone, None, "there is no value here, expected an IANA time zone such as `Europe/Berlin`", ""),
]

SCALARS = sorted({function for function, *_ in ACCEPTED}, key=lambda form: (form.description, form.examples))


@pytest.mark.parametrize(("function", "value", "expected"), ACCEPTED)
def test_it_takes(function: Scalar, value: object, expected: object) -> None:
    assert function(value) == expected


@pytest.mark.parametrize(("function", "value", "message", "hint"), REFUSED)
def test_it_refuses(function: Scalar, value: object, message: str, hint: str) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        function(value)
    assert caught.value.context == {"message": message, "hint": hint}


def test_the_tables_hold_every_scalar_type() -> None:
    # Those that say in other modules what they refuse have their tables there.
    assert {function for function, *_ in REFUSED} == set(SCALARS)
    forms = {
        form for alias in vars(s).values() for form in getattr(alias, "__metadata__", ()) if isinstance(form, Form)
    }
    assert forms <= set(SCALARS)
    assert len(forms) > 30


@pytest.mark.parametrize(
    ("zone", "hint"), [("Europe/Berln", "Europe/Berlin"), ("Local", ""), ("../etc/passwd", ""), ("CEST", "")]
)
def test_a_zone_that_kubernetes_refuses(zone: str, hint: str) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        s.timezone(zone)
    assert caught.value.context is not None
    assert hint in str(caught.value.context["hint"])
    assert f"`{zone}`" in str(caught.value.context["message"])


def test_a_slot_that_is_none_lists_the_forms() -> None:
    with pytest.raises(PydanticCustomError) as caught:
        s.slot("25:00")
    assert caught.value.context is not None
    assert str(caught.value.context["message"]).startswith("`25:00` is not a slot")
    assert "accepted:" in str(caught.value.context["hint"])


YAML_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**4000, max_value=10**6000)
    | st.floats()
    | st.text(st.characters(exclude_categories=()))
    | st.from_regex(r"[0-9]{1,400}(s|h|Gi|Mi|m|E)", fullmatch=True)
    | st.text("0123456789:-/.*,@aAmsundTZ=\n \t", max_size=30)
)
YAML_VALUES = st.recursive(
    YAML_SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)


@pytest.mark.parametrize("function", SCALARS)
@given(value=YAML_VALUES)
def test_any_value_is_taken_or_refused_in_words(function: Scalar, value: object) -> None:
    refused = None
    try:
        function(value)
    except PydanticCustomError as error:
        refused = error.context
    if refused is not None:
        message = str(refused["message"])
        assert message[:1] == "`" or message[:1].islower()
        assert not message.endswith(".")
        # Slots and zones are refused in the words of another package.
        assert len(message) < 300 or function in {s.slot, s.timezone}


@given(st.integers(min_value=1, max_value=366 * 86_400))
def test_a_duration_reads_back_as_it_is_written(seconds: int) -> None:
    assert s.duration(units.format_duration(seconds)) == seconds


@given(st.from_regex(r"([0-9]{1,3}[smhdw]){1,4}", fullmatch=True))
@example("90m")
def test_a_written_duration_keeps_its_length(written: str) -> None:
    try:
        seconds = s.duration(written)
    except PydanticCustomError:
        return
    assert s.duration(units.format_duration(seconds)) == seconds
    assert len(units.format_duration(seconds)) <= len("366d23h59m59s")


def test_no_seconds_are_a_duration_too() -> None:
    assert units.format_duration(0) == "0s"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1", 1),
        ("1k", 1000),
        ("1Ki", 1024),
        (".5Ki", 512),
        ("1.5Gi", 3 << 29),
        ("1500m", 2),
        ("0.1", 1),
        ("2E", 2 * 10**18),
    ],
)
def test_the_value_of_a_quantity(written: str, expected: int) -> None:
    assert units.quantity_value(written) == expected


def test_an_amount_is_exact() -> None:
    assert units.amount("100m") * 10 == 1
    assert units.amount("0.1") == Fraction(1, 10)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("restic", ("restic", None, None)),
        ("localhost:5000/restic", ("localhost:5000/restic", None, None)),
        ("localhost:5000/restic:1", ("localhost:5000/restic", "1", None)),
        (f"a/b@{DIGEST}", ("a/b", None, DIGEST)),
        (f"a/b:1@{DIGEST}", ("a/b", "1", DIGEST)),
    ],
)
def test_the_parts_of_an_image(written: str, expected: tuple[str, str | None, str | None]) -> None:
    assert units.image_parts(written) == expected


@given(st.one_of(st.text(max_size=200), st.integers(), st.floats(), st.booleans()))
def test_what_a_message_shows_is_short(value: object) -> None:
    assert len(shown(value)) <= 60


def schemas() -> list[tuple[str, Scalar, Draft202012Validator]]:
    """Every scalar type of the language, its reader, and what its schema takes in an editor."""
    found = []
    for name, alias in vars(s).items():
        metadata = getattr(alias, "__metadata__", ())
        for form in metadata if name[:1].isupper() else ():
            if isinstance(form, Form):
                # In JavaScript `$` is the end of the text only, in Python also the place before a last line feed.
                exact = {
                    key: value.replace("$", r"\Z") if key == "pattern" else value
                    for key, value in form.json_schema().items()
                }
                found.append((name, form, Draft202012Validator(exact)))
    return found


SCHEMAS = schemas()
VALUES = [value for _, value, *_ in [*ACCEPTED, *REFUSED]]

# What no expression can tell: what a sum comes to, and which bits an address has.
BEYOND_A_SCHEMA = {
    s.duration: {"53w"},
    s.start_window: {"9s"},
    s.deadline: {"59s"},
    s.grace: {"1m59s"},
    s.cidr: {"192.0.2.1/24", "192.0.2.0/33"},
    s.day: {"2027-02-29"},
}


def read_by(reader: Scalar, value: object) -> bool:
    try:
        reader(value)
    except PydanticCustomError:
        return False
    return True


@pytest.mark.parametrize(("reader", "schema"), [pytest.param(*rest, id=name) for name, *rest in SCHEMAS])
def test_a_schema_takes_what_its_reader_takes(reader: Scalar, schema: Draft202012Validator) -> None:
    assert [value for value in VALUES if read_by(reader, value) and not schema.is_valid(value)] == []


@given(value=st.sampled_from([value for value in VALUES if isinstance(value, str)]), data=st.data())
def test_a_schema_takes_what_its_reader_takes_of_anything_similar(value: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(value)))
    end = data.draw(st.integers(start, min(len(value), start + 2)))
    changed = value[:start] + data.draw(st.text(max_size=3)) + value[end:]
    assert [name for name, reader, schema in SCHEMAS if read_by(reader, changed) and not schema.is_valid(changed)] == []


def test_a_schema_refuses_what_its_reader_refuses() -> None:
    readers = {form: schema for _, form, schema in SCHEMAS}
    taken = {(form, str(value)) for form, value, *_ in REFUSED if form in readers and readers[form].is_valid(value)}
    assert taken == {(form, value) for form, values in BEYOND_A_SCHEMA.items() for value in values}
