"""Fleets as plain data: any that the language can say, for properties, and any size of an everyday one.

`fleets()` draws every axis of the language, with strings that break careless quoting wherever text is free. What it
draws passes loading and resolution. Operations on repositories run at night and backups by day, so that hardly any
conflict arises.
"""

import json
import re
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

Data = dict[str, Any]

DIGEST = "sha256:" + "0123456789abcdef" * 4
NASTY = [
    "plain",
    "it's",
    'say "hi"',
    "{{ x }}",
    "{% raw %}",
    "{# c #}",
    "*",
    "&a",
    "!tag",
    "yes",
    "null",
    "~",
    "0x10",
    "1e3",
    "12:30",
    "a: b",
    "a #b",
    "#",
    "- a",
    "? a",
    "| a",
    "> a",
    "%d",
    "@x",
    "`id`",
    "$(X)",
    "${X}",
    "$X",
    "$$",
    "$(( 1 ))",
    "\\n",
    "C:\\dir\\",
    "\\",
    " leading",
    "trailing ",
    "  ",
    "ü🎉\u2028\u00a0x",
    "a;b|c&d>e<f",
    "--flag=x",
    "-",
    "[a, b]",
    "{a: b}",
    "a,b",
    "'''",
    '"""',
    "EOF",
    "x" * 200,
]
_CHARACTERS = st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")
LINES = st.sampled_from([text for text in NASTY if text.strip()]) | st.text(
    _CHARACTERS, min_size=1, max_size=12
).filter(lambda text: bool(text.strip()))
TEXTS = st.just("") | LINES | st.sampled_from(NASTY) | st.lists(LINES, min_size=2, max_size=3).map("\n".join)
FILE_NAMES = LINES.map(lambda text: "d" + text.replace("/", "_"))
SEGMENTS = LINES.map(lambda text: text.replace("/", "_")).filter(lambda text: text not in {".", ".."})
RELATIVE_PATHS = st.lists(SEGMENTS, min_size=1, max_size=3).map("/".join)
ABSOLUTE_PATHS = RELATIVE_PATHS.map(lambda path: "/" + path.replace(":", "_"))

WORDS = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,8}[a-z0-9])?", fullmatch=True)
LABELS = st.dictionaries(
    st.from_regex(r"[a-z]{1,5}\.example\.com/[A-Za-z0-9]([-A-Za-z0-9_.]{0,6}[A-Za-z0-9])?", fullmatch=True),
    st.sampled_from(["", "yes", "1", "null", "1e3", "a_b.c-d", "0x1F"]),
    min_size=1,
    max_size=2,
)
SELECTORS = st.builds(
    lambda labels, name: {**labels, "selected.example.com/by": name}, LABELS, st.sampled_from(["a", "b", "c"])
)
"""Labels by which an app's pods are found, and which no job of the fleet has."""
ANNOTATIONS = st.dictionaries(st.from_regex(r"example\.com/[a-z]{1,4}", fullmatch=True), TEXTS, min_size=1, max_size=2)
SIZES = st.sampled_from(["1", "512Mi", "1.5Gi", "20Gi", "2T", ".5Ti"])
USERS = st.integers(1, 2**31 - 1) | st.one_of(
    st.fixed_dictionaries(
        {"uid": st.integers(1, 70_000)}, optional={"gid": st.integers(0, 70_000), "fs_group": st.integers(0, 70_000)}
    ),
    st.fixed_dictionaries({"uid": st.just(0), "reason": LINES}),
)
KEEP = st.dictionaries(
    st.sampled_from(["last", "hourly", "daily", "weekly", "monthly", "yearly"]), st.integers(1, 99), min_size=1
) | st.fixed_dictionaries({"within": st.sampled_from(["90d", "6mo", "1y6mo"])})
IMAGES = st.sampled_from([f"registry.example.com:5000/a/restic:0.19@{DIGEST}", f"restic@{DIGEST}", "ghcr.io/a/b:1"])
CREDENTIALS = st.dictionaries(st.sampled_from(["RESTIC_PASSWORD", "MYSQL_PWD", "_X1"]), WORDS, min_size=1)
TOLERATIONS = st.lists(
    st.sampled_from([{"operator": "Exists"}, {"key": "example.com/gpu", "operator": "Exists", "effect": "NoExecute"}])
    | st.fixed_dictionaries(
        {"key": st.just("dedicated"), "value": st.sampled_from(["yes", "", "null"])},
        optional={"operator": st.just("Equal"), "effect": st.sampled_from(["NoSchedule", "PreferNoSchedule"])},
    ),
    max_size=2,
)
RESOURCES = st.fixed_dictionaries(
    {},
    optional={
        "requests": st.fixed_dictionaries(
            {}, optional={"cpu": st.sampled_from(["10m", 1, "0.5"]), "memory": st.just("64Mi")}
        ),
        "limits": st.fixed_dictionaries(
            {}, optional={"cpu": st.just(4), "memory": st.just("8Gi"), "ephemeral-storage": st.just("4Gi")}
        ),
    },
)
PRIORITY = st.integers(1, 5)
TOPICS = st.from_regex(r"[-_A-Za-z0-9]{1,10}", fullmatch=True)
TAGS = st.lists(st.sampled_from(["warning", "yes", "floppy_disk", "1"]), max_size=2)
OVERRIDES = st.fixed_dictionaries(
    {}, optional={"enabled": st.booleans(), "topic": TOPICS, "priority": PRIORITY, "tags": TAGS, "title": LINES}
)
WAIVER = LINES | st.fixed_dictionaries({"reason": LINES}, optional={"until": st.dates().map(str)})
WAIVERS = st.dictionaries(
    st.sampled_from(["slot-capacity", "unpinned-image", "claim-without-node"]), WAIVER, max_size=2
)


