"""Volumes, images, repositories, the server, Secrets, rights and alerts, in the words of backups."""

from typing import Any

import pytest

from backupgen.diff.impact import Holding, Situation
from tests.unit.diff.rendered import REST, backup, cronjob, found, kinds, rendered, said

ID, OTHER = "1f" * 32, "2e" * 32


def known(**more: Any) -> Situation:
    return Situation(reporting=frozenset("ab"), **more)


def test_volumes_come_go_and_are_others() -> None:
    old = backup("a", mounts={"/backup/a": "x", "/backup/b": "/folder"})
    assert said(old, backup("a", mounts={"/backup/a": "y", "/backup/c": "z"}), known()) == [
        ("source-removed", "a", "`a` backs up the claim `y` instead of the claim `x` as `/backup/a`"),
        ("source-removed", "a", "`a` no longer backs up `/backup/b` (the folder `/folder`)"),
        ("source-added", "a", "`a` backs up `/backup/c` too (the claim `z`)"),
    ]


def test_a_volume_that_is_read_twice_is_another_source() -> None:
    old, new = backup("a", mounts={"/backup/a": "x"}), backup("a", mounts={"/backup/a": "x", "/backup/b": "x"})
    assert said(old, new, known()) == [("source-added", "a", "`a` backs up `/backup/b` too (the claim `x`)")]


def test_what_follows_the_flags_is_no_flag() -> None:
    old, new = (cronjob(args=("--exclude=x", "--", "grep", f"--exclude={pattern}")) for pattern in "yz")
    assert said(old, new) == []


def test_the_commands_of_a_backup() -> None:
    stdin = backup("a", args=("--stdin-from-command", "--stdin-filename=f"))
    hooked = backup("a", env={"PRE_HOOK": "stop", "POST_HOOK": "x" * 100})
    other = backup("a", env={"PRE_HOOK": "stop it"})
    assert said(backup("a"), stdin, known()) == [
        ("command-changed", "a", "the backup of `a` has another dump: `--tag=no`, it was none")
    ]
    assert said(hooked, other, known()) == [
        ("command-changed", "a", "the backup of `a` has another command after it"),
        ("command-changed", "a", "the backup of `a` has another command before it: `stop it`, it was `stop`"),
    ]


def test_excludes() -> None:
    old, new = (backup("a", args=args) for args in (("--exclude=x", "--exclude=y"), ("--exclude=y", "--exclude=z")))
    assert said(old, new, known()) == [
        ("exclude-added", "a", "`a` leaves out `z` too"),
        ("exclude-removed", "a", "`a` no longer leaves out `x`"),
    ]


def test_images_are_shortened() -> None:
    old, new = (cronjob(image=f"restic:1@sha256:{digit * 64}") for digit in "12")
    assert said(old, new) == [
        (
            "image-changed",
            "backup-grafana",
            "`backup-grafana` runs the image `restic:1@sha256:222222222222…` instead of "
            "`restic:1@sha256:111111111111…`",
        )
    ]


def test_another_repository_starts_anew() -> None:
    old, new = backup("a"), backup("a", repository="b2:new", env={"RESTIC_REPOSITORY_ID": ID})
    ((kind, _, message),) = said(old, new, known())
    assert kind == "repository-changed"
    assert message == (
        f"`a` backs up to `b2:new` instead of `{REST}`: unless you move the repository, the first backup uploads "
        "everything; of the snapshots that exist, those with the tag `a` stay in the repository, which the fleet no "
        "longer uses; the new one is refused unless its id is `1f1f1f1f1f1f…`"
    )
    ((_, _, message),) = said(old, new, known(repositories={REST: holding(ID)}))
    assert "stay for ever, until `repository.retention.legacy` says how old they may get" in message
    unpinned = backup("a", env={"RESTIC_REPOSITORY_ID": ID}), backup("a", repository="b2:new")
    assert kinds(*unpinned, known()) == ["repository-changed", "repository-unpinned"]
    assert kinds(backup("a"), backup("a", "tag", repository="b2:new"), known()) == ["repository-changed"]
    ((_, _, message),) = said(backup("a", repository=""), backup("a", repository="b2:new"), known())
    assert message.startswith("`a` backs up to `b2:new` instead of one that only the Secret names: ")
    assert message.endswith("which the fleet no longer uses")


