"""`backupgen bootstrap`: Jobs for what has no id yet, with the identity of a job that is in out/."""

from typing import Any

import kubernetes_validate
import pytest
import yaml

from backupgen.conventions import naming
from backupgen.manifests import load_templates, render_plan
from backupgen.plan.bootstrap import bootstrap_plan
from tests.compiled import compile_text, file_of, objects, pod_of
from tests.pod_security import violations
from tests.test_objects import SUPPORTED

Item = dict[str, Any]


def jobs(text: str) -> dict[str, Item]:
    templates = load_templates(None).value
    assert templates
    rendered = render_plan(bootstrap_plan(compile_text(text).fleet), templates).value
    assert rendered
    return {item["metadata"]["name"]: item for item in map(yaml.safe_load, rendered.files.values())}


def unpinned(name: str) -> str:
    """An example without any id."""
    lines = file_of(name).read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if not line.strip().startswith("id: "))


def test_what_has_an_id_gets_no_job() -> None:
    assert jobs(file_of("reference").read_text(encoding="utf-8")) == {}
    assert set(jobs(file_of("everything").read_text(encoding="utf-8"))) == {"restic-bootstrap"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("everything", {"restic-bootstrap", "restic-bootstrap-cloud"}),
        ("two-repositories", {"restic-bootstrap", "restic-bootstrap-cold"}),
        ("plain", {"restic-bootstrap"}),  # the mirror of rclone gets the repository's own config
    ],
)
def test_what_has_no_id_gets_a_job_that_the_rendered_objects_serve(name: str, expected: set[str]) -> None:
    found = jobs(unpinned(name))
    assert set(found) == expected
    check(name, found)


def test_the_repository_of_a_mirror_comes_after_the_one_that_it_copies() -> None:
    text = file_of("two-repositories").read_text(encoding="utf-8").replace("        id: 0f1e2d3c", "        # id: ")
    found = jobs(text)
    assert set(found) == {"restic-bootstrap-mirror-cold-second"}
    check("two-repositories", found)


def check(name: str, found: dict[str, Item]) -> None:
    rendered = objects(name)
    for item in found.values():
        namespace, pod = item["metadata"]["namespace"], pod_of(item)
        assert pod
        (container,) = pod["spec"]["containers"]
        secrets = [source["secretRef"]["name"] for source in container["envFrom"]]
        assert all(f"{namespace}/secret.{secret}.enc.yaml" in rendered for secret in secrets)
        keys = {key for secret in secrets for key in rendered[f"{namespace}/secret.{secret}.enc.yaml"]["stringData"]}
        assert "RESTIC_PASSWORD" in keys
        assert "bootstrap.sh" in rendered[f"{namespace}/configmap.{naming.SCRIPTS}.yaml"]["data"]
        labels = pod["metadata"]["labels"]
        twin = rendered[f"{namespace}/cronjob.{labels[naming.NAME_LABEL]}.yaml"]
        twin_pod = pod_of(twin)
        assert twin_pod
        assert labels == twin_pod["metadata"]["labels"], "policies and servers know pods by their labels"
        for key in ("RESTIC_REPOSITORY", "RESTIC_REST_USERNAME", "MIRROR_RESTIC_REPOSITORY"):
            assert value_of(container, key) == value_of(twin_pod["spec"]["containers"][0], key)
        pinned = "MIRROR_RESTIC_REPOSITORY" in {pair["name"] for pair in container["env"]}
        assert (value_of(container, "RESTIC_REPOSITORY_ID") is not None) == pinned
        assert item["spec"]["backoffLimit"] == 0


def value_of(container: Item, variable: str) -> str | None:
    return next((pair["value"] for pair in container["env"] if pair["name"] == variable), None)


@pytest.mark.parametrize("name", ["everything", "two-repositories", "minimal"])
def test_the_api_server_takes_it(name: str) -> None:
    for item in jobs(unpinned(name)).values():
        pod = pod_of(item)
        assert pod
        assert violations(pod["spec"]) == set()
        for minor in SUPPORTED:
            kubernetes_validate.validate(item, minor, strict=True)


def test_a_repository_without_operations_borrows_from_a_target() -> None:
    text = unpinned("minimal")
    for key in ("retention:", "restore_test:"):
        text = "".join(line for line in text.splitlines(keepends=True) if key not in line)
    (job,) = jobs(text).values()
    assert job["metadata"]["labels"][naming.NAME_LABEL] == "backup-notes"
    assert job["metadata"]["namespace"] == "notes"


def test_a_repository_that_nobody_uses_gets_none() -> None:
    more = "repositories: {idle: {url: 'b2:idle:'}}\n"
    assert set(jobs(unpinned("minimal") + more)) == {"restic-bootstrap"}