def _settings(*, ntfy: bool) -> dict[str, SearchStrategy[Any]]:
    """The optional fields that every job has. Windows stay short, so that schedules meet rarely."""
    fields: dict[str, SearchStrategy[Any]] = {
        "deadline": st.sampled_from(["90s", "2m", "3m"]),
        "start_within": st.sampled_from(["10s", "1m"]),
        "retries": st.integers(0, 3),
        "grace": st.sampled_from(["2m", "3m"]),
        "history": st.fixed_dictionaries({}, optional={"success": st.integers(0, 5), "failure": st.integers(0, 5)}),
        "suspend": st.booleans(),
        "image": IMAGES,
        "resources": RESOURCES,
        "cache": st.one_of(
            st.fixed_dictionaries({"size": SIZES}, optional={"medium": st.just("memory")}), st.just({"medium": "disk"})
        ),
        "node_selector": LABELS,
        "tolerations": TOLERATIONS,
        "run_as": USERS,
        "labels": LABELS,
        "annotations": ANNOTATIONS,
    }
    return {**fields, "ntfy": OVERRIDES} if ntfy else fields


VOLUMES = st.one_of(
    st.fixed_dictionaries(
        {"pvc": WORDS},
        optional={
            "access": st.sampled_from(["ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany", "ReadOnlyMany"]),
            "paths": st.lists(RELATIVE_PATHS, min_size=1, max_size=2, unique=True),
        },
    ),
    st.fixed_dictionaries({"host_path": ABSOLUTE_PATHS, "reason": LINES}, optional={"sentinel": RELATIVE_PATHS}),
)
DUMPS_IN_POD = st.one_of(
    st.fixed_dictionaries(
        {"in_pod": SELECTORS, "tool": st.just("pg_dump")},
        optional={"user": LINES, "database": LINES, "container": WORDS},
    ),
    st.fixed_dictionaries(
        {"in_pod": SELECTORS, "tool": st.just("mariabackup")},
        optional={"user": LINES, "file": FILE_NAMES, "staging": st.sampled_from([{"pvc": "stage"}, {"size": "1Gi"}])},
    ),
    st.fixed_dictionaries(
        {"in_pod": SELECTORS, "command": st.lists(TEXTS, min_size=1, max_size=3), "file": FILE_NAMES},
        optional={"container": WORDS},
    ),
)
DUMPS = st.fixed_dictionaries({"command": st.lists(TEXTS, min_size=1, max_size=3), "file": FILE_NAMES})
PORTS = st.integers(1, 65535)
PEERS = st.one_of(
    st.fixed_dictionaries({"pod": SELECTORS, "port": PORTS}, optional={"namespace": WORDS}),
    st.fixed_dictionaries({"host": st.sampled_from(["api.example.com", "db"]), "port": PORTS}),
    st.fixed_dictionaries({"cidr": st.sampled_from(["192.0.2.0/24", "2001:db8::/32"]), "port": PORTS}),
)
VERIFY = st.one_of(
    st.fixed_dictionaries({"file": RELATIVE_PATHS}, optional={"min_size": SIZES}),
    st.fixed_dictionaries({"dir": RELATIVE_PATHS}, optional={"min_files": st.integers(0, 99), "min_size": SIZES}),
    RELATIVE_PATHS.map(lambda path: {"sqlite": path}),
    RELATIVE_PATHS.map(lambda path: {"xbstream": path}),
    RELATIVE_PATHS.map(lambda path: {"pgdump": path}),
)


