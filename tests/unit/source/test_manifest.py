"""Manifests of other people: several documents, aliases, merge keys, and where each node stands."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from backupgen.diagnostics import Span
from backupgen.source import Manifest, PlainError, documents, read_manifest

SHARED = """\
# before the first document
---
defaults: &defaults
  image: &image app:1
  user: 1000
web:
  <<: *defaults
  user: 33
again: *defaults
images: [*image, *image]
--- # the second
kind: List
"""


def read(text: str) -> list[Manifest]:
    return [found for start, end in documents(text) if (found := read_manifest(text, start, end)) is not None]


def at(manifest: Manifest, *path: str | int) -> tuple[int, int]:
    span = manifest.span(path)
    return span.line, span.column


def test_each_document_is_read_by_itself() -> None:
    first, second = read(SHARED)
    assert second.data == {"kind": "List"}
    assert at(second, "kind") == (12, 7)
    assert at(first, "defaults", "user") == (5, 9)


def test_an_alias_is_what_it_names_and_stands_where_it_is_written() -> None:
    (first, _) = read(SHARED)
    assert first.data["again"] == {"image": "app:1", "user": 1000}
    assert first.data["images"] == ["app:1", "app:1"]
    assert at(first, "again", "user") == (9, 1)
    assert at(first, "images", 1) == (10, 18)


def test_a_merge_key_adds_what_the_mapping_does_not_say_itself() -> None:
    (first, _) = read(SHARED)
    assert {key: value for key, value in first.data["web"].items() if key.isprintable()} == {
        "image": "app:1",
        "user": 33,
    }
    assert at(first, "web", "user") == (8, 9)
    assert at(first, "web", "image") == (6, 1)


def test_several_mappings_are_merged_and_the_first_wins() -> None:
    (found,) = read("a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], z: 3}\nd: {<<: text}\n")
    assert (found.data["c"]["x"], found.data["c"]["y"], found.data["c"]["z"]) == (1, 1, 3)


def test_keys_that_are_no_strings_are_no_reason_to_refuse() -> None:
    (found,) = read("data: {1: a, true: b, [x]: c}\nkind: ConfigMap\n")
    assert found.data["kind"] == "ConfigMap"
    assert at(found, "kind") == (2, 7)


def test_an_anchor_of_a_key_is_its_text() -> None:
    (found,) = read("&k name: a\nother: *k\n")
    assert found.data == {"name": "a", "other": "name"}


def test_an_anchor_may_be_defined_anew() -> None:
    (found,) = read("a: &x 1\nb: *x\nc: &x 2\nd: *x\n*x : e\n")
    assert {key: value for key, value in found.data.items() if key.isprintable()} == {"a": 1, "b": 1, "c": 2, "d": 2}


def test_a_collection_may_hold_itself() -> None:
    (found,) = read("items: &all [*all, {kind: Pod}]\n")
    assert found.data["items"][0] is found.data["items"]
    assert at(found, "items", 1, "kind") == (1, 27)


def test_lines_are_those_of_the_file_whatever_ends_them() -> None:
    _, second = read("a: 1\r\nb: 2\r\n---\r\nkind: Pod\r\n")
    assert second.span(("kind",)) == Span(4, 7, 4, 10)


def test_three_dashes_inside_a_text_start_no_document() -> None:
    (found,) = read("a: |\n  ---\n  b\nc: --- d\n")
    assert found.data == {"a": "---\nb\n", "c": "--- d"}


def test_tabs_between_the_tokens_of_json_are_allowed() -> None:
    (found,) = read('{\n\t"kind": "Pod",\n\t"metadata": {\n\t\t"name": "a"\n\t}\n}\n')
    assert found.data == {"kind": "Pod", "metadata": {"name": "a"}}
    assert at(found, "metadata", "name") == (4, 11)


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "---\n# nothing\n"])
def test_nothing_is_no_manifest_or_an_empty_one(text: str) -> None:
    assert [one.data for one in read(text) if one.data is not None] == []


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("a: 1\n---\nb: {c: 1\n", 4, 1, "did not find expected ',' or '}'"),
        ("a: 1\n---\na: 1\nb: 2\na: 3\n", 5, 1, "duplicate key `a`"),
        ("a: *b\n", 1, 4, "alias `*b` has no anchor"),
        ("a: " + "[" * 70, 1, 67, "nested too deep"),
        ("a: &x 1\nb: [" + "*x, " * 1001 + "]\n", 2, 4005, "too many aliases"),
        ("a: \ud800\n", 1, 4, "lone surrogate"),
        ("a: 1\n---\na: \x01\n", 3, 4, "character U+0001 is not allowed in YAML"),
    ],
)
def test_what_is_no_manifest(text: str, line: int, column: int, message: str) -> None:
    with pytest.raises(PlainError) as caught:
        read(text)
    assert (caught.value.line, caught.value.column, caught.value.message) == (line, column, message)


def test_a_manifest_has_an_end() -> None:
    with pytest.raises(PlainError, match="larger than any manifest"):
        read_manifest("a: " + "x" * (2 << 20))


def test_merge_keys_cannot_ask_for_any_number_of_entries() -> None:
    many = ", ".join(f"k{number}: 1" for number in range(2000))
    text = f"a: &a {{{many}}}\nb: [" + "{<<: *a}, " * 100 + "]\n"
    with pytest.raises(PlainError, match="merge keys copy too much"):
        read_manifest(text)


KEYS = st.sampled_from(["name", "spec", "a b", "kind", "x-y", "é", "items"])
DATA = st.dictionaries(
    KEYS,
    st.recursive(
        st.sampled_from(
            ["", "text", "two words", "'", '"', "a: b", "# c", "é\u2028🎉", "*a", "&b", "- x", "\n", "a\nb"]
        ),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
        max_leaves=12,
    ),
)


def paths(data: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    pairs = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(found for key, value in pairs for found in paths(value, (*path, key)))]


@given(st.lists(DATA, min_size=1, max_size=3), st.booleans())
def test_any_data_comes_back_and_every_scalar_stands_where_it_is_said(items: list[Any], flow: bool) -> None:  # noqa: FBT001
    text = yaml.safe_dump_all(items, default_flow_style=flow, allow_unicode=True, explicit_start=True)
    found = read(text)
    assert [one.data for one in found] == items
    lines = text.split("\n")
    for manifest in found:
        for path in paths(manifest.data):
            value: Any = manifest.data
            for part in path:
                value = value[part]
            span = manifest.span(path)
            if isinstance(value, str) and span.line == span.end_line:
                written = lines[span.line - 1][span.column - 1 : span.end_column - 1]
                assert yaml.safe_load(written) == value
