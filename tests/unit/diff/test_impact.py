"""Targets and jobs that come, go, rest or have another name, in the words of backups."""

import json
from dataclasses import replace
from typing import Any

import pytest

from backupgen.diff.impact import ConsequenceKind, Holding, Situation
from backupgen.diff.impact.kinds import RANK
from tests.unit.diff.rendered import GATEWAY, REST, backup, cronjob, found, kinds, rendered, said


def held(**more: Any) -> Situation:
    known: dict[str, Any] = {"id": "1f", "owners": {}, "legacy": {}, "forgets": True, "place": "repository"}
    return Situation(repositories={REST: Holding(**(known | more))})


def test_a_target_comes() -> None:
    assert said({}, cronjob()) == [
        (
            "target-added",
            "grafana",
            "`grafana` will be backed up at `20 * * * *` (Europe/Berlin), at least every 1h; "
            "up to 1h10m30s of its data can be lost",
        )
    ]
    ((_, _, message),) = said({}, cronjob(suspend=True, schedule="@x"))
    assert message == "`grafana` will be backed up at `@x` (Europe/Berlin); it is suspended"


@pytest.mark.parametrize(
    ("situation", "fate"),
    [
        (
            held(),
            "those with the tag `g` stay for ever, until `repository.retention.legacy` says how old they may get, as "
            "in `g: 90d`",
        ),
        (held(legacy={"g": 90}), "those with the tag `g` are forgotten when older than 90d, the last one too"),
        (held(owners={"g": "other"}), "those with the tag `g` now belong to `other`, whose retention thins them out"),
        (held(forgets=False), "those with the tag `g` stay for ever, for the repository has no retention"),
        (Situation(), "those with the tag `g` stay in the repository, which the fleet no longer uses"),
    ],
)
def test_a_target_goes_and_its_snapshots_have_a_fate(situation: Situation, fate: str) -> None:
    told = said(backup("grafana", "g"), {}, situation)
    assert told[0] == (
        "target-removed",
        "grafana",
        f"nothing backs up `grafana` any more; of its snapshots: {fate}",
    )
    assert [kind for kind, _, _ in told] == ["target-removed", "pushgateway-group"]


@pytest.mark.parametrize(
    ("role", "end"),
    [
        ("retention", ": nothing forgets, prunes or checks, so the repository grows and damage is not seen"),
        ("restore-test", ": nothing proves any more that these backups can be restored"),
        ("mirror", ": the copy at `b2:copy` stays as it is, grows old, and is yours to delete"),
        ("other", ""),
    ],
)
def test_jobs_of_the_fleet_come_and_go(role: str, end: str) -> None:
    job = cronjob(
        "some-job", role, schedule="0 5 * * *", timeZone="Etc/UTC", env={"MIRROR_RESTIC_REPOSITORY": "b2:copy"}
    )
    assert said({}, job) == [
        ("job-added", "some-job", "`some-job` will run at `0 5 * * *` (Etc/UTC), at least every 1d"),
    ]
    assert said(job, {}) == [("job-removed", "some-job", f"`some-job` no longer runs{end}")]


def test_a_mirror_of_which_only_the_secret_knows_the_place() -> None:
    ((_, _, message),) = said(cronjob("m", "mirror"), {})
    assert message.startswith("`m` no longer runs: its copy stays")


@pytest.mark.parametrize(
    ("role", "what"),
    [
        ("backup", "nothing is backed up, and no alert tells"),
        ("retention", "nothing is forgotten, pruned or checked"),
        ("restore-test", "nothing proves that the backups can be restored"),
        ("mirror", "the copy grows old, and no alert tells"),
        ("other", "nothing happens"),
    ],
)
def test_a_job_rests_and_runs_again(role: str, what: str) -> None:
    runs, rests = cronjob("job", role), cronjob("job", role, suspend=True)
    assert said(runs, rests) == [("suspended", "job", f"`job` rests: until it is resumed, {what}")]
    assert said(rests, runs) == [("resumed", "job", "`job` runs again")]


def test_another_name_with_the_same_tag_and_host_is_a_new_name() -> None:
    old, new = backup("a", mounts={"/backup/a": "x"}), backup("b", "a", "a", mounts={"/backup/b": "y"})
    assert said(old, new, replace(held(owners={"a": "b"}), reporting=frozenset({"a"}))) == [
        ("source-removed", "b", "`b` no longer backs up `/backup/a` (the claim `x`)"),
        (
            "target-renamed",
            "b",
            "`b` is the new name of `a`: with the tag and host of its snapshots, so their history goes on",
        ),
        ("source-added", "b", "`b` backs up `/backup/b` too (the claim `y`)"),
    ]