@st.composite
def _target(draw: st.DrawFn, index: int, repositories: list[str], *, ntfy: bool) -> Data:
    optional = _settings(ntfy=ntfy) | {
        "repository": st.sampled_from(repositories),
        "skip": st.lists(st.sampled_from(["12:00-14:00", "22:00-02:00"]), max_size=2),
        "with_pod": SELECTORS,
        "exclude": st.lists(TEXTS | ABSOLUTE_PATHS, max_size=3),
        "backup_args": st.lists(
            st.sampled_from(["--one-file-system", "-x", "--compression=max", "--exclude-if-present=.no backup"]),
            max_size=2,
        ),
        "tag": st.just(f"Tag_{index}.x"),
        "hostname": st.just(f"host-{index}.example.com"),
        "keep": KEEP,
        "verify": st.lists(VERIFY, max_size=3),
        "max_age": st.sampled_from(["2d", "90m"]),
        "max_shrink": st.sampled_from(["1%", "50%", "100%"]),
        "credentials": CREDENTIALS,
        "connects_to": st.lists(PEERS, max_size=2),
        "waive": WAIVERS,
        "timezone": st.sampled_from(["Europe/Berlin", "Europe/London", "UTC"]),
    }
    target: Data = draw(st.fixed_dictionaries({"namespace": WORDS}, optional=optional))
    target.setdefault("deadline", "2m")
    hour, minute = 8 + index % 12, index * 7 % 60
    target["at"] = draw(
        st.sampled_from([f":{minute:02}", f"{hour:02}:{minute:02}", f"Mon,Thu {hour:02}:{minute:02}"])
        | st.sampled_from([f"{minute} {hour} 1,15 * *", "auto"])
    )
    if target["at"] == "auto" and draw(st.booleans()):
        target["every"] = draw(st.sampled_from(["1h", "6h", "1d", "1w"]))
    source = draw(st.sampled_from(["volume", "volumes", "dump", "in_pod", "both"]))
    if source in {"volume", "both"}:
        target["volume"] = draw(VOLUMES)
    if source == "volumes":
        target["volumes"] = draw(st.dictionaries(WORDS.map(lambda name: f"v-{name}"), VOLUMES, min_size=1, max_size=2))
    if source in {"dump", "in_pod", "both"}:
        target["dump"] = draw(DUMPS if source == "dump" else DUMPS_IN_POD)
    target.setdefault("run_as", draw(USERS))
    if draw(st.booleans()):
        target["before"] = draw(LINES)
        if draw(st.booleans()):
            target["after"] = draw(LINES)
    return target


URLS = {
    "s3": "s3:s3.example.com/bucket",
    "b2": "b2:bucket:a/b c",
    "azure": "azure:container:/",
    "rest": "rest:https://r.example.com/a/",
}


def _of_its_own(volume: Data, index: int) -> None:
    """Two servers never share a volume."""
    for place, mark in (("pvc", "-of-"), ("host_path", "/of-")):
        if place in volume:
            volume[place] += f"{mark}{index}"


