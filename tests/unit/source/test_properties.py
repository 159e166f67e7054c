"""Properties of the reader, with ruamel's own pure YAML 1.2 loader as the oracle."""

import contextlib
import io
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from backupgen.diagnostics import NodePath, Span
from backupgen.source import Document, PlainError, document, load_all, plain, read_document
from backupgen.source.events import open_events, open_pure
from tests.thoroughness import examples

SYNTAX = st.text(st.sampled_from("ab01:-?,[]{}#&*!|>'\"%@` \n\t\r\x00\ufeffé\u2028😀\\.~<="), max_size=60)
TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x85\u2028\u2029\ufeff"), max_size=12)
STRING = TEXT.filter(lambda text: text == "" or text.isprintable())
SCALAR = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)


def roots(string: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    def collection(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return st.lists(inner, max_size=4) | st.dictionaries(string, inner, max_size=4)

    return st.dictionaries(string, st.recursive(SCALAR | string, collection), max_size=5)


# In a flow collection ruamel's own reader stumbles over a `?` and a leading `:`, which its writer does not quote.
FLOW_STRING = STRING.filter(lambda text: "?" not in text and not text.startswith(":"))
ROOT_AND_FLOW = st.tuples(roots(STRING), st.just(value=False)) | st.tuples(roots(FLOW_STRING), st.just(value=True))


def dump(data: object, *, flow: bool, wide: bool) -> str:
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = flow
    yaml.allow_unicode = wide
    stream = io.StringIO()
    yaml.dump(data, stream)
    return stream.getvalue()


def oracle(text: str) -> object:
    return YAML(typ="safe", pure=True).load(text)


def read(text: str) -> Document:
    checked = read_document(text.encode(), "fleet.yaml")
    assert checked.value is not None, (text, checked.findings)
    return checked.value


def leaves(data: Any, path: NodePath = ()) -> list[tuple[NodePath, Any]]:
    if isinstance(data, dict):
        return [leaf for key, value in data.items() for leaf in leaves(value, (*path, key))]
    if isinstance(data, list):
        return [leaf for index, value in enumerate(data) for leaf in leaves(value, (*path, index))]
    return [(path, data)]


def cut(text: str, span: Span) -> str:
    lines = text.replace("\r\n", "\n").split("\n")
    if span.line == span.end_line:
        return lines[span.line - 1][span.column - 1 : span.end_column - 1]
    first, *middle = lines[span.line - 1 : span.end_line - 1]
    return "\n".join([first[span.column - 1 :], *middle, lines[span.end_line - 1][: span.end_column - 1]])


@given(st.binary(max_size=80) | SYNTAX.map(str.encode))
@examples(500)
def test_any_bytes_give_a_document_or_located_findings(raw: bytes) -> None:
    checked = read_document(raw, "fleet.yaml")
    assert (checked.value is None) == bool(checked.findings)
    size = len(raw.split(b"\n")) + raw.count(b"\r") + 1
    for finding in checked.findings:
        for spot in (finding.spot, *(related.spot for related in finding.related)):
            assert spot.file == "fleet.yaml"
            assert spot.span is not None
            assert 1 <= spot.span.line <= spot.span.end_line <= size
            assert 1 <= spot.span.column <= len(raw) + 1
            assert (spot.span.line, spot.span.column) <= (spot.span.end_line, spot.span.end_column)


@given(SYNTAX)
@examples(500)
def test_every_path_of_any_document_has_a_span(text: str) -> None:
    checked = read_document(text.encode(), "fleet.yaml")
    if checked.value is None:
        return
    found = checked.value
    for path, _ in leaves(found.data):
        for on_key in (False, True):
            span = found.span((*path, "absent"), on_key=on_key)
            assert span.line <= span.end_line
            assert found.span(path, on_key=on_key).line >= 1


@given(ROOT_AND_FLOW, st.booleans(), st.sampled_from(["\n", "\r\n"]))
@examples(150)
def test_data_equals_the_oracle_and_spans_point_at_their_scalars(
    root: tuple[Any, bool], wide: Any, break_: str
) -> None:
    data, flow = root
    text = dump(data, flow=flow, wide=wide)
    if not data:
        text = "{}\n"
    text = text.replace("\n", break_)
    found = read(text)
    assert found.data == data == oracle(text)
    assert load_all(text) == (data,)
    for path, value in leaves(data):
        if path and (value is not None or found.span(path) != found.span(path, on_key=True)):
            assert oracle(cut(text, found.span(path)).replace("\n", "\n ") or "~") == value
            if isinstance(path[-1], str):
                assert oracle(cut(text, found.span(path, on_key=True)).replace("\n", "\n ")) == path[-1]


@given(ROOT_AND_FLOW)
@examples(60)
def test_the_pure_parser_gives_the_same(root: tuple[Any, bool]) -> None:
    data, flow = root
    text = dump(data, flow=flow, wide=True)
    expected = read(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(document, "open_events", open_pure)
        patch.setattr(plain, "open_events", open_pure)
        found = read(text)
        assert load_all(text) == (data,)
    assert found == expected
    for path, _ in leaves(data):
        assert found.span(path) == expected.span(path)
        assert found.span(path, on_key=True) == expected.span(path, on_key=True)


def test_colons_in_flow_collections() -> None:
    text = "a: {server: https://example.org, skip: [02:00-03:00]}"
    assert read(text).data == {"a": {"server": "https://example.org", "skip": ["02:00-03:00"]}}


@given(SYNTAX)
@examples(300)
def test_neither_parser_lets_another_exception_out(text: str) -> None:
    for events in (open_events, open_pure):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(document, "open_events", events)
            patch.setattr(plain, "open_events", events)
            read_document(text.encode(), "fleet.yaml")
            with contextlib.suppress(PlainError):
                load_all(text)


def test_without_the_c_extension_the_parser_in_python_is_used() -> None:
    code = (
        "import sys; sys.modules['yaml._yaml'] = None; "
        "from backupgen.source import events, read_document; "
        "kind = type(events.open_events('a: 1').__self__); "
        "assert (kind.__module__, kind.__name__) == ('yaml.loader', 'SafeLoader'); "
        "assert read_document(b'a: 1', 'f').value.data == {'a': 1}; "
        "assert not read_document(b'a: [', 'f').value"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
