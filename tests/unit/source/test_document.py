"""Positions of keys and values, and the document's fallbacks."""

import pytest

from backupgen.diagnostics import Finding, NodePath, Related, Severity, Span, Spot
from backupgen.source import Document, read_document
from tests.codes import made_up

TEXT = """\
# a comment
fleet: home
targets:
  grafana:
    at: ":20"
    tags: [a, "b c"]
    labels: {x: 1, y: }
    empty:
    script: |
      one
      two
    list:
      - plain
      - key: value
        other: 2
      -
        - nested
flow: [
  1,
  2]
"""


def document(text: str) -> Document:
    checked = read_document(text.encode(), "fleet.yaml")
    assert checked.value is not None, checked.findings
    assert checked.findings == ()
    return checked.value


def test_data() -> None:
    assert document(TEXT).data == {
        "fleet": "home",
        "targets": {
            "grafana": {
                "at": ":20",
                "tags": ["a", "b c"],
                "labels": {"x": 1, "y": None},
                "empty": None,
                "script": "one\ntwo\n",
                "list": ["plain", {"key": "value", "other": 2}, ["nested"]],
            }
        },
        "flow": [1, 2],
    }


@pytest.mark.parametrize(
    ("path", "on_key", "span"),
    [
        ((), False, (2, 1, 2, 6)),
        (("fleet",), False, (2, 8, 2, 12)),
        (("fleet",), True, (2, 1, 2, 6)),
        (("targets",), False, (3, 1, 3, 8)),
        (("targets", "grafana"), False, (4, 3, 4, 10)),
        (("targets", "grafana", "at"), False, (5, 9, 5, 14)),
        (("targets", "grafana", "tags"), False, (6, 11, 6, 21)),
        (("targets", "grafana", "tags", 1), False, (6, 15, 6, 20)),
        (("targets", "grafana", "labels", "x"), True, (7, 14, 7, 15)),
        (("targets", "grafana", "labels", "y"), False, (7, 20, 7, 21)),
        (("targets", "grafana", "empty"), False, (8, 5, 8, 10)),
        (("targets", "grafana", "list"), False, (12, 5, 12, 9)),
        (("targets", "grafana", "list", 0), False, (13, 9, 13, 14)),
        (("targets", "grafana", "list", 1), False, (14, 9, 14, 12)),
        (("targets", "grafana", "list", 1, "other"), False, (15, 16, 15, 17)),
        (("targets", "grafana", "list", 2), False, (17, 9, 17, 10)),
        (("targets", "grafana", "list", 2, 0), False, (17, 11, 17, 17)),
        (("flow",), False, (18, 7, 20, 5)),
        (("flow", 1), False, (20, 3, 20, 4)),
        # what does not exist falls back to the key of the nearest parent
        (("targets", "grafana", "namespace"), False, (4, 3, 4, 10)),
        (("targets", "grafana", "namespace", "deeper", 3), False, (4, 3, 4, 10)),
        (("targets", "grafana", "at", "deeper"), False, (5, 5, 5, 7)),
        (("targets", "grafana", "tags", 7), False, (6, 5, 6, 9)),
        (("targets", "grafana", "tags", -1), False, (6, 5, 6, 9)),
        (("targets", "grafana", "list", 1, "absent"), False, (14, 9, 14, 12)),
        (("targets", 0), False, (3, 1, 3, 8)),
        (("absent",), False, (2, 1, 2, 6)),
    ],
)
def test_span(path: NodePath, *, on_key: bool, span: tuple[int, int, int, int]) -> None:
    assert document(TEXT).span(path, on_key=on_key) == Span(*span)


@pytest.mark.parametrize("break_", ["\n", "\r\n", "\r"])
def test_columns_count_characters_after_any_line_break(break_: str) -> None:
    text = break_.join(['é: "ü😀"  # 漢字', "ключ: [😀, b]", "c: d", ""])
    for prefix in ("", "\ufeff"):
        found = document(prefix + text)
        assert found.text == text
        assert found.span(("é",)) == Span(1, 4, 1, 8)
        assert found.span(("ключ",), on_key=True) == Span(2, 1, 2, 5)
        assert found.span(("ключ", 1)) == Span(2, 11, 2, 12)
        assert found.span(("c",)) == Span(3, 4, 3, 5)


def test_characters_that_only_yaml_1_1_takes_for_line_breaks_do_not_move_lines() -> None:
    found = document('a: "x\u2028y"\nb: c\n')
    assert found.span(("b",)) == Span(2, 4, 2, 5)


def test_block_scalar_starts_at_its_indicator() -> None:
    span = document(TEXT).span(("targets", "grafana", "script"))
    assert (span.line, span.column) == (9, 13)


def test_locate_fills_only_what_is_open() -> None:
    info = made_up("BG999", "test", Severity.ERROR)
    fixed = Spot(file="out/x.yaml", span=Span(1, 2, 3, 4))
    elsewhere = Spot(path=("fleet",), file="out/y.yaml")
    finding = Finding(
        info,
        "message",
        Spot(("targets", "grafana"), on_key=True),
        related=(Related("here", Spot(("fleet",))), Related("there", fixed), Related("nowhere", elsewhere)),
    )
    located = document(TEXT).locate(finding)
    assert (located.spot.file, located.spot.span) == ("fleet.yaml", Span(4, 3, 4, 10))
    assert (located.related[0].spot.file, located.related[0].spot.span) == ("fleet.yaml", Span(2, 8, 2, 12))
    assert located.related[1].spot == fixed
    assert located.related[2].spot == elsewhere
    assert (located.info, located.message) == (info, "message")
