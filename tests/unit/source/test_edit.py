import pytest
from hypothesis import given
from hypothesis import strategies as st

from backupgen.diagnostics import NodePath
from backupgen.source import Document, read_document

BLOCK = """\
# a fleet
targets:
  a:            # the first
    at: auto    # chosen
    every: 6h   # four times a day
    x: 1

  b: {at: auto, every: 1d, x: [1, 2]}   # in braces
  c: {
    at: "auto",
    every: 1w,   # weekly
    x: 1,
  }
  d: {x: 1, at: auto, every: 2h}
  e:
    every: 1h
    at: 'auto'
"""


def document(text: str) -> Document:
    read = read_document(text.encode(), "fleet.yaml")
    assert read.value is not None, read.findings
    return read.value


def path(name: str, key: str) -> NodePath:
    return ("targets", name, key)


def test_only_what_is_asked_for_changes() -> None:
    names = "abcde"
    values = {path(name, "at"): f":0{number}" for number, name in enumerate(names)}
    edited = document(BLOCK).edited(values, [path(name, "every") for name in names])
    assert (
        edited
        == """\
# a fleet
targets:
  a:            # the first
    at: ":00"    # chosen
    # four times a day
    x: 1

  b: {at: ":01", x: [1, 2]}   # in braces
  c: {
    at: ":02",
    # weekly
    x: 1,
  }
  d: {x: 1, at: ":03"}
  e:
    at: ":04"
"""
    )


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_line_ends_stay(newline: str) -> None:
    text = BLOCK.replace("\n", newline)
    edited = document(text).edited({}, [path("a", "every"), path("c", "every"), path("e", "every")])
    assert edited.count(newline) == text.count(newline) - 1
    assert edited.count("\n") == edited.count(newline)


def test_a_last_line_without_an_end() -> None:
    assert document("a:\n  b: 1\n  c: 2").edited({}, [("a", "c")]) == "a:\n  b: 1\n"


def test_a_line_of_its_own_in_braces_goes_as_a_whole() -> None:
    text = "a: {\n  b: 1,\n  c: 2,\n  d: 3\n}\n"
    assert document(text).edited({}, [("a", "c")]) == "a: {\n  b: 1,\n  d: 3\n}\n"
    assert document(text).edited({}, [("a", "d")]) == "a: {\n  b: 1,\n  c: 2\n}\n"


def test_the_only_key_in_braces() -> None:
    assert document("a: {b: 1}\n").edited({}, [("a", "b")]) == "a: {}\n"


def test_what_is_not_there() -> None:
    with pytest.raises(KeyError):
        document(BLOCK).edited({("targets", "z", "at"): "x"})
    with pytest.raises(KeyError):
        document("a: [1]\n").edited({("a", 0): "x"})


def test_a_collection_is_refused() -> None:
    # The spans of collections are not those of their text.
    with pytest.raises(ValueError, match="asked for"):
        document("a:\n  b: {c: 1}\n  d: 2\n").edited({}, [("a",)])


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=20))
def test_any_string_arrives(value: str) -> None:
    edited = document(BLOCK).edited({path("b", "at"): value})
    assert document(edited).data["targets"]["b"]["at"] == value


@given(st.lists(st.sampled_from("abcde"), unique=True), st.lists(st.sampled_from("abcde"), unique=True))
def test_any_mixture_means_what_was_asked_for(changed: list[str], removed: list[str]) -> None:
    values = {path(name, "at"): "Sun 04:00" for name in changed}
    edited = document(document(BLOCK).edited(values, [path(name, "every") for name in removed]))
    for name in "abcde":
        assert edited.data["targets"][name]["at"] == ("Sun 04:00" if name in changed else "auto")
        assert ("every" in edited.data["targets"][name]) == (name not in removed)
    comments = [line.partition("#")[2] for line in BLOCK.splitlines() if "#" in line]
    assert [line.partition("#")[2] for line in edited.text.splitlines() if "#" in line] == comments
