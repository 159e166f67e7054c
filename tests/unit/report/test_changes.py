"""The formats of `diff`."""

import json
import re

import pytest

from backupgen.diff.compare import compare
from backupgen.diff.impact import ConsequenceKind, Impact, Situation, impact
from backupgen.report.changes import CHANGE_FORMATS
from backupgen.report.changes.change_report import ChangeReport
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
    "m/service.r.yaml": "kind: Service\nmetadata: {name: r, namespace: m}\n",
}


def report(old: dict[str, str], new: dict[str, str], reworded: int = 0, *, color: bool = False) -> ChangeReport:
    changes = compare(old, new)
    return ChangeReport(changes, impact(changes, Situation()), "out", reworded, color)


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
        "  + Service m/r\n"
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
        "impact": [
            {
                "kind": "suspended",
                "level": "risk",
                "target": "g",
                "message": "`g` rests: until it is resumed, nothing is backed up, and no alert tells",
                "commands": [],
            }
        ],
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
    many = {f"{number}.yaml": f"kind: Service\nmetadata: {{name: role-{number}}}\n" for number in range(5000)}
    shown = CHANGE_FORMATS["markdown"](report({}, many))
    assert len(shown) < 65_536
    assert re.search(r"… and \d+ more lines; `backupgen diff` shows them\n```\n", shown)


def test_nobody_is_mentioned_by_a_message() -> None:
    head = "kind: CronJob\nmetadata: {name: backup-g, labels: {backupgen.io/role: backup}}\n"
    old = {"c.yaml": f"{head}spec: {{schedule: x, timeZone: '`@all <b>'}}\n"}
    new = {"c.yaml": f"{head}spec: {{schedule: y, timeZone: z}}\n"}
    (line,) = [line for line in CHANGE_FORMATS["markdown"](report(old, new)).splitlines() if line.startswith("- ")]
    assert "@&#8203;all \\<b\\>" in line


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


def test_values_are_cut_around_their_difference() -> None:
    same = "word " * 40
    (change,) = compare({"a.yaml": f"kind: A\nx: {same}one\n"}, {"a.yaml": f"kind: A\nx: {same}two\n"})
    assert list(field_lines(change.fields[0], 60)) == [
        ("~", "x"),
        ("-", "…d word word one"),
        ("+", "…d word word two"),
    ]


def test_long_lists_are_compared_item_by_item() -> None:
    items = [f"--exclude=/backup/folder-{number}" for number in range(9)]
    old, new = (f"kind: A\nx: {json.dumps(one)}\n" for one in (items, [*items[:4], "--exclude=new", *items[5:]]))
    (change,) = compare({"a.yaml": old}, {"a.yaml": new})
    assert list(field_lines(change.fields[0], 60)) == [
        ("~", "x"),
        (" ", '"--exclude=/backup/folder-3"'),
        ("-", '"--exclude=/backup/folder-4"'),
        ("+", '"--exclude=new"'),
        (" ", '"--exclude=/backup/folder-5"'),
    ]


def test_the_way_to_a_pod_is_left_out() -> None:
    text = "kind: CronJob\nspec: {jobTemplate: {spec: {template: {spec: {containers: [{name: c, image: %s}]}}}}}\n"
    old, new = (text % image for image in "ab")
    (change,) = compare({"a.yaml": old}, {"a.yaml": new})
    assert change.fields[0].path == "spec.jobTemplate.spec.template.spec.containers[c].image"
    assert list(field_lines(change.fields[0], 60)) == [("~", "…containers[c].image: a -> b")]


def test_objects_that_change_alike_are_shown_together() -> None:
    old, new = (
        {f"{number}.yaml": f"kind: Service\nmetadata: {{name: r{number}}}\nx: {x}\n" for number in range(12)}
        for x in "ab"
    )
    new["3.yaml"] = new["3.yaml"].replace("x: b", "x: c")
    assert CHANGE_FORMATS["text"](report(old, new)) == (
        "objects\n"
        "  ~ Service r0, r1, r10, r11, r2, r4, r5, r6 and 3 more\n"
        "      ~ x: a -> b\n"
        "  ~ Service r3\n"
        "      ~ x: a -> c\n"
        "\n"
        "against out: 12 objects changed\n"
    )


def test_files_that_are_no_objects_are_counted() -> None:
    old = {
        "_runbooks/a.md": "# A\none\ntwo\n",
        "gone.svg": "<svg/>\n",
        "_alerts/t.yaml": "a: 1\n",
        ".sops.yaml": "a: 1\n",
    }
    new = {"_runbooks/a.md": "# A\none\n2\n3\n", "_alerts/t.yaml": "a: 1", ".sops.yaml": "a: 2\n", "new.md": "a\nb\n"}
    assert CHANGE_FORMATS["text"](report(old, new)).splitlines()[1:-2] == [
        "  ~ File .sops.yaml (1 line added, 1 removed)",
        "      ~ text",
        "      - a: 1",
        "      + a: 2",
        "  ~ File _alerts/t.yaml (the end of its last line)",
        "  ~ File _runbooks/a.md (2 lines added, 1 removed)",
        "  - File gone.svg (1 line)",
        "  + File new.md (2 lines)",
    ]


