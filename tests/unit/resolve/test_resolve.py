"""The fleet as it is meant: defaults, what is laid over them, derived values, and what keeps it from being whole."""

import pytest

from backupgen.conventions.roles import PodRole
from backupgen.resolve.codes import CODES
from backupgen.resolve.resolved import Target, VerifyRule
from backupgen.resolve.schedule_input import schedule_input
from backupgen.schedule import AUTO, Use
from tests.unit.language.reading import DIGEST, TARGET, findings, fleet, marked, resolve, resolved

SERVER = "repository: {url: 'rest:http://rest.storage.svc:8000/', server: {volume: {pvc: r}}"
MIRROR = "mirrors: {w: {at: '05:00', deadline: 1h, to: 's3:s3.example.com/b'}}"
NTFY = "ntfy: {server: 'https://ntfy.sh', topic: t, priority: 2}\n"


def target(settings: str = "", *, more: str = "", base: str = "volume: {pvc: a}, run_as: 1000") -> Target:
    line = f"a: {{namespace: n, at: ':20', deadline: 9m, {base}, {settings}}}"
    (found,) = resolved(fleet(line, more=more)).targets
    return found


def test_the_defaults() -> None:
    job = target().job
    assert (job.name, job.instance, job.namespace, job.timezone) == ("backup-a", "a", "n", "Europe/Berlin")
    assert (job.deadline, job.start_within, job.retries, job.grace, job.history) == (540, 120, 2, 120, (1, 3))
    assert (job.suspend, job.cache_in_memory, job.cache_size, job.ntfy) == (False, False, "", None)
    assert dict(job.placement.requests) == {"cpu": "50m", "memory": "256Mi"}
    assert (job.user.uid, job.user.gid, job.user.fs_group) == (1000, 1000, None)
    found = target()
    assert (found.repository, found.tag, found.keep, found.skip) == ("main", "a", (), 0)


def test_what_is_nearer_wins_and_mappings_are_merged() -> None:
    more = (
        "labels: {x: fleet, y: fleet, z: fleet}\n"
        "defaults: {retries: 5, labels: {y: default, z: default}, history: {success: 7, failure: 8},"
        " resources: {requests: {cpu: 1, memory: 1Gi}}, tolerations: [{key: a, operator: Exists}]}\n"
    )
    settings = "labels: {z: own}, history: {failure: 0}, resources: {requests: {cpu: 2}}, tolerations: [], retries: 0"
    job = target(settings, more=more).job
    assert job.labels == {"x": "fleet", "y": "default", "z": "own"}
    assert (job.history, job.retries, job.placement.tolerations) == ((7, 0), 0, ())
    assert dict(job.placement.requests) == {"cpu": "2", "memory": "1Gi"}


@pytest.mark.parametrize(
    ("default", "own", "expected"),
    [
        ("", "", ("t", 2, ("bangbang",), "")),
        ("priority: 5", "", ("t", 5, ("bangbang",), "")),
        ("priority: 5", "priority: 1, tags: [], title: x, topic: u", ("u", 1, (), "x")),
        ("enabled: false", "enabled: true", ("t", 2, ("bangbang",), "")),
        ("enabled: false", "", None),
    ],
)
def test_overrides_of_ntfy(default: str, own: str, expected: tuple[object, ...] | None) -> None:
    more = f"{NTFY}defaults: {{ntfy: {{{default}}}}}\n"
    ntfy = target(f"ntfy: {{{own}}}", more=more).job.ntfy
    assert (ntfy and (ntfy.topic, ntfy.priority, ntfy.tags, ntfy.title)) == expected


def test_a_url_of_ntfy_that_is_none_is_one_mistake() -> None:
    text, place = marked(fleet(TARGET[:-1] + ", ntfy: {topic: u}}", more="ntfy: {server: §ntfy.sh, topic: t}\n"))
    assert findings(text) == [f"{place} BG209 `ntfy.sh` is not a URL, expected one such as `https://ntfy.example.org`"]


