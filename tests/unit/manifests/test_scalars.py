import pytest
from hypothesis import given
from hypothesis import strategies as st

from backupgen.manifests.scalars import Rendered, literal, scalar, yaml_finalizer
from tests.unit.manifests.texts import NASTY, TEXT, readings

ANY = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.one_of(TEXT, ANY))
def test_a_scalar_reads_back_as_value_in_every_reader(text: str) -> None:
    assert readings(f"key: {scalar(text)}\nnext: 1\n") == [{"key": text, "next": 1}] * 4


@given(st.one_of(TEXT, ANY).filter(lambda text: len(scalar(text)) < 1000))
def test_a_scalar_reads_back_as_key_and_in_a_flow_sequence(text: str) -> None:
    assert readings(f"k: [{scalar(text)}, x]\nm:\n  {scalar(text)}: 1\n") == [{"k": [text, "x"], "m": {text: 1}}] * 4


@given(st.one_of(TEXT, ANY), st.integers(1, 20))
def test_a_block_reads_back(text: str, indent: int) -> None:
    document = f"key:\n{' ' * (indent - 1)}- {literal(text, indent + 1)}\nnext: |\n  a\n"
    assert readings(document) == [{"key": [text], "next": "a\n"}] * 4


@pytest.mark.parametrize("text", NASTY)
def test_each_nasty_text_reads_back(text: str) -> None:
    assert readings(f"a: {scalar(text)}\nb: {literal(text, 4)}\n") == [{"a": text, "b": text}] * 4


@pytest.mark.parametrize(
    "text",
    [
        "/backup/a-b",
        "ghcr.io/a/b:1.2@sha256:0a",
        "rest:http://a.b:8000/",
        "Europe/Berlin",
        "500Mi",
        "app.kubernetes.io/name",
    ],
)
def test_what_is_safe_stays_plain(text: str) -> None:
    assert scalar(text) == text


def test_a_script_is_a_block() -> None:
    assert literal("set -e\n\nrun\n", 2) == "|\n  set -e\n\n  run"
    assert literal("a\nb", 2) == "|-\n  a\n  b"
    assert literal("a\n\n", 2) == "|+\n  a\n"


@pytest.mark.parametrize("text", ["a \nb", "a\r\nb", "a\u0085b\n", "a\u2028b\n", " a\nb", "\ta\nb", "\na", "a\x01\n"])
def test_what_no_block_can_carry_is_quoted(text: str) -> None:
    assert literal(text, 2).startswith('"')


def test_what_shows_text_in_another_order_is_escaped() -> None:
    assert scalar("a\u202eb") == '"a\\u202eb"'


@pytest.mark.parametrize(("value", "text"), [(True, "true"), (False, "false"), (1, "1"), (-7, "-7"), ("1", '"1"')])
def test_the_finalizer_keeps_types_apart(value: object, text: str) -> None:
    finalize = yaml_finalizer()
    finalize(1)
    finalize("true")
    assert finalize(value) == text


def test_the_finalizer_leaves_what_is_rendered() -> None:
    finalize = yaml_finalizer()
    assert finalize("a: b") == '"a: b"'
    assert finalize(Rendered("a: b")) == "a: b"


@pytest.mark.parametrize("value", [None, [], {}, ("a",), 1.5])
def test_the_finalizer_refuses_what_is_no_scalar(value: object) -> None:
    with pytest.raises(TypeError, match="is no YAML scalar"):
        yaml_finalizer()(value)
