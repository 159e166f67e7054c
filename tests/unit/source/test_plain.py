"""Generated YAML to plain data, and plain scalars after the core schema."""

import math

import pytest

from backupgen.source import PlainError, load_all
from backupgen.source.scalars import resolve


def test_several_documents_and_block_scalars() -> None:
    text = "---\na: |\n  x\n\n  y: z\nb: >-\n  one\n  two\n---\n- 1\n- 'two'\n---\n---\nplain\n"
    assert load_all(text) == ({"a": "x\n\ny: z\n", "b": "one two"}, [1, "two"], None, "plain")


def test_nothing_is_no_document() -> None:
    assert load_all("") == ()
    assert load_all("\ufeff# comment\n") == ()


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("a: 1\nb: [\n", 3, 1, "did not find expected node content"),
        ("a: 1\na: 2\n", 2, 1, "duplicate key `a`"),
        ("a: &x 1\n", 1, 4, "anchor `&x`"),
        ("a: *x\n", 1, 4, "alias `*x`"),
        ("<<: {}\n", 1, 1, "merge key"),
        ("a: !x 1\n", 1, 4, "tag `!x`"),
        ("b:\n  1: 1\n", 2, 3, "key that is not a string"),
        ("é: \x07\n", 1, 4, "character U+0007 is not allowed in YAML"),
        ("a: \ud800\n", 1, 4, "lone surrogate"),
        ("[" * 65, 1, 65, "nested too deep"),
    ],
)
def test_refusals(text: str, line: int, column: int, message: str) -> None:
    with pytest.raises(PlainError) as caught:
        load_all(text)
    assert (caught.value.line, caught.value.column, caught.value.message) == (line, column, message)
    assert str(caught.value) == f"{line}:{column}: {message}"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("Null", None),
        ("true", True),
        ("FALSE", False),
        ("0", 0),
        ("-0", 0),
        ("+12", 12),
        ("-7", -7),
        ("0o17", 15),
        ("0x1F", 31),
        ("1.5", 1.5),
        ("1.", 1.0),
        (".5", 0.5),
        ("-1e3", -1000.0),
        ("1E+2", 100.0),
        (".inf", math.inf),
        ("-.Inf", -math.inf),
    ],
)
def test_resolved(text: str, value: object) -> None:
    found = resolve(text)
    assert found == value
    assert type(found) is type(value)


def test_not_a_number() -> None:
    found = resolve(".nan")
    assert isinstance(found, float)
    assert math.isnan(found)


@pytest.mark.parametrize(
    "text",
    [
        *("yes", "no", "on", "off", "Y", "n", "nUll", "tRUE", "nothing", "False!", "~x"),
        *("0777", "00", "-01", "007.5", "0b1", "0o8", "0xg", "-0x1F", "1_000", "03:05", "1:30", "2026-01-01", "1.2.3"),
        *("+", "-", ".", "..", "1e", "e3", "123e4567", "9m", "1Gi", "-.nan", "+.nan", "\u0661", "1" * 5000),
    ],
)
def test_strings(text: str) -> None:
    assert resolve(text) == text