def test_the_id_of_a_repository() -> None:
    pinned, other = (backup("a", env={"RESTIC_REPOSITORY_ID": one}) for one in (ID, OTHER))
    assert said(backup("a"), pinned, known()) == [
        (
            "repository-pinned",
            "a",
            "`a` refuses every repository but the one with the id `1f1f1f1f1f1f…`, it was any: `restic cat config` "
            "prints the id",
        )
    ]
    assert "it was `1f1f1f1f1f1f…`" in said(pinned, other, known())[0][2]
    assert said(pinned, backup("a"), known()) == [
        (
            "repository-unpinned",
            "a",
            "`a` accepts any repository, it was the one with the id `1f1f1f1f1f1f…` only",
        )
    ]


def holding(identity: str | None, place: str = "repository") -> Holding:
    return Holding(identity, {}, {}, forgets=True, place=place)


def test_a_new_repository_has_to_be_made() -> None:
    open_ = known(repositories={REST: holding(None)}, bootstrap="backupgen bootstrap --fleet f.yaml")
    made = known(repositories={REST: holding(ID)})
    (first,) = [one for one in found({}, backup("a"), open_) if one.kind.slug == "bootstrap-needed"]
    assert first.target == REST
    assert first.message.startswith(f"the repository `{REST}` is new to the fleet and has no id: ")
    assert first.message.endswith("write its id into `repository.id`")
    assert first.commands == ("backupgen bootstrap --fleet f.yaml | kubectl apply -f -",)
    assert "bootstrap-needed" not in kinds({}, backup("a"), made)
    assert "bootstrap-needed" not in kinds(backup("a"), backup("a", deadline=1), open_)


def test_a_mirror_that_is_a_repository_has_to_be_made() -> None:
    mirror = cronjob("m", "mirror", env={"MIRROR_RESTIC_REPOSITORY": "b2:copy"})
    open_ = known(repositories={"b2:copy": holding(None, "repository.mirrors.m")})
    assert kinds({}, mirror, open_) == ["bootstrap-needed", "job-added"]
    assert "`repository.mirrors.m.id`" in said({}, mirror, open_)[0][2]
    assert said(mirror, cronjob("m", "mirror", env={"MIRROR_RESTIC_REPOSITORY": "b2:new"}), open_) == [
        (
            "mirror-moved",
            "m",
            "`m` copies to `b2:new` instead of `b2:copy`: the first run uploads everything, and the old copy stays as "
            "it is",
        )
    ]


def test_the_volume_of_a_server() -> None:
    def server(*volumes: dict[str, Any], image: str = "s:1") -> dict[str, str]:
        pod = {"containers": [{"name": "c", "image": image}], "volumes": list(volumes)}
        meta = {"name": "rest-server", "namespace": "backup"}
        return rendered({"kind": "Deployment", "metadata": meta, "spec": {"template": {"spec": pod}}})

    claim = {"name": "data", "persistentVolumeClaim": {"claimName": "c"}}
    folder = {"name": "data", "hostPath": {"path": "/f"}}
    assert said(server(claim), server(folder)) == [
        (
            "server-volume-changed",
            "rest-server",
            "`rest-server` serves the folder `/f` instead of the claim `c`: move the repository there before this is "
            "deployed, for every job refuses an empty place",
        )
    ]
    assert "serves nothing instead" in said(server(claim), server())[0][2]
    assert kinds(server(claim), server(claim, image="s:2")) == ["image-changed"]
    assert kinds({}, server(claim)) == kinds(server(claim), {}) == []


def secret(*keys: str, name: str = "backup-env-configuration-grafana", **more: Any) -> dict[str, str]:
    meta = {"name": name, "namespace": "monitoring", "labels": more.pop("labels", {})}
    return rendered({"kind": "Secret", "metadata": meta, "stringData": dict.fromkeys(keys, "x")} | more)


def test_keys_of_secrets() -> None:
    assert said(secret("A", "B"), secret("B", "C")) == [
        ("secret-keys-added", "grafana", "the Secret of `grafana` now needs `C`: `render` seals it, or `secrets seal`"),
        ("secret-keys-removed", "grafana", "the Secret of `grafana` no longer needs `A`"),
    ]
    ((_, _, message),) = said({}, secret("A", name="rest-server-htpasswd"))
    assert message == "the Secret `rest-server-htpasswd` is new and needs `A`: `render` seals it, or `secrets seal`"
    assert said(secret("A"), {}) == []


def test_a_sealed_secret_is_sealed_anew() -> None:
    sealed = secret("A", sops={"version": "3"})
    assert kinds(sealed, secret("A")) == []
    assert said(sealed, secret("A", labels={"team": "ops"})) == [
        (
            "secret-resealed",
            "grafana",
            "the Secret of `grafana` is sealed anew, though its values stay: `render` needs a key for that",
        )
    ]
    assert kinds(secret("A"), secret("A", labels={"team": "ops"})) == []
    assert kinds(sealed, secret("A", "B")) == ["secret-keys-added"]