def test_what_defaults_override_in_vain_is_said_once() -> None:
    text, place = marked(fleet(f"{TARGET}\n{TARGET.replace('a:', 'b:', 1)}", more="defaults: {§ntfy: {topic: u}}\n"))
    assert findings(text) == [f"{place} BG207 the fleet has no `ntfy` that could be overridden here"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [("lost+found", "lost+found"), ("/a/x", "/backup/a/x"), ("!/a/y", "!/backup/a/y"), ("!y", "!y"), ("*/z", "*/z")],
)
def test_excludes_are_anchored_below_backup(pattern: str, expected: str) -> None:
    assert target(f"exclude: ['{pattern}']").exclude == (expected,)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("", [("dir", "/backup/a", True)]),
        ("verify: [{sqlite: a/x.db}]", [("sqlite", "/backup/a/x.db", False)]),
        ("verify: [{sqlite: ab/x.db}]", [("sqlite", "/backup/ab/x.db", False), ("dir", "/backup/a", True)]),
        ("verify: [{dir: .}]", [("dir", "/backup", False)]),
        (
            "dump: {in_pod: {a: b}, tool: mariabackup}",
            [("xbstream", "/backup/a.xb", True), ("dir", "/backup/a", True)],
        ),
    ],
)
def test_every_source_has_a_verify_rule(settings: str, expected: list[tuple[str, str, bool]]) -> None:
    rules: tuple[VerifyRule, ...] = target(settings).verify
    assert [(rule.kind, rule.file, rule.derived) for rule in rules] == expected


def test_the_server_and_its_mirror() -> None:
    (repository,) = resolved(fleet(repository=f"{SERVER}, {MIRROR}}}\n")).repositories
    assert repository.server is not None
    server = repository.server
    assert (server.name, server.namespace, server.port, server.maintenance_port) == ("rest", "storage", 8000, 8001)
    assert dict(repository.credentials) == {
        "RESTIC_PASSWORD": "restic-password",
        "RESTIC_REST_PASSWORD": "restic-rest-password",
    }
    (copy,) = repository.mirrors
    assert (copy.method, copy.job.name, copy.job.namespace) == ("rclone", "backup-mirror-w", "storage")
    assert copy.credentials["AWS_ACCESS_KEY_ID"] == "mirror-w-aws-access-key-id"


# One text for each code of the stage, `§` before the place.
PROVOKED = {
    "BG201": fleet(more="§xyz: 1\n"),
    "BG202": fleet("§a: {namespace: n, at: ':20', deadline: 9m}"),
    "BG203": fleet(repository="repository: {url: b2:a:b, retention: {at: §auto, deadline: 1h, keep: {last: 1}}}\n"),
    "BG204": fleet(TARGET[:-1] + ", repository: §cloud}"),
    "BG205": fleet("§" + TARGET.replace("deadline: 9m, ", "")),
    "BG206": fleet("§" + TARGET.replace("run_as: 1000, ", "")),
    "BG207": fleet(TARGET[:-1] + ", §volumes: {b: {pvc: b}}}").replace("§", "").replace("volume:", "§volume:", 1),
    "BG208": fleet(TARGET[:-1] + ", §dump: {in_pod: {a: b}, tool: pg_dump}}").replace(f", kubectl: k@{DIGEST}", ""),
    "BG209": fleet(repository="repository: {url: §/mnt/backup}\n"),
    "BG210": fleet(f"{TARGET}\n§mirror-{TARGET}", repository=f"{SERVER}, {MIRROR.replace('w:', 'a:')}}}\n"),
}  # fmt: skip


