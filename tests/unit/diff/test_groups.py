"""Groups of the Pushgateway that nobody reports to any more."""

import pytest

from backupgen.diff.groups import Group, abandoned, abandoned_in, reporting
from backupgen.diff.jobs import RenderedJob, job_of
from backupgen.diff.objects import read_objects
from tests.compiled import compile_text, compiled, file_of
from tests.unit.diff.rendered import GATEWAY, Files, backup, cronjob


def jobs(files: Files) -> list[RenderedJob]:
    return [job for obj in read_objects(files, files).values() if (job := job_of(obj)) is not None]


@pytest.mark.parametrize(
    ("url", "commands"),
    [
        ("https://push.example.org/gw/", ["curl -X DELETE https://push.example.org/gw/metrics/job/backup/instance/a"]),
        ("https://push.example.org", ["curl -X DELETE https://push.example.org/metrics/job/backup/instance/a"]),
        ("no url", ["curl -X DELETE 'no url/metrics/job/backup/instance/a'"]),
        (
            "http://pg.mon.svc:9091",
            [
                "kubectl -n mon port-forward service/pg 9091:9091",
                "curl -X DELETE http://localhost:9091/metrics/job/backup/instance/a",
            ],
        ),
        (
            "http://pg.mon.svc.cluster.local/gw",
            [
                "kubectl -n mon port-forward service/pg 8080:80",
                "curl -X DELETE http://localhost:8080/gw/metrics/job/backup/instance/a",
            ],
        ),
        (
            "https://pg.mon.svc.cluster.local/",
            [
                "kubectl -n mon port-forward service/pg 8443:443",
                "curl --connect-to ::localhost:8443 -X DELETE "
                "https://pg.mon.svc.cluster.local/metrics/job/backup/instance/a",
            ],
        ),
    ],
)
def test_the_commands(url: str, commands: list[str]) -> None:
    assert list(Group(url, "a").deletion()) == commands


def test_an_instance_of_other_characters_is_encoded() -> None:
    assert Group("https://p", "a/ü ?>").path == "metrics/job/backup/instance@base64/YS_DvCA_Pg"


def test_only_what_nobody_reports_any_more_is_abandoned() -> None:
    silent = backup("silent", env={"PUSHGATEWAY_ENABLED": "false"})
    files = backup("b") | backup("a") | backup("c", "c", "host") | silent | cronjob("backup-mirror", "mirror")
    assert abandoned(jobs(files), frozenset({"b"})) == (Group(GATEWAY, "a"), Group(GATEWAY, "host"))


def test_a_job_without_a_host_reports_under_its_name() -> None:
    env = {"PUSHGATEWAY_ENABLED": "true", "PUSHGATEWAY_URL": GATEWAY}
    files = cronjob("backup-mirror", "mirror", env=env)
    assert abandoned(jobs(files), frozenset()) == (Group(GATEWAY, "mirror"),)


def test_what_is_replaced_and_removed_is_seen_in_the_files() -> None:
    old = dict(compiled("reference").manifests.files)
    text = file_of("reference").read_text(encoding="utf-8")
    without = text[: text.index("  emby:\n")] + text[text.index("  nextpvr:\n") :]
    renamed = without.replace("    run_as: 472\n", "    run_as: 472\n    hostname: dashboards\n").replace("8m,", "7m,")
    new = compile_text(renamed)
    changed = {path: content for path, content in old.items() if new.manifests.files.get(path) != content}
    assert [group.instance for group in abandoned_in(changed, new.manifests.files, new.plan)] == ["emby", "grafana"]
    assert {"dashboards", "backup-mirror-wasabi", "mariadb"} < reporting(new.plan)
    assert abandoned_in({}, new.manifests.files, new.plan) == ()


def test_a_suspended_target_keeps_its_group() -> None:
    text = file_of("reference").read_text(encoding="utf-8")
    new = compile_text(text.replace('    at: ":30"\n', '    at: ":30"\n    suspend: true\n'))
    assert "emby" in reporting(new.plan)


def test_a_file_that_looks_otherwise_is_read_all_the_same() -> None:
    """By a template of somebody's own, or by hand: how a value is written does not matter."""
    (path, text), *_ = backup("a").items()
    new = compiled("reference")
    assert "- name:" not in text
    other = text.replace('"a"', '"b"')
    assert [group.instance for group in abandoned_in({path: other}, {path: text}, new.plan)] == ["b"]
