"""A change of fleet.yaml changes what has to change, and not a byte more."""

import hashlib
import os
import re
import subprocess
import sys

import pytest
import yaml

from backupgen.conventions.naming import CHOSEN_SLOTS
from tests.compiled import REFERENCE, compile_text, compiled, file_of, objects
from tests.conftest import REPOSITORY

Files = dict[str, str]

BEGIN = "\ntargets:\n"
NEW = """
  zigbee:
    namespace: {namespace}
    at: "12:45"
    deadline: 4m
    run_as: 1000
    with_pod: {{app: zigbee}}
    volume: {{pvc: zigbee}}
    verify: [{{file: zigbee/database.db}}]
"""
OF_THE_TARGET = {
    "cronjob.backup-zigbee.yaml",
    "secret.backup-env-configuration-zigbee.enc.yaml",
    "ciliumnetworkpolicy.backup-zigbee.yaml",
    "kustomization.yaml",
    "ksops.yaml",
}
OF_THE_FLEET = {
    "longhorn/configmap.restic-retentionpolicies-plan.yaml",
    "longhorn/configmap.backup-restore-test-plan.yaml",
    "longhorn/configmap.backup-restore-test-mirror-wasabi-plan.yaml",
    "monitoring/prometheusrule.backup-alerts.yaml",
    "_alerts/rules.yaml",
    "_alerts/tests.yaml",
    "_runbooks/README.md",
    "_runbooks/timetable.svg",
}
WITH_CONSTANTS = ("prometheusrule.backup-alerts.yaml", "_alerts/rules.yaml")
"""Where a target has lines that do not name it: its thresholds."""
PAGE = "_runbooks/targets/zigbee.md"
OF_A_NEW_NAMESPACE = {
    "kustomization.yaml",
    "longhorn/configmap.crontab-backup-script.yaml",
    "backup/ciliumnetworkpolicy.rest-server.yaml",
    "monitoring/ciliumnetworkpolicy.pushgateway-k3s-at-home.yaml",
}


def source() -> str:
    return file_of(REFERENCE).read_text(encoding="utf-8")


def files(text: str) -> Files:
    return dict(compile_text(text).manifests.files)


def before() -> Files:
    return dict(compiled(REFERENCE).manifests.files)


def changed(old: Files, new: Files) -> set[str]:
    return {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)}


def added_lines(old: Files, new: Files, path: str) -> list[str]:
    """The lines that are new; none of the old ones is gone."""
    rest = iter(new[path].splitlines())
    added = []
    for line in old[path].splitlines():
        for other in rest:
            if other == line:
                break
            added.append(other)
        else:
            pytest.fail(f"{path}: `{line}` is gone")
    return [*added, *rest]


def target_blocks() -> tuple[str, list[str]]:
    """fleet.yaml up to the targets, and the text of each."""
    head, _, targets = source().partition(BEGIN)
    return head + BEGIN, [f"{block.rstrip()}\n" for block in re.split(r"(?m)^(?=  [a-z])", targets) if block.strip()]


def test_a_target_in_a_new_namespace() -> None:
    old, new = before(), files(source() + NEW.format(namespace="home"))
    own = {f"home/{name}" for name in {*OF_THE_TARGET, "ciliumnetworkpolicy.restic-restore.yaml"}} | {PAGE}
    assert new.keys() - old.keys() == own
    assert changed(old, new) == own | OF_THE_FLEET | OF_A_NEW_NAMESPACE


def test_a_target_in_a_known_namespace() -> None:
    old, new = before(), files(source() + NEW.format(namespace="media"))
    assert changed(old, new) == {f"media/{name}" for name in OF_THE_TARGET} | OF_THE_FLEET | {PAGE}
    of_the_target = {f"media/{name}" for name in OF_THE_TARGET - {"kustomization.yaml", "ksops.yaml"}}
    assert new.keys() - old.keys() == of_the_target | {PAGE}


def test_what_a_new_target_adds() -> None:
    """Only whole lines come in, and they name the target or its namespace; but for the drawing, and a count."""
    old, new = before(), files(source() + NEW.format(namespace="media"))
    for path in old.keys() & changed(old, new) - {"_runbooks/timetable.svg", "_alerts/tests.yaml"}:
        lines = added_lines(old, new, path)
        assert lines
        assert path.endswith(WITH_CONSTANTS) or all("zigbee" in line for line in lines)
    assert added_lines(old, new, "longhorn/configmap.restic-retentionpolicies-plan.yaml") == [
        "    retain zigbee zigbee --keep-last=1 --keep-hourly=24 --keep-daily=7 --keep-weekly=4"
        " also=--keep-within=23h also=--keep-within-hourly=23d also=--keep-within-daily=6d23h"
        " also=--keep-within-weekly=21d23h every=82800 rarest=90000 lasts=480 attempts=3 shrink=50"
        " path=/backup/zigbee"
    ]
    rules = old["monitoring/prometheusrule.backup-alerts.yaml"], new["monitoring/prometheusrule.backup-alerts.yaml"]
    was, now = (yaml.safe_load(text)["spec"]["groups"][0]["rules"] for text in rules)
    further = [rule for rule in now if rule not in was]
    assert [rule for rule in was if rule not in now] == []
    assert {rule["record"] for rule in further}
    assert {rule["labels"]["instance"] for rule in further} == {"zigbee"}


