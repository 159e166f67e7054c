"""What `diff` says of changes that people make, byte for byte. `make regen` writes the reports anew: read them."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from pytest_regressions.file_regression import FileRegressionFixture

from backupgen.diff.compare import compare
from backupgen.diff.impact import impact
from backupgen.diff.impact.situation import situation_of
from backupgen.report.changes import CHANGE_FORMATS
from backupgen.report.changes.change_report import ChangeReport
from tests.compiled import REFERENCE, compile_text, file_of

FOLDER = Path(__file__).with_suffix("")
SUFFIXES = {"text": "txt", "markdown": "md"}
NOW = 1_795_695_300
"""Thu 2026-11-26 12:15 UTC."""

Edit = Callable[[str], str]


def put(*pairs: tuple[str, str]) -> Edit:
    """Replace each text, which stands there once."""

    def edit(text: str) -> str:
        for old, new in pairs:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        return text

    return edit


def without(target: str) -> Edit:
    return lambda text: re.sub(rf"(?ms)^  {target}:\n.*?(?=^  [a-z]|\Z)", "", text)


NEW = """
  zigbee:
    namespace: media
    at: "12:45"
    deadline: 4m
    run_as: 1000
    with_pod: {app: zigbee}
    volume: {pvc: zigbee}
    credentials: {MQTT_PASSWORD: zigbee-mqtt}
    verify: [{file: zigbee/database.db}]
"""
KEEP = "keep: {last: 1, hourly: 24, daily: 7, weekly: 4}"
DASHBOARD = 'dashboard: {namespace: monitoring, labels: {grafana_dashboard: "1"}}'
MIRROR = """\
    b2:
      at: "09:00"
      deadline: 2h
      to: s3:s3.us-west-004.backblazeb2.com/bucket/path
      method: restic_copy
    wasabi:
"""

CHANGES: dict[str, Edit] = {
    "target-added": lambda text: text + NEW,
    "target-removed": without("emby"),
    "target-removed-with-legacy": lambda text: put((KEEP, f"{KEEP}\n    legacy: {{emby: 90d}}"))(without("emby")(text)),
    "target-renamed": put(("\n  nextpvr:\n", "\n  recorder:\n"), ("sqlite: nextpvr/", "sqlite: recorder/")),
    "target-moved": put(("  emby:\n    namespace: media", "  emby:\n    namespace: video")),
    "once-a-day": put(('at: ":20"', 'at: "13:20"')),
    "another-minute": put(('at: ":20"', 'at: ":10"'), ('at: ":10"\n    run_as: 1001', 'at: ":20"\n    run_as: 1001')),
    "another-day": put(('at: "Sun 04:00"', 'at: "Wed 10:00"')),
    "deadlines": put(("defaults: {deadline: 8m", "defaults: {deadline: 7m")),
    "retention": put((KEEP, "keep: {last: 1, hourly: 48, daily: 3, monthly: 2}")),
    "rests": put(
        ('at: ":30"\n', 'at: ":30"\n    suspend: true\n'), ('at: "05:00"\n', 'at: "05:00"\n      suspend: true\n')
    ),
    "mirror-added": put(("    wasabi:\n", MIRROR)),
    "mirror-removed": lambda text: re.sub(r"(?ms)^  mirrors:.*?^scripts", "scripts", text),
    "another-place": put(
        ("8000/", "8000/new/"), ("/vol_raidz1/restic-local", "/vol_raidz2/restic"), ("id: 44", "id: 55")
    ),
    "less-is-read": put(
        ("/emby/transcoding-temp", "/emby/metadata"), ("nzbhydra2, ", ""), ("      - {dir: downloader/nzbhydra2}\n", "")
    ),
    "dump": put(
        ("tool: mariabackup,", "command: [mariadb-dump, --all-databases], file: all.sql,"),
        ("xbstream: mariadb.xb", "file: all.sql"),
    ),
    "image": put((":0.19.1@sha256:6aff", ":0.19.2@sha256:7aff")),
    "alerts": put((", labels: {release: kube-prometheus-stack}", ""), (DASHBOARD, "")),
}


@cache
def report(name: str) -> ChangeReport:
    text = file_of(REFERENCE).read_text(encoding="utf-8")
    changed = CHANGES[name](text)
    assert changed != text
    new = compile_text(changed)
    changes = compare(compile_text(text).manifests.files, new.manifests.files)
    known = replace(situation_of(new.fleet, new.proof, new.plan), since=NOW)
    return ChangeReport(changes, impact(changes, known), "out")


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("form", SUFFIXES)
def test_a_change_is_reported_as_it_was(name: str, form: str, file_regression: FileRegressionFixture) -> None:
    text = CHANGE_FORMATS[form](report(name))
    file_regression.check(text.encode(), fullpath=FOLDER / f"{name}.{SUFFIXES[form]}", binary=True)


def test_every_kept_report_is_compared() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {
        f"{name}.{end}" for name in CHANGES for end in SUFFIXES.values()
    }


def test_no_change_is_without_a_meaning() -> None:
    assert [name for name in CHANGES if name != "alerts" and not report(name).impact] == []
