"""What a Secret holds is in no comparison, wherever in it it stands."""

import json

import pytest

from backupgen.diff.compare import compare

CANARY = "c4n4ry-value"
RENDERED = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n  namespace: b\nstringData:\n  KEY: <x>\n"
PATH = "b/secret.a.enc.yaml"
TAMPERED = [
    RENDERED.replace("  name: a", f'  annotations: {{last-applied: \'{{"data":"{CANARY}"}}\'}}\n  name: a'),
    RENDERED.replace("  name: a", f"  labels: {{team: {CANARY}}}\n  name: a"),
    RENDERED.replace("  KEY: <x>", f"  KEY: {CANARY}"),
    RENDERED + f"MYSQL_PWD: {CANARY}\n",
    RENDERED + f"metadata2: {{deep: [{{x: {CANARY}}}]}}\n",
    RENDERED.replace("kind: Secret", f"kind: Secret\nspec: {CANARY}"),
    RENDERED.replace("stringData:", f"data: [{CANARY}]\nstringData:"),
    f"{RENDERED}x: &a {CANARY}\ny: *a\n",
    f"apiVersion: v1\nkind: List\nitems:\n- {{kind: Secret, data: {{a: {CANARY}}}}}\n",
]


@pytest.mark.parametrize("text", TAMPERED)
def test_no_value_is_told_but_that_it_differs(text: str) -> None:
    for old, new in (({PATH: text}, {PATH: RENDERED}), ({PATH: RENDERED}, {PATH: text})):
        changes = compare(old, new)
        assert changes
        told = [
            (change.identity.name, [(field.path, field.old, field.new) for field in change.fields])
            for change in changes
        ]
        assert CANARY not in json.dumps(told, default=str)


def test_names_are_told() -> None:
    (change,) = compare({PATH: RENDERED + "stray: 1\n"}, {PATH: RENDERED})
    assert [field.path for field in change.fields] == ["stray"]
