"""Carets stand under what they mean."""

from hypothesis import given
from hypothesis import strategies as st

from backupgen.diagnostics import Span
from backupgen.report.findings.excerpt import Excerpt, _cells, _shown, cut, source_lines

LINES = st.text(st.sampled_from('ab: "\t漢é\x1b\u0301😀'), max_size=120)


def test_a_line_that_fits_is_left_alone() -> None:
    assert cut('    at: ":20"  ', Span(3, 9, 3, 14), 80) == Excerpt('    at: ":20"', 8, 5)


def test_tabs_wide_and_control_characters() -> None:
    assert cut("\t漢: x", Span(1, 2, 1, 3), 80) == Excerpt("    漢: x", 4, 2)
    assert cut("\t漢: x", Span(1, 5, 1, 6), 80) == Excerpt("    漢: x", 8, 1)
    assert cut("a\x1bb", Span(1, 3, 1, 4), 80) == Excerpt("a\\x1bb", 5, 1)
    assert cut("e\u0301x", Span(1, 3, 1, 4), 80) == Excerpt("e\u0301x", 1, 1)


def test_a_span_over_several_lines_is_underlined_to_the_end_of_its_first() -> None:
    assert cut("flow: [1,  ", Span(1, 7, 3, 2), 80) == Excerpt("flow: [1,", 6, 3)


def test_an_empty_span_has_one_caret() -> None:
    assert cut("a:", Span(1, 3, 1, 3), 80) == Excerpt("a:", 2, 1)
    assert cut("", Span(1, 1, 1, 1), 80) == Excerpt("", 0, 1)


def test_a_long_line_is_cropped_around_the_span() -> None:
    line = "x" * 500 + "HERE" + "y" * 500
    excerpt = cut(line, Span(1, 501, 1, 505), 40)
    assert excerpt.line.startswith("…x")
    assert excerpt.line.endswith("y…")
    assert len(excerpt.line) == 40
    assert excerpt.line[excerpt.indent :][: excerpt.carets] == "HERE"
    assert excerpt.indent == 18


def test_room_that_one_side_does_not_need_goes_to_the_other() -> None:
    line = "ab: " + "x" * 500
    assert cut(line, Span(1, 1, 1, 3), 40) == Excerpt(line[:38] + "…", 0, 2)
    excerpt = cut("y" * 500 + "END", Span(1, 501, 1, 504), 40)
    assert excerpt == Excerpt("…" + "y" * 35 + "END", 36, 3)


def test_a_span_that_does_not_fit_shows_its_start() -> None:
    excerpt = cut("ab" + "s" * 500, Span(1, 3, 1, 503), 40)
    assert excerpt.line[excerpt.indent :].startswith("sss")
    assert excerpt.indent + excerpt.carets <= 40


@given(LINES, st.integers(1, 125), st.integers(0, 125), st.integers(20, 90))
def test_carets_start_at_the_span_and_nothing_is_too_wide(line: str, column: int, length: int, width: int) -> None:
    excerpt = cut(line, Span(1, column, 1, column + length), width)
    assert _cells(excerpt.line) <= width
    assert excerpt.carets >= 1
    assert excerpt.indent + excerpt.carets <= width + 1
    if column <= len(line):
        cells = [0]
        for character in excerpt.line:
            cells.append(cells[-1] + _cells(character))
        expected = _shown(line[column - 1])
        starts = [n for n, cell in enumerate(cells) if cell == excerpt.indent]
        assert not expected.strip() or any(excerpt.line[n:].startswith(expected) for n in starts)


def test_lines_end_where_spans_count_them() -> None:
    assert source_lines("a\r\nb\rc\nd\x0be\u2028f\x85") == ("a", "b", "c", "d\x0be\u2028f\x85")