@st.composite
def _repository(draw: st.DrawFn, index: int, *, ntfy: bool) -> Data:
    night = _settings(ntfy=ntfy)
    operation = {"optional": {**night, "waive": WAIVERS}}
    del operation["optional"]["deadline"]
    kind = draw(st.sampled_from([*URLS, "server"]))
    name = "rest-server" if index == 0 else f"rest-{index}"
    url = f"rest:http://{name}.storage.svc.cluster.local:8000/" if kind == "server" else f"{URLS[kind]}{index}"
    repository: Data = {"url": url, **draw(
        st.fixed_dictionaries({}, optional={
            "id": st.just(f"{index}123456789abcdef" + "0123456789abcdef" * 3),
            "lock_wait": st.sampled_from(["5m", "20m"]),
            "parallel": st.integers(1, 5),
            "credentials": CREDENTIALS,
            "waive": WAIVERS,
        })
    )}  # fmt: skip
    if kind == "server":
        fields = {key: night[key] for key in ("image", "resources", "tolerations", "node_selector", "run_as")}
        fields |= {"labels": LABELS, "annotations": ANNOTATIONS}
        repository["server"] = draw(st.fixed_dictionaries({"volume": VOLUMES}, optional=fields))
        repository["server"]["volume"].pop("sentinel", None)
        _of_its_own(repository["server"]["volume"], index)
    if draw(st.booleans()):
        required = {"at": st.just("01:00"), "deadline": st.just("30m"), "keep": KEEP}
        repository["retention"] = draw(st.fixed_dictionaries(required, **operation))
        if draw(st.booleans()):
            repository["retention"]["read_data"] = "1/20"
        if draw(st.booleans()):
            repository["retention"]["legacy"] = {"Old.tag": "90d"}
    if draw(st.booleans()):
        scratch = SIZES | st.fixed_dictionaries({"size": SIZES}, optional={"storage_class": WORDS})
        required = {"at": st.just("Sun 03:00"), "deadline": st.just("1h"), "scratch": scratch}
        repository["restore_test"] = draw(st.fixed_dictionaries(required, **operation))
    copies = {"s3": f"s3:copy.example.com/b{index}", "b2": f"s3:copy.example.com/b{index}", "azure": f"b2:copy:{index}"}
    if draw(st.booleans()):
        to = f"s3:copy.example.com/b{index}" if kind == "server" else copies.get(kind, f"b2:c:{index}")
        required = {"at": st.just("Mon,Thu 05:00"), "deadline": st.just("1h"), "to": st.just(to)}
        mirror = repository["mirrors"] = {f"m{index}": draw(st.fixed_dictionaries(required, **operation))}
        if draw(st.booleans()):
            required = {"at": st.just("Sat 09:00"), "deadline": st.just("1h"), "scratch": SIZES}
            mirror[f"m{index}"]["restore_test"] = draw(st.fixed_dictionaries(required, **operation))
            mirror[f"m{index}"]["read_data"] = "1/60"
    return repository


def _extras(*, ntfy: bool) -> dict[str, SearchStrategy[Any]]:
    source = st.fixed_dictionaries(
        {"name": WORDS}, optional={"kind": st.sampled_from(["GitRepository", "OCIRepository"]), "namespace": WORDS}
    )
    flux = st.fixed_dictionaries(
        {"path": LINES, "source": source}, optional={"interval": st.just("10m"), "decryption_secret": WORDS}
    )
    argocd = st.fixed_dictionaries(
        {}, optional={"sync_wave": st.integers(-9, 99), "repo": LINES, "path": RELATIVE_PATHS, "revision": LINES}
    )
    return {
        "image_pull_secrets": st.lists(WORDS, max_size=2),
        "scripts": st.sampled_from(["per_namespace", "reflector"]),
        "network_policies": st.sampled_from(["none", "kubernetes", "cilium"]),
        "gitops": st.one_of(flux.map(lambda value: {"flux": value}), argocd.map(lambda value: {"argocd": value})),
        "sops": st.fixed_dictionaries(
            {},
            optional={
                "age": st.lists(LINES.map("age1{}".format), min_size=1, max_size=2),
                "pgp": st.lists(LINES, min_size=1, max_size=1),
            },
        ),
        "labels": LABELS,
        "annotations": ANNOTATIONS,
        "defaults": st.fixed_dictionaries({}, optional=_settings(ntfy=ntfy)),
        "unprotected": st.dictionaries(st.sampled_from(["media/cache", "*/tmp-*", "/vol/films"]), LINES, max_size=2),
        "waive": WAIVERS,
    }


