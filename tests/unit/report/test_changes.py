"""The formats of `diff`."""

import json
import re

import pytest

from backupgen.diff.compare import compare
from backupgen.diff.impact import impact
from backupgen.report.changes import CHANGE_FORMATS, ChangeReport
from backupgen.report.changes.values import field_lines

CRONJOB = "kind: CronJob\nmetadata: {name: a, namespace: m}\n"
CONFIG = "kind: ConfigMap\nmetadata: {name: s, namespace: m}\n"
OLD = {
    "m/cronjob.a.yaml": f"{CRONJOB}spec: {{schedule: 1 * * * *, note: x}}\n",
    "m/configmap.s.yaml": f"{CONFIG}data:\n  f: |\n    one\n    two\n    three\n",
    "k.yaml": "kind: Kustomization\n",
}
NEW = {
    "m/cronjob.a.yaml": f"{CRONJOB}spec: {{schedule: 2 * * * *, more: [1, 2]}}\n",
    "m/configmap.s.yaml": f"{CONFIG}data:\n  f: |\n    one\n    2\n    three\n",
    "m/role.r.yaml": "kind: Role\nmetadata: {name: r, namespace: m}\n",
}


def report(old: dict[str, str], new: dict[str, str], reworded: int = 0, *, color: bool = False) -> ChangeReport:
    changes = compare(old, new)
    return ChangeReport(changes, impact(changes, {}), "out", reworded, color)


def test_text_shows_fields_and_the_lines_of_texts() -> None:
    assert CHANGE_FORMATS["text"](report(OLD, NEW)) == (
        "objects\n"
        "  - Kustomization k.yaml\n"
        "  ~ ConfigMap m/s\n"
        "      ~ data.f\n"
        "        one\n"
        "      - two\n"
        "      + 2\n"
        "        three\n"
        "  ~ CronJob m/a\n"
        '      ~ spec.schedule: "1 * * * *" -> "2 * * * *"\n'
        "      - spec.note: x\n"
        "      + spec.more: [1, 2]\n"
        "  + Role m/r\n"
        "\n"
        "against out: 1 object added, 1 removed, 2 changed\n"
    )


def test_no_change() -> None:
    assert CHANGE_FORMATS["text"](report(OLD, OLD)) == "against out: no object differs\n"
    reworded = report(OLD, OLD, reworded=1)
    assert reworded.summary() == "against out: no object differs, 1 file in comments or layout only"
    assert json.loads(CHANGE_FORMATS["json"](reworded)) == {"changes": [], "impact": []}
    assert CHANGE_FORMATS["markdown"](report(OLD, OLD)) == "### Backups against out: no object differs\n"


def test_json_has_the_agreed_shape() -> None:
    label = "metadata: {name: backup-g, namespace: m, labels: {backupgen.io/role: backup}}\n"
    old = {"c.yaml": f"kind: CronJob\n{label}spec: {{suspend: false}}\n"}
    new = {"c.yaml": f"kind: CronJob\n{label}spec: {{suspend: true}}\n", "k.yaml": "kind: Kustomization\n"}
    assert json.loads(CHANGE_FORMATS["json"](report(old, new))) == {
        "changes": [
            {"kind": "Kustomization", "namespace": None, "name": "k.yaml", "action": "added", "fields": []},
            {
                "kind": "CronJob",
                "namespace": "m",
                "name": "backup-g",
                "action": "changed",
                "fields": [{"path": "spec.suspend", "old": False, "new": True}],
            },
        ],
        "impact": [{"kind": "suspended", "target": "g", "message": "`g` rests: it does not run until it is resumed"}],
    }


def test_colour_is_only_added() -> None:
    plain, painted = (CHANGE_FORMATS["text"](report(OLD, NEW, color=color)) for color in (False, True))
    assert "\x1b[" in painted
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == plain


def test_no_value_steers_the_terminal() -> None:
    new = {
        path: text.replace("2 * * * *", '"\\e[31m\\u202e"').replace("    2\n", "    \u202e2\n")
        for path, text in NEW.items()
    }
    for name in ("text", "markdown"):
        shown = CHANGE_FORMATS[name](report(OLD, new))
        assert "\x1b" not in shown
        assert "\u202e" not in shown
        assert "\\u001b[31m" in shown


@pytest.mark.parametrize("width", [30, 60, 100])
def test_large_values_are_shortened(width: int) -> None:
    old = {"a.yaml": "kind: A\nx: 1\n"}
    long = ("word " * 200).strip()
    lines = "".join(f"  {number}\n" for number in range(100))
    for value in (long, f"[{', '.join('abcdefgh' * 9)}]", f"|\n{lines}"):
        (change,) = compare(old, {"a.yaml": f"kind: A\nx: {value}\n"})
        shown = list(field_lines(change.fields[0], width))
        assert len(shown) < 10
        assert max(len(text) for _, text in shown) <= width
    (change,) = compare({"a.yaml": "kind: A\nx: |\n  a\n  b\n"}, {"a.yaml": f"kind: A\nx: |\n{lines}"})
    shown = list(field_lines(change.fields[0], width))
    assert len(shown) == 41
    assert shown[-1][1] == "… and 63 more lines"


def test_a_fence_is_longer_than_any_in_the_text() -> None:
    new = {path: text.replace("    2\n", "    ````\n    # heading\n") for path, text in NEW.items()}
    shown = CHANGE_FORMATS["markdown"](report(OLD, new))
    assert shown.count("\n`````diff\n") == 1
    assert shown.rstrip().endswith("`````\n\n</details>")


def test_a_comment_does_not_become_too_long() -> None:
    many = {f"{number}.yaml": f"kind: Role\nmetadata: {{name: role-{number}}}\n" for number in range(5000)}
    shown = CHANGE_FORMATS["markdown"](report({}, many))
    assert len(shown) < 60_000
    assert re.search(r"… and \d+ more lines\n```\n", shown)


def test_nobody_is_mentioned_by_a_message() -> None:
    head = "kind: CronJob\nmetadata: {name: backup-g, labels: {backupgen.io/role: backup}}\n"
    old = {"c.yaml": f"{head}spec: {{schedule: x, timeZone: '`@all <b>'}}\n"}
    new = {"c.yaml": f"{head}spec: {{schedule: y, timeZone: z}}\n"}
    (line,) = [line for line in CHANGE_FORMATS["markdown"](report(old, new)).splitlines() if line.startswith("- ")]
    assert "\\@all \\<b\\>" in line


def test_a_line_end_more_is_said_in_words() -> None:
    (change,) = compare({"a.md": "one\ntwo"}, {"a.md": "one\ntwo\n"})
    assert list(field_lines(change.fields[0], 80)) == [("~", "text"), (" ", "only the last line's end differs")]


def test_hunks_are_parted() -> None:
    old = "".join(f"{number}\n" for number in range(20))
    (change,) = compare({"a.md": old}, {"a.md": old.replace("3\n", "x\n").replace("17\n", "y\n")})
    signs = "".join(sign for sign, _ in field_lines(change.fields[0], 80))
    assert signs.count("-") == signs.count("+") == 3
    assert (" ", "…") in list(field_lines(change.fields[0], 80))


def test_a_string_is_not_taken_for_a_number() -> None:
    (change,) = compare({"a.yaml": "kind: A\nx: 600\n"}, {"a.yaml": "kind: A\nx: '600'\n"})
    assert list(field_lines(change.fields[0], 80)) == [("~", 'x: 600 -> "600"')]
