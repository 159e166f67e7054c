import json
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backupgen.manifests import filters
from tests.thoroughness import examples
from tests.unit.manifests.kubernetes import expand
from tests.unit.manifests.texts import TEXT, readings

DOLLARS = st.text(st.sampled_from("$$$()ABü "), max_size=12)


@examples(50)
@given(st.lists(TEXT, min_size=1, max_size=8))
def test_the_shell_reads_back_words(words: list[str]) -> None:
    script = f"printf '%s\\0' {filters.sh(words)}"
    printed = subprocess.run(["sh", "-c", script], capture_output=True, check=True).stdout.decode()
    assert printed == "".join(word + "\0" for word in words)


def test_one_word_is_quoted_as_one() -> None:
    assert filters.sh("a b") == "'a b'"
    with pytest.raises(ValueError, match="U\\+0000"):
        filters.sh("a\0b")


@given(st.one_of(TEXT, DOLLARS))
def test_kubernetes_expansion_is_undone(text: str) -> None:
    assert expand(filters.k8s(text), {"A": "wrong", "HOME": "wrong", "id": "wrong"}) == text


def test_the_port_of_the_expansion_expands() -> None:
    assert expand("$(A) $$(A) $(B) $(A $$ $x $", {"A": "1"}) == "1 $(A) $(B) $(A $ $x $"
    assert expand("$ü", {}) != "$ü"


@given(TEXT)
def test_json_reads_back(text: str) -> None:
    assert json.loads(filters.json({"a": [text, 1, None]})) == {"a": [text, 1, None]}


@given(TEXT)
def test_promql_has_one_literal(text: str) -> None:
    literal = filters.promql(text)
    assert json.loads(literal) == text  # the escapes that JSON and Go share mean the same
    assert "\n" not in literal


@given(st.one_of(TEXT, st.text(st.characters(exclude_categories=["Cs"]))))
def test_a_comment_ends_where_its_line_ends(text: str) -> None:
    assert readings(f"# {filters.comment(text)}\na: 1\n") == [{"a": 1}] * 4


@given(TEXT)
def test_a_block_keeps_its_text_when_it_is_moved(text: str) -> None:
    block = filters.block_filter()
    rendered = f"    a:\n      b: {block(text, 8)}\n      c: {block(text, 8)}\n"
    assert readings(str(filters.dedent(rendered, 4))) == [{"a": {"b": text, "c": text}}] * 4


@pytest.mark.parametrize(
    ("text", "span"),
    [("a", "`a`"), ("a`b", "``a`b``"), ("`a``", "``` `a`` ```"), ("a\nb", "`a b`"), ("a b ", "`a b `")],
)
def test_a_code_span_holds_any_text(text: str, span: str) -> None:
    assert filters.code(text) == span


def test_every_line_is_a_comment() -> None:
    assert filters.commented("a\n\n  b\n") == "# a\n#\n#   b\n#\n"
    assert filters.commented("a\rkind: b\u2028c") == "# a kind: b c\n"