def test_removing_a_target_brings_the_old_files_back() -> None:
    head, blocks = target_blocks()
    for number, block in enumerate(blocks):
        without = files(head + "".join(blocks[:number] + blocks[number + 1 :]))
        assert without != before(), block
    assert files(head + "".join(blocks)) == before()
    assert files(source() + NEW.format(namespace="home")) != before() == files(source())


def test_a_removed_target_leaves_no_trace() -> None:
    head, blocks = target_blocks()
    (paperless,) = (block for block in blocks if block.startswith("  paperless:"))
    without = files(head + "".join(block for block in blocks if block != paperless))
    assert [path for path, text in without.items() if "paper" in path or re.search(r"\bpaper", text)] == []


def test_renaming_a_target_changes_its_name_and_nothing_else() -> None:
    old = before()
    new = files(source().replace("\n  nextpvr:\n", "\n  recorder:\n").replace("sqlite: nextpvr/", "sqlite: recorder/"))
    kept = {path: text for path, text in new.items() if path in old}
    assert old.keys() - new.keys() == {
        "media/ciliumnetworkpolicy.backup-nextpvr.yaml",
        "media/cronjob.backup-nextpvr.yaml",
        "media/secret.backup-env-configuration-nextpvr.enc.yaml",
        "_runbooks/targets/nextpvr.md",
    }
    assert changed(old, kept) - (old.keys() - new.keys()) == OF_THE_FLEET | {
        "media/kustomization.yaml",
        "media/ksops.yaml",
    }
    job = new["media/cronjob.backup-recorder.yaml"]
    of_the_app = ("longhorn-pvc-nextpvr-config", "app.kubernetes.io/name: nextpvr")
    assert [line for line in job.splitlines() if "nextpvr" in line and not any(it in line for it in of_the_app)] == []
    assert _named(old["media/cronjob.backup-nextpvr.yaml"]) == _named(job)


def _named(text: str) -> str:
    """With the app's own names put away and the target's made one."""
    text = text.replace("longhorn-pvc-nextpvr-config", "CLAIM").replace("app.kubernetes.io/name: nextpvr", "APP")
    return re.sub("nextpvr|recorder", "TARGET", text)


def test_the_order_of_the_targets_changes_no_byte() -> None:
    head, blocks = target_blocks()
    assert len(blocks) == 6
    for order in (blocks[::-1], blocks[3:] + blocks[:3]):
        assert order != blocks
        assert files(head + "".join(order)) == before()


def test_comments_quotes_and_style_change_no_byte() -> None:
    text = source()
    bare = re.sub(r"(?m)(^|\s)#.*$", "", text)
    assert "#" not in bare
    assert files(bare) == before()
    assert files(text.replace("namespace: media", "namespace: 'media' # a comment")) == before()
    other = text.replace('at: ":20"', "at: ':20'").replace("exclude: [lost+found]", "exclude:\n      - lost+found")
    assert other != text
    assert files(other) == before()
    assert files(text.replace("\n", "\r\n")) == before()
    # As another program writes it: no flow style, no comment, other quotes.
    assert files(yaml.safe_dump(yaml.safe_load(text), sort_keys=False)) == before()


DIGEST = """
import hashlib, sys
from backupgen.pipeline import compile_fleet
from backupgen.report.schedule.timetable import timetable
found = hashlib.sha256()
for name in sys.argv[1:]:
    checked = compile_fleet(open(name, "rb").read(), "fleet.yaml", draw_timetable=timetable)
    for path, text in checked.value.manifests.files.items():
        found.update(f"{path}\\0{text}\\0".encode())
print(found.hexdigest())
"""


def test_every_process_renders_the_same_bytes() -> None:
    names = [REFERENCE, "everything", "node-folders"]
    paths = [str(file_of(name)) for name in names]
    wanted = hashlib.sha256()
    for name in names:
        for path, text in compiled(name).manifests.files.items():
            wanted.update(f"{path}\0{text}\0".encode())
    for seed in ("1", "4242"):
        env = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONHASHSEED": seed}
        run = subprocess.run(
            [sys.executable, "-c", DIGEST, *paths], env=env, capture_output=True, text=True, check=True
        )
        assert run.stdout.strip() == wanted.hexdigest()


def test_an_added_target_moves_no_chosen_slot() -> None:
    text = file_of("node-folders").read_text(encoding="utf-8")
    block = "  extra: {namespace: other, at: auto, run_as: 1000, volume: {pvc: extra}, verify: [{dir: extra}]}\n"
    more = compile_text(text + block, objects("node-folders")[CHOSEN_SLOTS]).manifests.files
    jobs = [path for path, item in objects("node-folders").items() if item.get("kind") == "CronJob"]
    assert len(jobs) == 4
    assert [path for path in jobs if more[path] != compiled("node-folders").manifests.files[path]] == []
