"""Lists of names, numbers of things, parts of sentences."""

import re
from pathlib import Path

import pytest

import backupgen
from backupgen.diagnostics.wording import counted, did_you_mean, few, joined, listed, phrase, quoted


@pytest.mark.parametrize(
    ("texts", "shown"),
    [("", ""), ("a", "a"), ("ab", "a, b"), ("abc", "a, b and 1 more"), ("a" * 1502, "a, a and 1,500 more")],
)
def test_the_first_few_of_many(texts: str, shown: str) -> None:
    assert few(texts, 2) == shown


def test_a_list_of_another_kind() -> None:
    assert few(["now x", "no y", "z"], 2, comma="; ", last="; and ") == "now x; no y; and 1 more"
    assert few(quoted(["a", 1]), 2) == listed(["a", 1]) == "`a`, `1`"


@pytest.mark.parametrize(("texts", "shown"), [("", ""), ("a", "a"), ("ab", "a and b"), ("abc", "a, b and c")])
def test_all_of_them(texts: str, shown: str) -> None:
    assert joined(texts) == shown


def test_a_number_and_a_sentence() -> None:
    assert (counted(0, "claim"), counted(1, "claim"), counted(2, "claim")) == ("0 claims", "1 claim", "2 claims")
    assert phrase("Run `x`, or y.") == "run `x`, or y"


def test_the_nearest_of_the_known_names() -> None:
    assert did_you_mean("grafan", ["mariadb", "grafana"], "none") == "did you mean `grafana`?"
    assert did_you_mean("wiki", ["mariadb", "grafana"], "none") == "none"
    assert did_you_mean("grafna", ["grafana"], cutoff=0.95) == ""


def test_lists_of_names_are_made_nowhere_else() -> None:
    package = Path(backupgen.__file__).parent
    own = re.compile(r"""join\(f(?P<quote>["'])`\{\w+\}`(?P=quote) for""")
    found = [path.name for path in sorted(package.rglob("*.py")) if own.search(path.read_text(encoding="utf-8"))]
    assert found == []