@pytest.mark.parametrize("code", [info.code for info in CODES])
def test_each_code_is_provoked(code: str) -> None:
    text, place = marked(PROVOKED[code])
    (found,) = findings(text)
    assert found.startswith(f"{place} {code} ")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("§resources: {limits: {memory: 128Mi}}", "the request of `256Mi` memory is more than its limit `128Mi`"),
        ("labels: {§backupgen.io/role: x}", "the label `backupgen.io/role` is the compiler's own"),
        ("dump: {command: [x], file: f}".replace("dump", "§dump"), "a dump by a command in the job's own container"),
        ("§dump: {in_pod: {a: b}, command: [x], file: a}", "the dump and a volume would both lie at `/backup/a`"),
        ("§every: 1h", "`every` goes with `at: auto`"),
        ("§after: x", "`after` undoes what `before` did, expected `before` beside it"),
        ("hook_timeout: §2m, grace: 2m", "`grace` is 2m, and after 2m for the hook a run needs 1m25s more"),
        ("hook_timeout: §300s, grace: 9m", "`hook_timeout` is more than half of the deadline of 9m"),
        ("skip: §['00:00-24:00']", "`skip` leaves no hour in which it could start"),
        ("§cache: {medium: memory}".replace("§cache: ", "cache: §"), "a cache in memory needs a `size`"),
        *(
            (f"backup_args: [§{flag}]", "` is set by the compiler")
            for flag in ("-Hx", "-xn", "--help", "-px", "--tag=a")
        ),
    ],
)
def test_what_cannot_be_together(settings: str, message: str) -> None:
    text, place = marked(fleet(f"{TARGET[:-1]}, {settings}}}"))
    (found,) = findings(text)
    assert found.startswith(f"{place} BG207 ")
    assert message in found


def test_the_pod_waits_for_a_long_hook_and_the_run_ends_itself_earlier() -> None:
    plain, hooked = target("before: x").job, target("before: x, hook_timeout: 90s").job
    assert (plain.grace, hooked.grace) == (120, 175)
    assert plain.ends_itself - hooked.ends_itself == 60


@pytest.mark.parametrize("flag", ["-x", "-vv", "-gtags", "--compression=max", "--exclude-caches"])
def test_other_flags_are_the_users(flag: str) -> None:
    assert target(f"backup_args: ['{flag}']").backup_args == (flag,)


def test_the_compilers_labels_are_refused_everywhere() -> None:
    label = "{app.kubernetes.io/name: x}"
    assert [line.split()[1] for line in findings(fleet(more=f"labels: {label}\ndefaults: {{labels: {label}}}\n"))] == [
        "BG207",
        "BG207",
    ]


def test_waivers_know_their_place() -> None:
    text = fleet(TARGET[:-1] + ", waive: {b: r}}", more="waive: {a: r}\n")
    assert [(waiver.scope, waiver.slug) for waiver in resolved(text).waivers] == [((), "a"), (("targets", "a"), "b")]


@pytest.mark.parametrize("every", ["1h", "12h", "1d", "1w", "30d"])
@pytest.mark.parametrize("skip", ["06:00-05:00", "08:00-20:00", "20:00-08:00"])
def test_a_chosen_slot_keeps_out_of_skipped_hours(every: str, skip: str) -> None:
    slot = f"at: auto, every: {every}, skip: ['{skip}']"
    lines = "\n".join(TARGET.replace("a:", f"t{number}:", 1).replace('at: ":20"', slot) for number in range(6))
    found = resolved(fleet(lines))
    operations = schedule_input(found).operations
    assert len(operations) == 6
    for operation, item in zip(operations, found.targets, strict=True):
        assert item.job.slot is AUTO
        assert operation.schedule.hours
        assert operation.schedule.hours & item.skip == 0


def test_operations_carry_their_locks() -> None:
    repository = (
        f"{SERVER}, lock_wait: 7m, parallel: 3, retention: {{at: '01:00', deadline: 1h, keep: {{last: 1}}}}, "
        "restore_test: {at: '03:00', deadline: 1h, scratch: 1Gi}, "
        "mirrors: {w: {at: '05:00', deadline: 1h, to: 's3:h/b', "
        "restore_test: {at: '09:00', deadline: 1h, scratch: 1Gi}}, "
        "c: {method: restic_copy, at: '07:00', deadline: 1h, to: 'b2:x:'}}}\n"
    )
    operations = schedule_input(resolved(fleet(repository=repository))).operations
    assert [(operation.name, operation.use, operation.may_yield) for operation in operations] == [
        ("backup-a", Use.BACKUP, True),
        ("restic-retentionpolicies", Use.EXCLUSIVE, False),
        ("backup-restore-test", Use.READ, False),
        ("backup-mirror-w", Use.FILE_COPY, False),
        ("backup-restore-test-mirror-w", Use.READ, False),
        ("backup-mirror-c", Use.READ, False),
    ]
    assert [operation.repository for operation in operations] == [*["main"] * 4, "mirror-w", "main"]
    # The backup's deadline is 9m: a wait past it would be reported as a hung job, and not as a lock.
    assert [operation.lock_wait for operation in operations] == [270, 420, 420, 420, 420, 420]


