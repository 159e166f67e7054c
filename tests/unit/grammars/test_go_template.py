"""Templates are judged as Prometheus' own promtool judges them."""

import json
import random
import re
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from backupgen.grammars.go_template import FUNCTIONS, as_template, template_error
from tests.thoroughness import examples

BATCH = 400
PIECES = [
    "{{", "}}", "{{ ", " }}", "{{- ", " -}}", "$labels", ".x", "$value", "$x", ":=", "=", ",", "|", " ", " ", "(", ")",
    "if", "else", "end", "range", "with", "define", "template", "block", "break", "nil", "true", '"a"', "`b`", "'c'",
    "'\\n'", '"\\x"', "1", "-3", "0x1f", "1.5", "08", "1_0", "1i", "humanize", "printf", "query", "bad", "now", "text",
    "/* c */", "{{/* c */}}", "$", ".", " := ", "\n", "é", "{{end}}", "{{if true}}", "{{else}}", "{{$labels.x}}",
    '{{range $i, $e := query "up"}}', "}", "{", ":", "!", "'ab'", "''", '"\\u00e9"', "'\\''", '"\\\'"', "0b1", "0o7",
    "1e400", "99999999999999999999", '{{define "t"}}', '{{template "t"}}', "{{break}}", "{{else if .x}}",
]  # fmt: skip
OPENERS = ["if ", "with ", "range ", "range $x := ", "range $i, $x := ", "range $a,$b,$c := "]
CLOSERS = ["", "{{else}}y", "{{else if 1}}y{{else}}z", "{{break}}", "{{else if $x}}"]


@pytest.fixture
def refused(tool: Callable[[str], Path], tmp_path: Path) -> Callable[[Sequence[str]], set[int]]:
    """Which of some templates promtool refuses, by their places."""

    def judge(texts: Sequence[str]) -> set[int]:
        rules = [{"alert": "A", "expr": "vector(1)", "annotations": {"s": text}} for text in texts]
        groups = [{"name": f"g{place}", "rules": [rule]} for place, rule in enumerate(rules)]
        file = tmp_path / "rules.json"
        file.write_text(json.dumps({"groups": groups}), encoding="utf-8")
        done = subprocess.run([tool("promtool"), "check", "rules", file], capture_output=True, text=True, check=False)
        found = {int(place) for place in re.findall(r'group "g(\d+)"', done.stderr + done.stdout)}
        assert bool(found) == bool(done.returncode), done.stderr
        return found

    return judge


@examples(40, quick=3, suppress=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_any_text_is_judged_as_promtool_does(seed: int, refused: Callable[[Sequence[str]], set[int]]) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret is made
    texts = [chance.choice((pieces, pieces, action, action, structure))(chance) for _ in range(BATCH)]
    assert {place for place, text in enumerate(texts) if template_error(text)} == refused(texts)


def test_each_function_is_one_of_prometheus(refused: Callable[[Sequence[str]], set[int]]) -> None:
    assert refused([f"{{{{ {name} }}}}" for name in sorted(FUNCTIONS)]) == set()


def test_what_is_no_template_arrives_as_it_is(refused: Callable[[Sequence[str]], set[int]]) -> None:
    texts = ["https://x/{{y/z", "{{{{", "a}}b", "{{ $labels.x }}", '{{ "{{" }}', "plain"]
    assert [template_error(as_template(text)) for text in texts] == [""] * len(texts)
    assert refused([as_template(text) for text in texts]) == set()
    assert as_template("plain") == "plain"


@pytest.mark.parametrize("text", ["{{" + "(" * 50_000, "{{if 1}}" * 50_000, "{{ 1 " + "| 1" * 50_000, "{{" * 100_000])
def test_a_template_without_end_is_refused_at_once(text: str) -> None:
    assert template_error(text)


def pieces(chance: random.Random) -> str:
    return "".join(chance.choice(PIECES) for _ in range(chance.randint(1, 8)))


def action(chance: random.Random) -> str:
    inside = " ".join(chance.choice(PIECES[5:]) for _ in range(chance.randint(0, 5)))
    return "{{" + inside + "}}" + chance.choice(["", "{{end}}", "{{else}}x{{end}}"])


def structure(chance: random.Random, depth: int = 0) -> str:
    """Actions as people write them, right for the most part."""
    written = ""
    for _ in range(chance.randint(1, 3)):
        left, right = chance.choice(["{{", "{{ ", "{{- "]), chance.choice(["}}", " }}", " -}}"])
        inside = structure(chance, depth + 1) if depth < 2 else "x"
        match chance.randrange(6):
            case 0:
                written += f"{left}{pipeline(chance)}{right}"
            case 1:
                written += f"{left}$x{chance.choice([':=', ' := ', '=', ' = '])}{pipeline(chance)}{right}"
            case 2:
                end = chance.choice(["{{end}}", "{{end}}", "{{ end }}", "{{end x}}", ""])
                opener = chance.choice(OPENERS) + pipeline(chance)
                written += f"{left}{opener}{right}{inside}{chance.choice(CLOSERS)}{end}"
            case 3:
                name = chance.choice(["define ", "block ", "template "]) + chance.choice(['"t"', '"u"', "`t`", "t"])
                rest = chance.choice(["", " ", " .", " $labels", " $"])
                written += f"{left}{name}{rest}{right}{inside}{chance.choice(['{{end}}', ''])}"
            case 4:
                written += "{{/* " + inside.replace("*/", "") + " */}}"
            case _:
                written += "text "
    return written


def pipeline(chance: random.Random, depth: int = 0) -> str:
    return chance.choice(["|", " | "]).join(operand(chance, depth) for _ in range(chance.choice([1, 1, 1, 2, 3])))


def operand(chance: random.Random, depth: int) -> str:
    match chance.randrange(4 if depth < 3 else 2):
        case 0:
            return chance.choice(["$labels.x", "$value", ".Value", ".", "$", "$x", "true", "nil", '"a"', "1", "'c'"])
        case 1:
            return chance.choice(["$labels.x", "$value", "1", 'query "up"'])
        case 2:
            return f"({pipeline(chance, depth + 1)}){chance.choice(['', '.x'])}"
        case _:
            function = chance.choice(["humanize", "printf", "query", "len", "and", "first", "bad"])
            return f"{function} {operand(chance, depth + 1)}"