def test_another_name_with_the_same_claims_loses_the_history() -> None:
    old, new = backup("a", mounts={"/backup/a": "x"}), backup("b", mounts={"/backup/b": "x"})
    told = found(old, new, held(owners={"b": "b"}))
    assert [one.kind for one in told] == [
        ConsequenceKind.IDENTITY_CHANGED,
        ConsequenceKind.TARGET_RENAMED,
        ConsequenceKind.PUSHGATEWAY_GROUP,
        ConsequenceKind.SOURCE_MOVED,
    ]
    assert told[0].message == (
        "new snapshots of `b` get another tag, `b`: the retention and the restore test no longer look at the old ones; "
        "those with the tag `a` stay for ever, until `repository.retention.legacy` says how old they may get, as in "
        "`a: 90d`; `tag: a` keeps the history together"
    )
    assert told[1].message == "`b` is the new name of `a`: it reads the same data"
    assert told[2].commands[-1].endswith("/metrics/job/backup/instance/a")
    assert told[3].message == (
        "the snapshots of `b` hold the claim `x` as `/backup/b`, it was `/backup/a`: a restore looks there"
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (backup("a") | backup("b"), backup("c") | backup("d")),  # nothing says which is which
        (backup("a", mounts={"/a": "x"}), backup("b", mounts={"/a": "x"}, namespace="other")),  # another claim
        (backup("a", mounts={"/a": "/x"}, node={"n": "1"}), backup("b", mounts={"/a": "/x"}, node={"n": "2"})),
        (  # two candidates
            backup("a", mounts={"/a": "x"}),
            backup("b", mounts={"/a": "x"}) | backup("c", mounts={"/a": "x"}),
        ),
        (backup("a", "t", "h"), backup("b", "t", "h", repository="b2:other")),
    ],
)
def test_what_is_not_certain_is_no_new_name(old: dict[str, str], new: dict[str, str]) -> None:
    assert set(kinds(old, new)) == {"target-removed", "target-added", "pushgateway-group"}


def test_a_target_moves_to_another_namespace() -> None:
    old, new = (backup("a", mounts={"/backup/a": "x"}, namespace=name) for name in ("one", "two"))
    assert said(old, new, Situation(reporting=frozenset({"a"}))) == [
        (
            "target-moved",
            "a",
            "`a` moves from the namespace `one` to `two`, where its Secret is sealed anew; claims are other ones there",
        )
    ]
    old, new = (cronjob("retention", "retention", namespace=name) for name in ("one", "two"))
    ((kind, target, message),) = said(old, new)
    assert (kind, target) == ("target-moved", "retention")
    assert message.endswith("where its Secret is sealed anew")


def test_another_host_splits_the_history() -> None:
    told = said(backup("a"), backup("a", "a", "new"), held(owners={"a": "a"}))
    assert told[0] == (
        "identity-changed",
        "a",
        "new snapshots of `a` get another host, `new`: the next backup reads everything anew, and the retention goes "
        "on keeping the last ones of the host `a` beside them; `hostname: a` keeps the history together",
    )
    assert [kind for kind, _, _ in told] == ["identity-changed", "pushgateway-group"]


def test_the_most_serious_is_told_first() -> None:
    old = backup("a") | backup("b") | cronjob("mirror", "mirror")
    new = backup("a", deadline=1) | backup("c") | cronjob("mirror", "mirror", suspend=True)
    told = found(old, new)
    assert [one.kind for one in told] == sorted((one.kind for one in told), key=lambda kind: RANK[kind])
    assert [one.kind.slug for one in told][:2] == ["target-removed", "suspended"]
    levels = [one.kind.level for one in told]
    assert levels == sorted(levels, key=["risk", "action", "note"].index)


def test_objects_of_others_mean_nothing() -> None:
    job = {"kind": "CronJob", "metadata": {"name": "other"}, "spec": {"schedule": "x"}}
    assert said(rendered(job), {}) == []
    assert said(rendered(job | {"spec": None}), rendered(job)) == []


@pytest.mark.parametrize("broken", [None, "x", 1, [], [None], {"x": None}])
@pytest.mark.parametrize("field", ["args", "env", "volumeMounts", "image"])
def test_what_is_committed_may_be_anything(field: str, broken: object) -> None:
    """What is compared with was written by somebody, sometime."""
    container = {"name": "c", field: broken}
    pod = {"metadata": {"labels": {"backupgen.io/role": "backup"}}, "spec": {"containers": [container]}}
    spec = {"jobTemplate": {"spec": {"template": pod}}}
    old = rendered({"kind": "CronJob", "metadata": {"name": "backup-a", "namespace": "m"}, "spec": spec})
    assert kinds(old, {}) == ["target-removed"]
    assert "target-removed" not in kinds(old, backup("a", namespace="m"))
    for whole in ({"kind": "CronJob", "metadata": {"name": "n"}, "spec": broken}, {"kind": "Role", "metadata": broken}):
        text = {"x.yaml": json.dumps(whole)}
        assert kinds(text, {}) == []


def test_a_changed_pushgateway_is_told() -> None:
    old, new = backup("a"), backup("a", env={"PUSHGATEWAY_URL": "https://push.example.org"})
    known = Situation(reporting=frozenset({"a"}))
    assert said(old, new, known) == [
        (
            "pushgateway-changed",
            "a",
            f"`a` reports to `https://push.example.org`, it was `{GATEWAY}`: see to it that Prometheus scrapes what it "
            "should",
        )
    ]
    silent = backup("a", env={"PUSHGATEWAY_ENABLED": "false"})
    assert kinds(old, silent) == ["pushgateway-changed", "pushgateway-group"]
    assert kinds(silent, old, known) == ["pushgateway-changed"]