def told(*impacts: Impact) -> ChangeReport:
    return ChangeReport((), impacts, "out")


def group(instance: str) -> Impact:
    message = f"delete what `{instance}` reported"
    return Impact(ConsequenceKind.PUSHGATEWAY_GROUP, instance, message, ("open", f"curl {instance}"))


def test_the_same_of_several_targets_is_told_once() -> None:
    shown = CHANGE_FORMATS["text"](told(*map(group, "abcdef"), Impact(ConsequenceKind.RESUMED, "a", "`a` runs again")))
    assert shown == (
        "what you have to do\n"
        "  * delete what `a` reported (so for `b`, `c`, `d` and 2 more)\n"
        "      open\n" + "".join(f"      curl {one}\n" for one in "abcdef") + "\n"
        "what else it means\n"
        "  * `a` runs again\n"
        "\n"
        "against out: no object differs\n"
    )
    for count, end in (
        (1, ""),
        (2, " (so for `b`)"),
        (3, " (so for `b` and `c`)"),
        (5, " (so for `b`, `c`, `d` and `e`)"),
    ):
        assert f"delete what `a` reported{end}\n" in CHANGE_FORMATS["text"](told(*map(group, "abcde"[:count])))


def test_what_is_told_is_wrapped_but_no_command() -> None:
    long = Impact(ConsequenceKind.SUSPENDED, "", "word " * 60, ("command " * 40,))
    lines = CHANGE_FORMATS["text"](told(long)).splitlines()
    assert lines[0] == "what is less safe than before"
    assert max(map(len, lines[1:5])) <= 100
    assert [line[:4] for line in lines[1:5]] == ["  * ", "    ", "    ", "    "]
    assert lines[5] == "      " + "command " * 40


def test_many_commands_and_consequences_are_capped() -> None:
    names = [f"t{number}" for number in range(300)]
    text = CHANGE_FORMATS["text"](told(*map(group, names)))
    assert text.count("curl") == 19
    assert "      … and 281 more; `--format json` has them all\n" in text
    assert len(json.loads(CHANGE_FORMATS["json"](told(*map(group, names))))["impact"]) == 300
    varied = told(*(Impact(ConsequenceKind.RESUMED, name, f"{name} runs again") for name in names))
    assert CHANGE_FORMATS["text"](varied).count("runs again") == 100
    assert "  … and 200 more\n" in CHANGE_FORMATS["text"](varied)


def test_commands_in_a_comment_are_blocks_of_their_item() -> None:
    shown = CHANGE_FORMATS["markdown"](told(group("a"), Impact(ConsequenceKind.RESUMED, "a", "`a` runs again")))
    assert shown == (
        "### Backups against out: no object differs\n\n"
        "**What you have to do**\n\n"
        "- delete what `a` reported\n"
        "  ```sh\n"
        "  open\n"
        "  curl a\n"
        "  ```\n\n"
        "**What else it means**\n\n"
        "- `a` runs again\n"
    )
    fenced = CHANGE_FORMATS["markdown"](told(Impact(ConsequenceKind.RESUMED, "", "x", ("echo ```",))))
    assert "\n  ````sh\n  echo ```\n  ````\n" in fenced


def test_a_comment_with_many_consequences_does_not_become_too_long() -> None:
    names = [f"target-{number}-{'x' * 100}" for number in range(1000)]
    impacts = [Impact(ConsequenceKind.RESUMED, name, f"{name} <runs> again", (f"curl {name}",)) for name in names]
    many = {f"{number}.yaml": f"kind: Service\nmetadata: {{name: role-{number}}}\n" for number in range(5000)}
    shown = CHANGE_FORMATS["markdown"](ChangeReport(compare({}, many), tuple(impacts), "out"))
    assert 50_000 < len(shown) < 65_536
    assert re.search(r"\n- … and \d+ more; `backupgen diff` names them\n\n<details>", shown)
    assert shown.count("```") % 2 == 0


def test_nothing_in_a_comment_is_markup_mention_or_reference() -> None:
    message = "a|b <!-- @all #12 ~x~ &amp; `@code <b>` [link](x) `open @me"
    shown = CHANGE_FORMATS["markdown"](told(Impact(ConsequenceKind.RESUMED, "", message)))
    assert (
        "- a\\|b \\<!-- @&#8203;all #&#8203;12 \\~x\\~ \\&amp; `@code <b>` \\[link\\](x) \\`open @&#8203;me\n" in shown
    )
