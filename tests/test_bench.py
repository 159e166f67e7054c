"""The benchmark compares with a chart that prints the same objects. These tests time nothing."""

from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def chart(monkeypatch: pytest.MonkeyPatch, repository: Path) -> ModuleType:
    monkeypatch.syspath_prepend(repository / "bench")
    return import_module("chart")


def write_target(folder: Path, number: int, minute: int) -> None:
    name, namespace = f"app-{number:05d}", f"team-{number:04d}"
    path = folder / namespace / f"cronjob-{name}.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(
        f"---\napiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: backup-{name}\n  namespace: {namespace}\n"
        f"spec:\n  flow: {{{name}: 1}}\n  schedule: '{minute} * * * *'\n",
        encoding="utf-8",
    )


def test_documents_of_targets_become_one_template(chart: ModuleType, tmp_path: Path) -> None:
    write_target(tmp_path, 0, 5)
    write_target(tmp_path, 1, 17)
    files = chart.Chart(chart.read_objects(tmp_path)).files()
    assert files["templates/target-0.yaml"] == (
        "{{- range $name, $t := .Values.targets }}{{ if $t.t0 }}\n"
        "---\n"
        "apiVersion: batch/v1\n"
        "kind: CronJob\n"
        "metadata:\n"
        "  name: backup-{{ $name }}\n"
        "  namespace: {{ $t.namespace }}\n"
        "spec:\n"
        '  flow: {{"{"}}{{ $name }}: 1}\n'
        "{{ $t.t0_7 }}\n"
        "{{- end }}{{ end }}\n"
    )
    assert files["values.yaml"] == (
        "targets:\n"
        '  app-00000:\n    t0: "yes"\n    namespace: "team-0000"\n    t0_7: "  schedule: \'5 * * * *\'"\n'
        '  app-00001:\n    t0: "yes"\n    namespace: "team-0001"\n    t0_7: "  schedule: \'17 * * * *\'"\n'
    )


def test_what_names_several_targets_is_printed_as_it_is(chart: ModuleType, tmp_path: Path) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\ndata:\n  all: app-00000 app-00001 {{ $labels.job }}\n"
    (tmp_path / "shared.yaml").write_text(text, encoding="utf-8")
    files = chart.Chart(chart.read_objects(tmp_path)).files()
    assert files["templates/shared-0.yaml"] == text.replace("{{", '{{"{{"}}')


def test_what_kubernetes_never_sees_is_left_out(chart: ModuleType, tmp_path: Path) -> None:
    text = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
    (tmp_path / "kustomization.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "values.yaml").write_text("a: 1\n", encoding="utf-8")
    assert chart.read_objects(tmp_path) == []


def test_a_chart_that_prints_something_else_is_noticed(chart: ModuleType, tmp_path: Path) -> None:
    write_target(tmp_path, 0, 5)
    objects = chart.read_objects(tmp_path)
    right = f"---\n# Source: fleet/templates/target-0.yaml\n{objects[0].text}"
    assert chart.differences(objects, right) == []
    assert chart.differences(objects, right.replace("5 *", "6 *")) != []
    assert chart.differences(objects, "") != []
    assert chart.differences(objects, right + right) != []
