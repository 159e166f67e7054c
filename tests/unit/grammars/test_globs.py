"""Patterns match as Go's do, in time that is linear whatever they are."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backupgen.grammars.globs import wildcards
from backupgen.rules.patterns import Pattern
from tests.thoroughness import examples

PIECES = st.lists(st.sampled_from(["a", "b", "*", "?", "[a-b]", "[^a]", "\\*"]), min_size=1, max_size=8)
EXPRESSIONS = {"*": ".*", "?": ".", "[a-b]": "[a-b]", "[^a]": "[^a]", "\\*": r"\*"}


@examples(500, quick=50)
@given(pieces=PIECES, name=st.text("ab*c", max_size=7))
def test_a_pattern_matches_what_an_expression_does(pieces: list[str], name: str) -> None:
    expression = "".join(EXPRESSIONS.get(piece, piece) for piece in pieces)
    pattern = Pattern("".join(pieces))
    if name and "**" not in pattern.parts:
        assert pattern.matches(("/", name)) == bool(re.fullmatch(expression, name))


@examples(300, quick=50)
@given(pattern=st.text("ab*", max_size=8), name=st.text("ab", max_size=8))
def test_wildcards_match_what_an_expression_does(pattern: str, name: str) -> None:
    assert wildcards(pattern).matches(name) == bool(re.fullmatch(pattern.replace("*", ".*"), name))


@pytest.mark.parametrize(
    ("pattern", "name"),
    [("*a" * 60 + "b", "a" * 250), ("*0" * 40 + ".tmp", "0" * 250), ("*[a-b]?" * 30 + "c", "a" * 250)],
)
def test_no_pattern_takes_long(pattern: str, name: str) -> None:
    started = time.process_time()
    assert not Pattern(pattern).matches(("/", name))
    assert not wildcards(pattern).matches(name)
    assert time.process_time() - started < 2


def test_patterns_over_which_restic_itself_would_sit_for_years_are_refused() -> None:
    assert Pattern("/a/**/b/**/c").sound
    assert not Pattern("/".join(["**", "a"] * 5)).sound