def test_two_names_for_one_place_are_refused() -> None:
    other = "repositories: {b: {url: 's3:https://h/b/'}}\n"
    twice = f"repository: {{url: 's3:h/b', mirrors: {{m: {{at: '05:00', deadline: 1h, to: 'b2:x:'}}}}}}\n{other}"
    assert [finding.message for finding in resolve(fleet(repository=twice))[1]] == [
        "this is the same repository as `repository.url`"
    ]


def test_two_ids_are_two_repositories_at_one_place() -> None:
    first, second = (f"url: 's3:h/b', id: {digit * 64}" for digit in "ab")
    further = f"repositories: {{b: {{{second}}}}}\n"
    assert resolve(fleet(repository=f"repository: {{{first}}}\n{further}"))[1] == ()
    same = f"repositories: {{b: {{{first.replace('h/b', 'h/c')}}}}}\n"
    found = resolve(fleet(repository=f"repository: {{{first}}}\n{same}"))[1]
    assert [finding.message for finding in found] == ["this is the same repository as `repository.id`"]


def test_two_servers_never_share_a_volume() -> None:
    server = "url: 'rest:http://§.n.svc:8000/', server: {run_as: 1000, volume: {pvc: data}}"
    further = f"repositories: {{b: {{{server.replace('§', 's')}}}}}\n"
    found = resolve(fleet(repository=f"repository: {{{server.replace('§', 'r')}}}\n{further}"))[1]
    assert [finding.message for finding in found] == ["this is the volume of `repository.server.volume`"]


COPY = "method: restic_copy, at: '05:00', deadline: 1h, to: 's3:g/c'"
RCLONE = "copies to a place that begins with `s3:`, from a `server` that the fleet owns or from `s3:`"


@pytest.mark.parametrize(
    ("repository", "message", "help_"),
    [
        (
            "repository: {url: 'b2:h:b', mirrors: {m: {method: rclone, at: '05:00', deadline: 1h, to: 's3:h/c'}}}\n",
            f"`rclone` {RCLONE}",
            "write `method: restic_copy`, and choose a place of another kind",
        ),
        (
            f"{SERVER}, mirrors: {{m: {{at: '05:00', deadline: 1h, to: 'rest:http://h:8000/'}}}}}}\n",
            f"`rclone` {RCLONE}",
            "choose a place that begins with `s3:`",
        ),
        (
            f"{SERVER}, mirrors: {{m: {{at: '05:00', deadline: 1h, to: 's3:h/c', id: {'0' * 64}}}}}}}\n",
            "`rclone` copies the repository's own id, expected none for the copy",
            "leave it out",
        ),
        (
            f"repository: {{url: 's3:h/b', mirrors: {{m: {{{COPY}}}}}}}\n",
            "`restic copy` takes the credentials of two `s3:` repositories from the same variables",
            "choose a place of another kind, or `method: rclone`",
        ),
        (
            "repository: {url: 'b2:h:b', mirrors: {m: {at: '05:00', deadline: 1h, to: 'b2:h:c'}}}\n",
            "`restic copy` takes the credentials of two `b2:` repositories from the same variables",
            "choose a place of another kind",
        ),
    ],
)
def test_a_mirror_that_cannot_be_made(repository: str, message: str, help_: str) -> None:
    found = resolve(fleet(repository=repository))[0].findings
    assert [(finding.message, finding.help) for finding in found] == [(message, help_)]


def test_a_mirror_of_s3_in_s3_is_a_copy_of_files() -> None:
    repository = "repository: {url: 's3:h/b', mirrors: {m: {at: '05:00', deadline: 1h, to: 's3:g/c'}}}\n"
    (mirror,) = resolved(fleet(repository=repository)).repositories[0].mirrors
    assert mirror.method == "rclone"
    assert mirror.job.namespace == "home"