@st.composite
def fleets(draw: st.DrawFn, *, targets: int = 3) -> Data:
    """A fleet of one to so many targets that loads and resolves without a finding."""
    ntfy = draw(st.booleans())
    fleet: Data = {
        "fleet": draw(WORDS),
        "home_namespace": draw(WORDS),
        "timezone": draw(st.sampled_from(["Europe/Berlin", "UTC"])),
        "images": {"restic": draw(IMAGES), "rest_server": f"s@{DIGEST}", "kubectl": f"k@{DIGEST}"},
        "repository": draw(_repository(0, ntfy=ntfy)),
        **draw(st.fixed_dictionaries({}, optional=_extras(ntfy=ntfy))),
    }
    further = [f"r{number}" for number in range(1, draw(st.integers(1, 3)))]
    if further:
        fleet["repositories"] = {name: draw(_repository(int(name[1:]), ntfy=ntfy)) for name in further}
    if ntfy:
        fleet["ntfy"] = draw(
            st.fixed_dictionaries(
                {"server": st.sampled_from(["https://ntfy.sh", "http://ntfy.tools.svc:8080"]), "topic": TOPICS},
                optional={
                    "auth": st.booleans(),
                    "priority": PRIORITY,
                    "tags": TAGS,
                    "title": LINES,
                    "pod_labels": SELECTORS,
                },
            )
        )
    if draw(st.booleans()):
        fleet["pushgateway"] = draw(
            st.fixed_dictionaries(
                {"url": st.just("http://push.monitoring.svc:9091")}, optional={"pod_labels": SELECTORS}
            )
        )
        shown = st.fixed_dictionaries({"namespace": WORDS}, optional={"labels": LABELS, "annotations": ANNOTATIONS})
        fleet |= draw(st.fixed_dictionaries({}, optional={"alerts": shown, "dashboard": shown}))
    names = draw(st.lists(WORDS, min_size=1, max_size=targets, unique=True))
    fleet["targets"] = {
        f"t-{name}": draw(_target(index, ["main", *further], ntfy=ntfy)) for index, name in enumerate(names)
    }
    return fleet


def dumped(data: Data) -> bytes:
    """The fleet in YAML's flow style, every string quoted. JSON's surrogate pairs and raw separators are no YAML."""
    text = json.dumps(data, ensure_ascii=False)
    return re.sub("[\u0085\u00a0\u2028\u2029\ufeff]", lambda match: f"\\u{ord(match[0]):04x}", text).encode()


def large_fleet(targets: int) -> Data:
    """An everyday fleet of so many targets, twenty in a namespace, their slots spread over the hour."""
    return {
        "fleet": "large",
        "home_namespace": "backup",
        "timezone": "Europe/Berlin",
        "images": {"restic": f"ghcr.io/example/restic@{DIGEST}", "rest_server": f"ghcr.io/example/rest@{DIGEST}"},
        "repository": {
            "url": "rest:http://rest-server.backup.svc.cluster.local:8000/",
            "id": "0123456789abcdef" * 4,
            "parallel": max(targets, 1),
            "server": {"volume": {"pvc": "restic", "access": "ReadWriteMany"}},
            "retention": {"at": "03:05", "deadline": "45m", "keep": {"hourly": 24, "daily": 7, "weekly": 4}},
            "restore_test": {"at": "Sun 04:00", "deadline": "2h", "scratch": "20Gi"},
        },
        "network_policies": "kubernetes",
        "pushgateway": {"url": "http://push.monitoring.svc:9091", "pod_labels": {"app": "pushgateway"}},
        "alerts": {"namespace": "monitoring"},
        "dashboard": {"namespace": "monitoring"},
        "defaults": {"deadline": "8m", "start_within": "2m", "retries": 2},
        "waive": {"copied-database": "the apps write seldom"},
        "targets": {
            f"app-{number:05}": {
                "namespace": f"team-{number // 20:04}",
                "at": f":{number * 7 % 60:02}",
                "run_as": 1000 + number % 500,
                "with_pod": {"app.kubernetes.io/name": f"app-{number:05}"},
                "volume": {"pvc": f"data-{number:05}"},
                "exclude": ["lost+found"],
                "verify": [{"sqlite": f"app-{number:05}/app.db"}],
            }
            for number in range(targets)
        },
    }
