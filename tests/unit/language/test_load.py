"""From a document to the models: each mistake is one finding, where it stands."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backupgen.diagnostics import Severity
from backupgen.language.load import known_keys, load_fleet
from backupgen.language.paths import target_of
from backupgen.language.schema import Fleet, JobSettings, Target
from backupgen.resolve.fleet import resolve_fleet
from backupgen.source import Document, read_document
from tests.thoroughness import examples
from tests.unit.language.reading import TARGET, document, findings, fleet, marked, resolve


def of_target(settings: str) -> str:
    return fleet(f"a: {{namespace: n, at: ':20', deadline: 9m, run_as: 1, volume: {{pvc: a}}, {settings}}}")


@pytest.mark.parametrize(
    ("settings", "key", "where", "hint"),
    [
        ("§sspend: true", "sspend", "", "did you mean `suspend`?"),
        ("§historry: {}", "historry", "", "did you mean `history`?"),
        ("history: {§sucess: 1}", "sucess", ".history", "did you mean `success`?"),
        ("history: {§xyz: 1}", "xyz", ".history", "known keys here: `success`, `failure`"),
        (
            "resources: {limits: {§ephemeral_storage: 1Gi}}",
            "ephemeral_storage",
            ".resources.limits",
            "did you mean `ephemeral-storage`?",
        ),
        ("tolerations: [{key: a}, {§keys: a, operator: Exists}]", "keys", ".tolerations.1", "did you mean `key`?"),
        ("verify: [{file: a, §sqllite: a}]", "sqllite", ".verify.0", "did you mean `sqlite`?"),
        (
            "dump: {tool: pg_dump, in_pod: {a: b}, staging: {pvc: a, §sise: 1Gi}}",
            "sise",
            ".dump.staging",
            "did you mean `size`?",
        ),
        ("§retries:3", "retries:3", "", "a space is missing after the colon, write `retries: 3`"),
    ],
)
def test_an_unknown_key(settings: str, key: str, where: str, hint: str) -> None:
    text, place = marked(of_target(settings))
    assert findings(text) == [f"{place} BG201 unknown key `{key}` in `targets.a{where}`"]
    assert resolve(text)[1][0].help == hint


@pytest.mark.parametrize(
    ("lines", "key", "near"),
    [
        ("repositoriess: {}", "repositoriess", "repositories"),
        ("timezon: UTC", "timezon", "timezone"),
        ("gitops: {flux: {path: a, source: {name: b, knd: Bucket}}}", "knd", "kind"),
        ("gitops: {argocd: {syncwave: 3}}", "syncwave", "sync_wave"),
        ("sops: {agge: [a]}", "agge", "age"),
        ("repositories: {c: {url: b2:a:b, mirrors: {m: {to: b2:c, at: ':10', methd: rclone}}}}", "methd", "method"),
        ("repositories: {c: {url: b2:a:b, restore_test: {at: ':1', scratch: {size: 1Gi, xyz: x}}}}", "xyz", ""),
        ("repositories: {c: {url: b2:a:b, server: {volume: {pvc: a, acess: x}}}}", "acess", "access"),
        ("repositories: {c: {url: b2:a:b, retention: {at: ':1', keep: {dayly: 3}}}}", "dayly", "daily"),
        ("defaults: {deadlin: 9m}", "deadlin", "deadline"),
        ("pushgateway: {url: http://a, podlabels: {}}", "podlabels", "pod_labels"),
    ],
)
def test_an_unknown_key_anywhere(lines: str, key: str, near: str) -> None:
    text, place = marked(fleet(more=lines.replace(f"{key}:", f"§{key}:") + "\n"))
    (found,) = [finding for finding in resolve(text)[1] if finding.info.slug == "unknown-key"]
    assert found.spot.span is not None
    assert f"{found.spot.span.line}:{found.spot.span.column}" == place
    assert f"`{key}`" in found.message
    assert found.help == (f"did you mean `{near}`?" if near else "known keys here: `size`, `storage_class`")


def test_a_missing_space_is_one_mistake() -> None:
    text = fleet('a: {namespace: n, at:":20", deadline: 9m, run_as: 1, volume: {pvc: a}}')
    assert findings(text) == ['7:21 BG201 unknown key `at:":20"` in `targets.a`']
    assert resolve(text)[1][0].help == 'a space is missing after the colon, write `at: ":20"`'


def test_a_mistyped_key_is_one_mistake() -> None:
    text = fleet("a: {namespac: n, at: ':20', deadline: 9m, run_as: 1, volume: {pvc: a}}")
    assert findings(text) == ["7:7 BG201 unknown key `namespac` in `targets.a`"]
    assert findings(fleet().replace("timezone:", "time_zone:")) == [
        "3:1 BG201 unknown key `time_zone` at the top of the file"
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("§" + fleet().replace("fleet: f\n", ""), "the key `fleet` is missing"),
        (fleet(repository="§repository: {}\n"), "the key `url` is missing in `repository`"),
        (fleet("§a: {at: ':20'}"), "the key `namespace` is missing in `targets.a`"),
        (
            fleet("a: {namespace: n, at: ':20', §run_as: {gid: 1}}"),
            "the key `uid` is missing in `targets.a.run_as`",
        ),
        (
            of_target("connects_to: [{host: a, port: 1}, §{host: b}]"),
            "the key `port` is missing in `targets.a.connects_to.1`",
        ),
        (
            fleet(repository="repository:\n  url: b2:a:b\n  §retention: {at: ':20'}\n"),
            "the key `keep` is missing in `repository.retention`",
        ),
        (
            fleet(repository="repository:\n  url: b2:a:b\n  mirrors:\n    §m: {at: ':20'}\n"),
            "the key `to` is missing in `repository.mirrors.m`",
        ),
    ],
)
def test_a_missing_key(text: str, message: str) -> None:
    text, place = marked(text)
    assert findings(text) == [f"{place} BG202 {message}"]


WRONG_TYPES = [
    ("suspend: §1", "expected `true` or `false`, found the number `1`"),
    ("suspend: §'yes'", "expected `true` or `false`, found `yes`"),
    ("retries: §1.5", "expected a whole number, found the number `1.5`"),
    ("retries: §'1'", "expected a whole number, found `1`"),
    ("retries: §true", "expected a whole number, found the boolean `true`"),
    ("retries: §-1", "expected a whole number of at least 0, found the number `-1`"),
    ("retries: §101", "expected a whole number of at most 100, found the number `101`"),
    ("retries: §{}", "expected a whole number, found an empty mapping"),
    ("exclude: §a", "expected a list, found `a`"),
    ("exclude: §{a: b}", "expected a list, found a mapping"),
    ("labels: §a", "expected a mapping, found `a`"),
    ("labels: §[]", "expected a mapping, found an empty list"),
    ("history: §3", "expected a mapping, found the number `3`"),
    ("history: §[1]", "expected a mapping, found a list"),
    ("cache: {medium: §ssd}", "expected `disk` or `memory`, found `ssd`"),
    ("timezone: §1", "expected an IANA time zone such as `Europe/Berlin`, found the number `1`"),
    ("backup_args: [§1]", "expected text, found the number `1`"),
    ("verify: [§a]", "expected a mapping, found `a`"),
    ("verify: [§null]", "expected a mapping, found nothing"),
    ("labels: {a: §1}", "expected a label value, found the number `1`"),
    ("exclude: [a, §[b]]", "expected text, found a list"),
    (
        "skip: [§'12:30-13:00']",
        "`12:30-13:00` is not a range of whole hours, expected one such as `12:00-14:00` or `22:00-02:00`",
    ),
    ("ntfy: {priority: §6}", "expected a whole number of at most 5, found the number `6`"),
    ("volumes: §{}", "expected at least one entry, found an empty mapping"),
]


@pytest.mark.parametrize(("settings", "message"), WRONG_TYPES)
def test_a_value_of_another_type(settings: str, message: str) -> None:
    text, place = marked(of_target(settings))
    assert findings(text) == [f"{place} BG203 {message}"]
    assert resolve(text)[1][0].target == "a"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("foo", "expected a uid or a mapping, found `foo`"),
        ("true", "expected a uid or a mapping, found the boolean `true`"),
        ("null", ""),
        ("[1]", "expected a uid or a mapping, found a list"),
        ("1.5", "expected a uid or a mapping, found the number `1.5`"),
        ("-1", "expected a whole number of at least 0, found the number `-1`"),
        ("2147483648", "expected a whole number of at most 2147483647, found the number `2147483648`"),
        ("0", "uid 0 is root, expected a `reason` beside it"),
        ("{uid: 0}", "uid 0 is root, expected a `reason` beside it"),
        ("{uid: §a}", "expected a whole number, found `a`"),
    ],
)
def test_run_as(value: str, message: str) -> None:
    value = value if "§" in value else f"§{value}"
    text, place = marked(
        fleet(f"a: {{namespace: n, at: ':20', deadline: 9m, dump: {{command: [a], file: b}}, run_as: {value}}}")
    )
    assert findings(text) == ([f"{place} BG203 {message}"] if message else [])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("20Gi", ""),
        ("20", "expected a size such as `20Gi` or a mapping, found the number `20`"),
        ("[]", "expected a size such as `20Gi` or a mapping, found an empty list"),
        ("20GB", "`20GB` is not a size, expected a Kubernetes quantity such as `500Mi`, `20Gi` or `100m`"),
    ],
)
def test_scratch(value: str, message: str) -> None:
    restore_test = f"restore_test: {{at: '03:00', deadline: 9m, scratch: §{value}}}"
    text, place = marked(fleet(repository=f"repository: {{url: b2:a:b, {restore_test}}}\n"))
    assert findings(text) == ([f"{place} BG203 {message}"] if message else [])


def test_a_key_that_is_no_name_is_pointed_at_itself() -> None:
    text, place = marked(of_target("labels: {§a b: c}"))
    assert findings(text) == [f"{place} BG203 `a b` is not a label key, expected `name` or `prefix.example.com/name`"]
    text, place = marked(fleet(f"§{TARGET.replace('a:', 'A_b:', 1)}"))
    (found,) = findings(text)
    assert found.startswith(f"{place} BG203 `A_b` is not a name")
    assert resolve(text)[1][0].help == "write `a-b`"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            "verify: [§{file: a, dir: b}]",
            "expected exactly one of `file`, `dir`, `sqlite`, `xbstream`, `pgdump`, found `file` and `dir`",
        ),
        ("verify: [§{file: a, min_files: 2}]", "`min_files` counts the files of a `dir`"),
        ("verify: [§{sqlite: a, min_size: 1Gi}]", "`sqlite` proves more than a size does, leave `min_size` out"),
        ("tolerations: [§{key: a, operator: Exists, value: a}]", "`operator: Exists` takes no `value`"),
        ("tolerations: [§{value: a}]", "a toleration without a `key` needs `operator: Exists`"),
        ("keep: §{}", "an empty `keep` would remove every snapshot, expected at least one rule"),
        ("connects_to: [§{port: 1}]", "expected exactly one of `pod`, `host`, `cidr`, found none of them"),
        ("connects_to: [§{host: a, namespace: b, port: 1}]", "`namespace` belongs to `pod`"),
        (
            "dump: §{tool: pg_dump, command: [a]}",
            "expected exactly one of `tool`, `command`, found `tool` and `command`",
        ),
        ("dump: §{tool: pg_dump}", "`tool: pg_dump` runs in the app's pod, expected `in_pod` beside it"),
        ("dump: §{command: [a]}", "a `command` needs a `file`, the name of the dump in the snapshot"),
        (
            "dump: §{command: [a], file: b, container: c}",
            "`container` and `staging` belong to a dump in the app's pod, expected `in_pod` beside them",
        ),
        ("dump: §{tool: mariabackup, in_pod: {a: b}, database: c}", "`database` belongs to `tool: pg_dump`"),
        ("dump: §{command: [a], file: b, user: c}", "`user` belongs to a `tool`"),
        (
            "dump: {tool: pg_dump, in_pod: {a: b}, staging: §{size: 1Gi, pvc: a}}",
            "expected exactly one of `pvc`, `size`, found `pvc` and `size`",
        ),
        ("volumes: {b: §{}}", "expected exactly one of `pvc`, `host_path`, found none of them"),
        (
            "volumes: {b: §{host_path: /a}}",
            "a `host_path` breaks the restricted Pod Security Standard, expected a `reason` beside it",
        ),
        (
            "volumes: {b: §{host_path: /a, reason: b, access: ReadWriteMany}}",
            "`access` is the access mode of a claim, a `host_path` has none",
        ),
        ("volumes: {b: §{pvc: a, reason: b}}", "a `reason` belongs to a `host_path`, a claim needs none"),
    ],
)
def test_keys_that_do_not_fit_together(settings: str, message: str) -> None:
    text, place = marked(of_target(settings))
    assert findings(text) == [f"{place} BG203 {message}"]


def test_two_hundred_mistakes_are_two_hundred_findings() -> None:
    lines = "\n".join(f"t{number}: {{namespace: n, at: ':20', deadline: {number}}}" for number in range(200))
    found = findings(fleet(lines))
    assert len(found) == 200
    assert [line.split(":")[0] for line in found] == [str(7 + number) for number in range(200)]


def test_known_keys() -> None:
    assert "targets" in known_keys(())
    assert known_keys(("targets",)) == tuple(Target.model_fields)
    assert known_keys(("targets", "a")) == tuple(Target.model_fields)
    assert known_keys(("targets", "namespace", "volumes", "pvc")) == (
        "pvc",
        "access",
        "host_path",
        "reason",
        "paths",
        "sentinel",
    )
    assert known_keys(("targets", "a", "verify", 3))[:2] == ("file", "dir")
    assert known_keys(("targets", "a", "run_as")) == ("uid", "gid", "fs_group", "reason")
    assert known_keys(("targets", "a", "resources", "limits")) == ("cpu", "memory", "ephemeral-storage")
    assert known_keys(("repositories", "mirrors", "mirrors", "to", "cache")) == ("size", "medium")
    assert known_keys(("repository", "restore_test", "scratch")) == ("size", "storage_class")
    assert known_keys(("defaults",)) == tuple(JobSettings.model_fields)
    assert known_keys(("labels", "a")) == ()
    assert known_keys(("nowhere", "at", "all")) == ()


def test_the_target_of_a_path() -> None:
    assert target_of(("targets", "a", "at")) == "a"
    assert target_of(("targets",)) is None
    assert target_of(("repository", "a")) is None
    assert target_of(()) is None


def test_a_fleet_without_a_mistake_has_no_finding() -> None:
    checked = load_fleet(document(fleet(TARGET)))
    assert isinstance(checked.value, Fleet)
    assert checked.findings == ()


KEYS = sorted(
    {*Fleet.model_fields, *Target.model_fields, "uid", "pvc", "size", "url", "to", "keep", "port", "a", "[key]"}
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(10**20), max_value=10**20)
    | st.integers(min_value=10**4500, max_value=10**4600)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        [":20", "auto", "9m", "20Gi", "main", "s3:a/b", "rest:http://r.n.svc:8000/", "n", "pg_dump", "UTC"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)


def _judged(data: dict[str, object]) -> None:
    """Any document, valid or not, ends in a fleet or in errors that stand somewhere in it."""
    read = Document(data, "fleet.yaml", "", POSITIONS)
    loaded = load_fleet(read)
    last = resolve_fleet(loaded.value) if loaded.value is not None else loaded
    if last.value is None:
        assert any(finding.severity is Severity.ERROR for finding in last.findings)
    for finding in last.findings:
        assert finding.message
        node: object = data
        for part in finding.spot.path[:-1]:
            node = node[part]  # type: ignore[index]


POSITIONS = document(fleet())._positions


@examples(100)
@given(st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=6), VALUES, max_size=8))
def test_any_document_is_judged(data: dict[str, object]) -> None:
    _judged(data)


VALID = document(fleet(TARGET, more="defaults: {history: {success: 1}}\nntfy: {server: 'http://a', topic: b}\n")).data


@given(st.data())
def test_any_change_to_a_valid_document_is_judged(data: st.DataObject) -> None:
    def changed(node: object) -> object:
        if data.draw(st.integers(0, 5)) == 0:
            return data.draw(VALUES)
        if isinstance(node, dict):
            return {key: changed(value) for key, value in node.items()}
        return [changed(item) for item in node] if isinstance(node, list) else node

    _judged({key: changed(value) for key, value in VALID.items()})


TARGET_DATA = st.fixed_dictionaries(
    {"namespace": st.just("n"), "at": st.sampled_from(["auto", ":20", "0 0 30 2 *", "5 3 * * 1"])},
    optional={name: VALUES for name in Target.model_fields if name not in {"namespace", "at"}},
)


@examples(50)
@given(TARGET_DATA)
@example({"namespace": "n", "at": "auto", "every": "7m", "skip": ["00:00-24:00"], "volume": {"pvc": "a"}})
def test_any_target_is_judged(target: dict[str, object]) -> None:
    _judged({**VALID, "targets": {"a": target}})


@pytest.mark.parametrize("digits", [f"0x{'f' * 4500}", f"0o{'7' * 4900}", "9" * 4000, "9" * 5000, "1e400", ".nan"])
def test_a_number_of_any_length_is_judged(digits: str) -> None:
    for written in (
        f"deadline: {digits}",
        f"retries: {digits}",
        f"labels: {{a: {digits}}}",
        f"cache: {{size: {digits}}}",
    ):
        read = read_document(of_target(written).replace("deadline: 9m, ", "").encode(), "f")
        assert read.value is not None
        assert {finding.info.code for finding in load_fleet(read.value).findings} <= {"BG203"}