def test_a_legacy_tag_is_no_targets() -> None:
    retention = "retention: {at: '01:00', deadline: 1h, keep: {last: 1}, legacy: {a: 30d, b: 30d}}"
    (finding,) = resolve(fleet(repository=f"{SERVER}, {retention}}}\n"))[0].findings
    assert finding.message == "`a` is the tag of the target `a`, expected one that no target has any more"
    assert finding.spot.path == ("repository", "retention", "legacy", "a")


@pytest.mark.parametrize(
    ("volume", "sentinels"),
    [
        ("{pvc: v}", ()),
        ("{pvc: v, sentinel: id}", (("/backup/a/id",),)),
        ("{pvc: v, paths: [one, two], sentinel: two/id}", (("/backup/a/two/id",),)),
        ("{host_path: /v, reason: r}", (("/backup/a/one/x.db", "/backup/a/two"),)),
        ("{host_path: /v, reason: r, paths: [one, two]}", (("/backup/a/one/x.db",),)),
        ("{host_path: /v, reason: r, sentinel: id}", (("/backup/a/id",),)),
    ],
)
def test_what_has_to_be_there_before_a_backup(volume: str, sentinels: tuple[tuple[str, ...], ...]) -> None:
    rules = "verify: [{dir: a}, {sqlite: a/one/x.db}, {dir: a/two}]"
    assert target(rules, base=f"volume: {volume}, run_as: 1").sentinels == sentinels


def test_a_sentinel_that_is_not_mounted() -> None:
    volume = "volume: {pvc: v, paths: [one], sentinel: id}"
    (finding,) = resolve(fleet(f"a: {{namespace: n, at: ':20', deadline: 9m, run_as: 1, {volume}}}"))[0].findings
    assert finding.message == "`/backup/a/id` is not mounted, expected a path below `/backup/a/one`"
    assert finding.spot.path == ("targets", "a", "volume", "sentinel")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            fleet("a: {namespace: n, at: ':20', deadline: 9m, run_as: 1, volume: {pvc: v, sentinel: .}}"),
            "a `sentinel` lies in the volume, `.` is the volume itself and always there",
        ),
        (
            fleet(repository=SERVER.replace("pvc: r", "pvc: r, sentinel: id") + "}\n"),
            "a `sentinel` belongs to a target's volume: of a repository the `id` says whether it is the right one",
        ),
    ],
)
def test_sentinels_that_would_say_nothing(text: str, message: str) -> None:
    assert [finding.message for finding in resolve(text)[1]] == [message]


def test_how_old_a_snapshot_may_be() -> None:
    assert (target().max_age, target().max_shrink) == (None, 50)
    assert (target("max_age: 2d, max_shrink: 10%").max_age, target("max_shrink: 10%").max_shrink) == (172_800, 10)


def test_every_operation_is_walked_once_and_carries_what_it_is_about() -> None:
    test = "restore_test: {at: '09:00', deadline: 1h, scratch: 1Gi}"
    repository = (
        f"{SERVER}, retention: {{at: '01:00', deadline: 1h, keep: {{last: 1}}}}, {test}, "
        f"mirrors: {{w: {{at: '05:00', deadline: 1h, to: 's3:h/b', {test}}}}}}}\n"
    )
    found = resolved(fleet(repository=repository))
    walked = [
        (
            each.role,
            each.job.name,
            each.target is not None,
            each.retention is not None,
            each.restore_test is not None,
            each.copy is not None,
            each.mirror.name if each.mirror else "",
        )
        for each in found.operations()
    ]
    assert walked == [
        (PodRole.BACKUP, "backup-a", True, False, False, False, ""),
        (PodRole.RETENTION, "restic-retentionpolicies", False, True, False, False, ""),
        (PodRole.RESTORE_TEST, "backup-restore-test", False, False, True, False, ""),
        (PodRole.MIRROR, "backup-mirror-w", False, False, False, True, "w"),
        (PodRole.RESTORE_TEST, "backup-restore-test-mirror-w", False, False, True, False, "w"),
    ]
    assert [each.job for each in found.operations()] == list(found.jobs())
    assert {each.restore_test.job.name for each in found.operations() if each.restore_test} == {
        each.job.name for each in found.operations() if each.role is PodRole.RESTORE_TEST
    }