def test_other_values_are_sealed() -> None:
    other = {path: text.replace('"B": "x"', '"B": "hunter2"') for path, text in secret("A", "B").items()}
    assert said(secret("A", "B"), other) == [
        ("secret-values-changed", "grafana", "the Secret of `grafana` is sealed with another value of `B`")
    ]


def test_values_that_nobody_has_given_yet() -> None:
    name = ("monitoring", "backup-env-configuration-grafana")
    old, new = secret("A"), secret("A", "B", "C")
    needed: dict[tuple[str, str], dict[str, tuple[str, ...]]] = {
        name: {"A": ("a",), "B": ("b",), "C": ("a", "c", "d")},
        ("x", "unchanged"): {"D": ("d",)},
    }
    (missing, _) = found(old, new, Situation(needed=needed, secrets="backupgen secrets --out o"))
    assert (missing.kind.slug, missing.target) == ("credentials-missing", "")
    assert missing.message.startswith("values are needed that nobody has given yet: `b`, `c`; ")
    assert missing.commands == ("backupgen secrets --out o", "backupgen secrets --out o edit")
    assert kinds(old, new, Situation(needed=needed, given=frozenset("bc"))) == ["secret-keys-added"]


def test_rights() -> None:
    role = rendered({"kind": "Role", "metadata": {"name": "backup-db", "namespace": "n"}})
    assert said({}, role) == [
        ("rights-added", "backup-db", "`backup-db` may run commands in the pods of the namespace `n`, for its dump")
    ]
    assert said(role, {}) == []


def rules(*entries: dict[str, Any], namespace: str = "m") -> dict[str, str]:
    meta = {"name": "backup-alerts", "namespace": namespace}
    return rendered(
        {"kind": "PrometheusRule", "metadata": meta, "spec": {"groups": [{"name": "g", "rules": list(entries)}]}}
    )


def alert(name: str, severity: str = "critical", wait: str = "5m", expr: str = "x") -> dict[str, Any]:
    return {"alert": name, "expr": expr, "for": wait, "labels": {"severity": severity}}


def within(instance: str, seconds: int, record: str = "backup_expected_within_seconds") -> dict[str, Any]:
    return {"record": record, "expr": f"vector({seconds})", "labels": {"instance": instance}}


def test_alerts_come_go_and_change() -> None:
    old = rules(alert("A"), alert("B"), alert("C"), alert("D"), {"record": "x", "expr": "y"})
    new = rules(alert("B", "warning", "10m", "z"), alert("C"), alert("E"), {"alert": "D", "expr": "x"}, namespace="n")
    assert said(old, new) == [
        ("alert-removed", "A", "the alert `A` goes"),
        ("alert-added", "E", "the alert `E` comes (critical)"),
        (
            "alert-changed",
            "B",
            "the alert `B` has the severity `warning` instead of `critical`; the delay `10m` instead of `5m`; another "
            "expression",
        ),
        (
            "alert-changed",
            "D",
            "the alert `D` has the severity `no severity` instead of `critical`; the delay `0s` instead of `5m`",
        ),
    ]
    assert said(old, {}) == [("alert-removed", "", "no alert is left: nobody is told when backups fail")]


def test_thresholds_move() -> None:
    old = rules(within("a", 11520), within("b", 60), within("c", 60))
    new = rules(within("a", 7200), within("b", 60), within("d", 60), {**within("c", 0), "expr": "x"})
    assert said(old, new) == [
        ("alert-threshold-changed", "a", "`a` counts as overdue 2h after its last run, it was 3h12m")
    ]
    old, new = (rules(within("a", at, "other"), within("a", at, "backup_expected_deadline_seconds")) for at in (1, 2))
    assert said(old, new) == [("alert-threshold-changed", "a", "the alerts compare `a` with 2 (`other`), it was 1")]
    old, new = (rules({**within("", at, "quota"), "labels": {"repository": "main"}}) for at in (1, 2))
    assert said(old, new) == [
        ("alert-threshold-changed", "main", "the alerts compare `main` with 2 (`quota`), it was 1")
    ]
    assert said(rules({**within("a", 1), "labels": None}), rules({**within("a", 2), "labels": None})) == []


@pytest.mark.parametrize("spec", [None, {"groups": 1}, {"groups": [1, {"rules": [1, {"alert": 1}]}]}])
def test_rules_may_be_anything(spec: object) -> None:
    broken = rendered({"kind": "PrometheusRule", "metadata": {"name": "backup-alerts", "namespace": "m"}, "spec": spec})
    assert kinds(broken, rules(alert("A"))) == ["alert-added"]
