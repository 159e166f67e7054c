"""Objects against objects."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backupgen.diff.compare import Action, compare
from backupgen.diff.fields import ORDER, FieldChange, Item, Step, by_name, compare_fields
from backupgen.diff.objects import read_objects

CRONJOB = """\
apiVersion: batch/v1
kind: CronJob
metadata:
  name: backup-grafana
  namespace: monitoring
  labels: {app.kubernetes.io/name: backup-grafana}
spec:
  schedule: "20 * * * *"
  jobTemplate:
    spec:
      template:
        spec:
          containers:
            - name: restic
              args: [backup, grafana]
              env:
                - {name: RESTIC_TAG, value: grafana}
                - {name: RESTIC_HOSTNAME, value: grafana}
              volumeMounts:
                - {name: source, mountPath: /backup/grafana}
                - {name: source, mountPath: /backup/other}
          tolerations:
            - {key: a, operator: Exists}
"""
PATH = "monitoring/cronjob.backup-grafana.yaml"
CONTAINER = "spec.jobTemplate.spec.template.spec.containers[restic]"


def fields(old: str, new: str) -> list[tuple[str, object, object]]:
    (change,) = compare({PATH: old}, {PATH: new})
    assert change.action is Action.CHANGED
    return [(field.path, field.old, field.new) for field in change.fields]


def edited(*replacements: tuple[str, str]) -> str:
    text = CRONJOB
    for old, new in replacements:
        assert text.count(old) == 1
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"20 *', '"50 *', [("spec.schedule", "20 * * * *", "50 * * * *")]),
        ("TAG, value: grafana", "TAG, value: g", [(f"{CONTAINER}.env[RESTIC_TAG].value", "grafana", "g")]),
        (
            "                - {name: RESTIC_TAG, value: grafana}\n",
            "                - {name: NEW, value: x}\n",
            [
                (f"{CONTAINER}.env[RESTIC_TAG]", {"name": "RESTIC_TAG", "value": "grafana"}, None),
                (f"{CONTAINER}.env[NEW]", None, {"name": "NEW", "value": "x"}),
            ],
        ),
        ("source, mountPath: /backup/other", "new, mountPath: /backup/other", [
            (f"{CONTAINER}.volumeMounts[/backup/other].name", "source", "new")
        ]),
        ("[backup, grafana]", "[backup, -x, grafana]", [
            (f"{CONTAINER}.args", ["backup", "grafana"], ["backup", "-x", "grafana"])
        ]),
        ("Exists}\n", "Exists}\n            - {key: b}\n", [
            ("spec.jobTemplate.spec.template.spec.tolerations[1]", None, {"key": "b"})
        ]),
        ("name: backup-grafana}", "name: other}", [
            ('metadata.labels["app.kubernetes.io/name"]', "backup-grafana", "other")
        ]),
        ("labels: {app.kubernetes.io/name: backup-grafana}", "annotations: {a: b}", [
            ("metadata.labels", {"app.kubernetes.io/name": "backup-grafana"}, None),
            ("metadata.annotations", None, {"a": "b"}),
        ]),
        ("value: grafana}\n                - {name: RESTIC_H", "value: 1}\n                - {name: RESTIC_H", [
            (f"{CONTAINER}.env[RESTIC_TAG].value", "grafana", 1)
        ]),
    ],
)  # fmt: skip
def test_a_change_names_the_field(old: str, new: str, expected: list[tuple[str, object, object]]) -> None:
    assert fields(CRONJOB, edited((old, new))) == expected


def test_the_order_of_variables_is_a_change_that_of_mounts_is_none() -> None:
    tag, host = "- {name: RESTIC_TAG, value: grafana}", "- {name: RESTIC_HOSTNAME, value: grafana}"
    swapped = CRONJOB.replace(tag, "#").replace(host, tag).replace("#", host)
    names = ["RESTIC_TAG", "RESTIC_HOSTNAME"]
    assert fields(CRONJOB, swapped) == [(f"{CONTAINER}.env[order]", names, names[::-1])]
    one, two = "{name: source, mountPath: /backup/grafana}", "{name: source, mountPath: /backup/other}"
    mounts = CRONJOB.replace(one, "#").replace(two, one).replace("#", two)
    assert mounts != CRONJOB
    assert compare({PATH: CRONJOB}, {PATH: mounts}) == ()


def test_types_count() -> None:
    assert [(c.old, c.new) for c in compare_fields({"a": 1, "b": [1]}, {"a": True, "b": [1.0]})] == [
        (1, True),
        ([1], [1.0]),
    ]


def test_a_moved_object_and_another_layout_are_no_change() -> None:
    assert compare({PATH: CRONJOB}, {"other.yaml": f"# comment\n{CRONJOB}"}) == ()


def test_objects_come_and_go_in_order() -> None:
    role = "apiVersion: v1\nkind: Role\nmetadata: {name: a, namespace: monitoring}\n"
    changes = compare({PATH: CRONJOB}, {"x.yaml": role, "kustomization.yaml": "kind: Kustomization\n"})
    assert [(change.action.value, *change.identity[1:]) for change in changes] == [
        ("added", "Kustomization", "", "kustomization.yaml"),
        ("removed", "CronJob", "monitoring", "backup-grafana"),
        ("added", "Role", "monitoring", "a"),
    ]
    assert [change.fields for change in changes] == [(), (), ()]


def test_resources_of_a_kustomization_are_named_one_by_one() -> None:
    old, new = ({"k.yaml": f"kind: Kustomization\nresources: {files}\n"} for files in ("[a, b, c]", "[a, c, d]"))
    (change,) = compare(old, new)
    assert [(field.path, field.old, field.new) for field in change.fields] == [
        ("resources[b]", "b", None),
        ("resources[d]", None, "d"),
    ]


def test_rules_are_named_by_alert_or_by_series_and_labels() -> None:
    text = "kind: PrometheusRule\nspec: {groups: [{name: g, rules: [{alert: A, expr: x}, %s]}]}\n"
    old = text % "{record: r, labels: {t: a}, expr: '1'}, {record: r, labels: {t: b}, expr: '1'}"
    new = text % "{record: r, labels: {t: b}, expr: '2'}"
    (change,) = compare({"r.yaml": old}, {"r.yaml": new})
    assert [field.path for field in change.fields] == [
        "spec.groups[g].rules[r{t=a}]",
        "spec.groups[g].rules[r{t=b}].expr",
    ]


def test_a_recorded_series_of_an_instance_is_named_by_it() -> None:
    labels = "fleet: f, instance: a, kind: backup, cronjob: backup-a"
    text = "kind: PrometheusRule\nspec: {groups: [{name: g, rules: [{record: r, labels: {%s}, expr: '1'}]}]}\n"
    (change,) = compare({"r.yaml": text % labels}, {"r.yaml": text % f"{labels}, tag: t"})
    assert [field.path for field in change.fields] == [
        "spec.groups[g].rules[r{instance=a}]",
        "spec.groups[g].rules[r{instance=a,tag=t}]",
    ]
    (change,) = compare({"r.yaml": text % labels}, {"r.yaml": text % labels.replace("backup-a", "b")})
    assert [field.path for field in change.fields] == ["spec.groups[g].rules[r{instance=a}].labels.cronjob"]


def test_what_is_no_kubernetes_object_is_compared_as_a_text() -> None:
    (change,) = compare({"a.md": "old\n", "b.yaml": "a: ["}, {"a.md": "new\n", "b.yaml": "a: ["})
    assert change.identity[1:] == ("File", "", "a.md")
    assert change.fields == (FieldChange(("text",), "old\n", "new\n"),)
    (tests,) = compare({"_alerts/t.yaml": "rule_files: [r]\n"}, {"_alerts/t.yaml": "rule_files: [s]\n"})
    assert tests.fields == (FieldChange(("text",), "rule_files: [r]\n", "rule_files: [s]\n"),)
    (broken,) = compare({"b.yaml": "a: ["}, {"b.yaml": "- 1\n"})
    assert broken.fields == (FieldChange(("text",), "a: [", "- 1\n"),)


def test_two_files_with_the_same_object_are_both_seen() -> None:
    changes = compare({"a.yaml": CRONJOB, "b.yaml": CRONJOB}, {})
    assert [change.identity.name for change in changes] == ["backup-grafana", "backup-grafana (b.yaml)"]


def test_each_folder_has_a_generator_of_its_own() -> None:
    text = "apiVersion: viaduct.ai/v1\nkind: ksops\nmetadata: {name: fleet-secrets}\nfiles: [%s]\n"
    old = {"a/ksops.yaml": text % "a", "b/ksops.yaml": text % "b"}
    changes = compare(old, {"b/ksops.yaml": text % "b2", "c/ksops.yaml": text % "c"})
    assert [(change.action.value, change.identity.name) for change in changes] == [
        ("removed", "a/ksops.yaml"),
        ("changed", "b/ksops.yaml"),
        ("added", "c/ksops.yaml"),
    ]


def test_a_sealed_secret_is_compared_by_its_keys() -> None:
    head = "kind: Secret\nmetadata: {name: s}\n"
    plain, sealed = (
        f"{head}stringData: {{A: REPLACE, B: x}}\n",
        f"{head}data: {{A: ENC, B: ENC}}\nsops: {{v: 1}}\n",
    )
    assert compare({"s.enc.yaml": sealed}, {"s.enc.yaml": plain}) == ()
    assert fields(sealed, plain.replace("B: x", "C: x")) == [
        ("stringData.B", "(a value)", None),
        ("stringData.C", None, "(a value)"),
    ]


def test_the_values_of_a_secret_are_never_shown() -> None:
    head = "kind: Secret\nmetadata: {name: s}\n"
    filled, placeholder = f"{head}stringData: {{A: hunter2, B: x}}\n", f"{head}stringData: {{A: REPLACE, B: x}}\n"
    assert fields(filled, placeholder) == [("stringData.A", "(a value)", "(another value)")]


def apply(value: Any, change: FieldChange) -> Any:
    """Make one change to plain data, independently of how it was found."""
    if not change.steps:
        return copy.deepcopy(change.new)
    return _apply(value, list(change.steps), change, "")


def turn(change: FieldChange) -> tuple[int, int, int]:
    """When a change is made: no index may move before it is used, and an order is that of all items."""
    last = change.steps[-1] if change.steps else ""
    place = last if isinstance(last, int) else 0
    if last == ORDER:
        return -len(change.steps), 3, 0
    if change.new is None:
        return -len(change.steps), 1, -place
    return -len(change.steps), 2 if change.old is None else 0, place


def _apply(value: Any, steps: list[Step], change: FieldChange, field: str) -> Any:
    step, rest = steps[0], steps[1:]
    if step == ORDER:
        named = by_name(field, value)
        assert named is not None
        return [named[name] for name in change.new]
    if isinstance(step, Item):
        named = by_name(field, value)
        assert named is not None
        return list(_set(named, step.name, rest, change).values())
    if isinstance(step, int) and not rest and change.old is None:
        return [*value[:step], copy.deepcopy(change.new), *value[step:]]
    if isinstance(step, int):
        return list(_set(dict(enumerate(value)), step, rest, change).values())
    return _set(dict(value), step, rest, change)


def _set(items: dict[Any, Any], key: Any, rest: list[Step], change: FieldChange) -> dict[Any, Any]:
    if rest:
        items[key] = _apply(items[key], rest, change, key if isinstance(key, str) else "")
    elif change.new is None:
        del items[key]
    else:
        items[key] = copy.deepcopy(change.new)
    return items


def canonical(value: Any, field: str = "") -> Any:
    """The value with named items in the order of their names: where an added one stands is not part of a change."""
    if isinstance(value, dict):
        return {key: canonical(value[key], key) for key in sorted(value)}
    if isinstance(value, list):
        named = by_name(field, value)
        return [canonical(item) for item in (value if named is None else (named[name] for name in sorted(named)))]
    return value


def _name(item: dict[str, Any]) -> object:
    return item["name"]


names = st.sampled_from(["a", "b", "env", "containers", "resources", "volumeMounts", "name", "mountPath", "x/y"])
scalars = st.booleans() | st.integers(0, 3) | st.sampled_from(["", "a", "b", "1", "two\nlines\n"])
objects = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(names, inner, max_size=3)
    | st.lists(st.fixed_dictionaries({"name": st.sampled_from("abc"), "v": inner}), max_size=3, unique_by=_name),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(names, objects), st.dictionaries(names, objects))
def test_the_changes_applied_to_the_old_object_give_the_new_one(old: dict[str, Any], new: dict[str, Any]) -> None:
    changes = list(compare_fields(old, new))
    changed: Any = copy.deepcopy(old)
    for change in sorted(changes, key=turn):
        changed = apply(changed, change)
    assert json.dumps(canonical(changed)) == json.dumps(canonical(new))
    if canonical(old) != canonical(new):
        assert changes


def test_an_item_that_comes_moves_no_other() -> None:
    old = {"ingress": [{"from": "a"}, {"from": "b"}, {"from": "c", "port": 1}]}
    new = {"ingress": [{"from": "x"}, {"from": "a"}, {"from": "c", "port": 2}]}
    assert [(change.path, change.old, change.new) for change in compare_fields(old, new)] == [
        ("ingress[0]", None, {"from": "x"}),
        ("ingress[1]", {"from": "b"}, None),
        ("ingress[2]", {"from": "c", "port": 1}, None),
        ("ingress[2]", None, {"from": "c", "port": 2}),
    ]
    assert [
        change.path for change in compare_fields(old, {"ingress": [*old["ingress"][:2], {"from": "c", "port": 2}]})
    ] == ["ingress[2].port"]


def test_a_dashboard_is_compared_as_json() -> None:
    def config(dashboard: object, key: str = "d.json") -> str:
        return json.dumps({"kind": "ConfigMap", "data": {key: json.dumps(dashboard), "plain.sh": "x"}})

    panel = {"title": "Age", "targets": [{"refId": "A", "expr": "a"}], "gridPos": {"x": 0}}
    other = {"title": "Age", "targets": [{"refId": "A", "expr": "b"}], "gridPos": {"x": 0}}
    old, new = ({"uid": "u", "panels": panels} for panels in ([{"title": "First"}, panel], [other, {"title": "New"}]))
    assert fields(config(old), config(new)) == [
        ('data["d.json"].panels[First]', {"title": "First"}, None),
        ('data["d.json"].panels[Age].targets[A].expr', "a", "b"),
        ('data["d.json"].panels[New]', None, {"title": "New"}),
    ]
    again = config(old).replace('\\"uid\\": ', '\\"uid\\":   ')
    assert again != config(old)
    assert compare({PATH: config(old)}, {PATH: again}) == ()
    for broken in ('"{"', '"[]"', "1", '"1"'):
        text = config(old).replace(json.dumps(json.dumps(old)), broken)
        assert text != config(old)
        assert [path for path, _, _ in fields(text, config(old))] == ['data["d.json"]']
    bare = "kind: ConfigMap\n"
    assert [path for path, _, _ in fields(bare, config(old))] == ["data"]
    assert [path for path, _, _ in fields(config(old, "d.yaml"), config(new, "d.yaml"))] == ['data["d.yaml"]']


@given(st.dictionaries(names, objects))
def test_nothing_changes_between_equal_objects(value: dict[str, Any]) -> None:
    assert list(compare_fields(value, copy.deepcopy(value))) == []
    files = {"a.json.yaml": json.dumps({"kind": "X", "metadata": {"name": "n"}, "spec": value})}
    assert read_objects(files, files)
    assert compare(files, {path: f"# again\n{text}" for path, text in files.items()}) == ()
