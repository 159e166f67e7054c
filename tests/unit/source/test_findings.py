"""What is wrong with a file: code, place, words and remedy."""

import gc

import pytest

from backupgen.diagnostics import CodeInfo, Finding, Severity
from backupgen.source import CODES, codes, read_document


def findings(raw: str | bytes) -> tuple[Finding, ...]:
    checked = read_document(raw if isinstance(raw, bytes) else raw.encode(), "fleet.yaml")
    assert (checked.value is None) == bool(checked.findings)
    return checked.findings


def brief(finding: Finding) -> tuple[str, int, int, str]:
    assert finding.spot.file == "fleet.yaml"
    assert finding.spot.span is not None
    return finding.info.slug, finding.spot.span.line, finding.spot.span.column, finding.message


@pytest.mark.parametrize(
    ("text", "slug", "line", "column", "message"),
    [
        ('a: "x\nb: 1\n', "syntax-error", 1, 4, 'the quote `"` is never closed'),
        ('a: "x: y\nb: "z"\n', "syntax-error", 2, 5, 'unexpected `z"` after the value'),
        ("a: 'x' y\n", "syntax-error", 1, 8, "unexpected `y` after the value"),
        ("a: [1\nb: 2\n", "syntax-error", 1, 4, "`[` is not closed: expected `,` or `]`"),
        ("a: {b: 1\n", "syntax-error", 1, 4, "`{` is not closed: expected `,` or `}`"),
        ("a:1\nb: 2\n", "syntax-error", 1, 2, "a space is missing after the colon"),
        ("b: 1\na:1\nc: 2\n", "syntax-error", 2, 2, "a space is missing after the colon"),
        ("a: b: c\n", "syntax-error", 1, 5, "a second `: ` on the same line"),
        ("# c\nx y\n\nz: 1\n", "syntax-error", 2, 1, "`x y` is neither `key: value` nor a list item"),
        ("a: 1\nfoo\nb: 2\n", "syntax-error", 2, 1, "`foo` is neither `key: value` nor a list item"),
        (
            "a: 1\n  b: 2\n",
            "syntax-error",
            2,
            3,
            "this line is indented deeper than the one above, which has a value already",
        ),
        ("t:\n  b: 1\n c: 2\n", "syntax-error", 3, 2, "the indentation of this line fits no line above"),
        ("  a: 1\n b: 2\n", "syntax-error", 2, 2, "the indentation of this line fits no line above"),
        ("a: 1\n- b\n", "syntax-error", 2, 1, "a list item where a key is expected"),
        ("- a\nb: 1\n", "syntax-error", 2, 1, "a line without a dash where a list item is expected"),
        ("a: - b\n", "syntax-error", 1, 4, "a list item cannot stand on this line"),
        ("a: 1\nb:1\n\nfoo\n", "syntax-error", 2, 2, "a space is missing after the colon"),
        ("a: !<x\n", "syntax-error", 1, 7, "not valid YAML: while scanning a tag did not find the expected '>'"),
        ("? *x\n: 1\n", "anchor-or-alias", 1, 3, "alias `*x` has no anchor, and aliases are not supported"),
        ("a: @x\n", "syntax-error", 1, 4, "a value cannot start with `@`"),
        ("a: `x`\n", "syntax-error", 1, 4, "a value cannot start with a backtick"),
        ("a: %x\n", "syntax-error", 1, 4, "a value cannot start with `%`"),
        ("a: *.tmp\n", "syntax-error", 1, 4, "a value cannot start with `*`"),
        ("a: ]\n", "syntax-error", 1, 4, "a value cannot start with `]`"),
        ("%x\n", "syntax-error", 1, 1, "a line cannot start with `%`"),
        ("a: |x\n", "syntax-error", 1, 5, "text on the line of a block scalar's `|` or `>`"),
        ('a: "\\q"\n', "syntax-error", 1, 5, "`\\q` is not an escape in double quotes"),
        (
            "%YAML 1.1\n---\na: 1\n",
            "syntax-error",
            1,
            1,
            "a directive line asks for another reading of the file, expected plain YAML 1.2",
        ),
        ("a:\n\tb: 1\n", "tab-indentation", 2, 1, "a tab indents this line, expected spaces"),
        ("a:\n  \tb: 1\n", "tab-indentation", 2, 3, "a tab indents this line, expected spaces"),
        (
            "a:\n\tb: 1\n\tc: 1\n  \td: 1\n",
            "tab-indentation",
            2,
            1,
            "a tab indents this line (and 2 more lines below), expected spaces",
        ),
        ("a: |\n\tx\n", "tab-indentation", 2, 1, "a tab indents this line, expected spaces"),
        ("a: x\x07y\n", "control-character", 1, 5, "character `U+0007` is not allowed in YAML"),
        ("", "empty-file", 1, 1, "the file holds no document, expected a fleet"),
        ("# only\n---\n# this\n", "empty-file", 1, 1, "the file holds no document, expected a fleet"),
        ("- a\n", "root-not-mapping", 1, 1, "the outermost level is a list, expected a mapping"),
        ("null\n", "root-not-mapping", 1, 1, "the outermost level is null, expected a mapping"),
        (
            "a: 1\n---\nb: 1\n",
            "several-documents",
            2,
            1,
            "a second document starts here, expected one document in the file",
        ),
        ("a: *x\n", "anchor-or-alias", 1, 4, "alias `*x` has no anchor, and aliases are not supported"),
        ("a: &x 1\n", "anchor-or-alias", 1, 4, "anchor `&x` is not supported"),
        ("<<: {a: 1}\n", "anchor-or-alias", 1, 1, "merge key `<<` is not supported"),
        ("a: !foo x\n", "explicit-tag", 1, 4, "tag `!foo` is not supported, expected a plain value"),
        (
            "a: !!python/name:x {}\n",
            "explicit-tag",
            1,
            4,
            "tag `!!python/name:x` is not supported, expected a plain value",
        ),
        ("b:\n  1: x\n", "key-not-string", 2, 3, "key `1` is a number, expected a string"),
        ("true: x\n", "key-not-string", 1, 1, "key `true` is a truth value, expected a string"),
        ("a: {{ x }}\n", "key-not-string", 1, 5, "a mapping is used as a key, expected a string"),
        ("a: " + "[" * 64 + "]" * 64, "too-deep", 1, 67, "collections are nested more than 64 deep"),
    ],
)
def test_one_finding(text: str, slug: str, line: int, column: int, message: str) -> None:
    assert [brief(finding) for finding in findings(text)] == [(slug, line, column, message)]


def test_63_levels_below_the_root_are_not_too_deep() -> None:
    assert findings("a: " + "[" * 63 + "]" * 63) == ()


def test_very_deep_nesting_does_not_exhaust_the_stack() -> None:
    for text in ("a: " + "[" * 100_000, "- " * 100_000, "a: " + "{b: " * 100_000):
        assert "too-deep" in {finding.info.slug for finding in findings(text)}


def test_duplicate_key_names_the_first_place_even_after_other_duplicates() -> None:
    text = "x: {p: 1}\na: 1\nb: [1, {c: 2}]\na: {d: 3}\n1: 2\nb: 4\na: 5\n"
    found = [(brief(finding), finding.related) for finding in findings(text)]
    places = [
        (entry[0][:3], [(r.spot.span.line, r.spot.span.column) for r in entry[1] if r.spot.span]) for entry in found
    ]
    assert places == [
        (("duplicate-key", 4, 1), [(2, 1)]),
        (("key-not-string", 5, 1), []),
        (("duplicate-key", 6, 1), [(3, 1)]),
        (("duplicate-key", 7, 1), [(2, 1)]),
    ]


def test_quoted_merge_sign_is_a_key_like_any_other() -> None:
    assert findings('"<<": 1\n') == ()


def test_an_anchor_lists_its_uses_and_the_remedy() -> None:
    (anchor, merge) = findings("a: &base {x: 1}\nb: *base\nc:\n  <<: *base\n")
    assert brief(anchor) == ("anchor-or-alias", 1, 4, "anchor `&base` is not supported")
    assert [(related.message, related.spot.span.line) for related in anchor.related if related.spot.span] == [
        ("used here", 2),
        ("used here", 4),
    ]
    assert "defaults:" in anchor.help
    assert brief(merge)[:3] == ("anchor-or-alias", 4, 3)


def test_everything_before_a_syntax_error_is_reported_too() -> None:
    slugs = [finding.info.slug for finding in findings("a: 1\na: !t 2\n3: 4\nb: [\n")]
    assert slugs == ["duplicate-key", "explicit-tag", "key-not-string", "syntax-error"]


def test_all_control_characters_are_reported() -> None:
    places = [brief(finding)[1:3] for finding in findings("a: \x00\nb: é\x1b[31m\n")]
    assert places == [(1, 4), (2, 5)]


def test_no_more_than_20_control_characters_are_reported() -> None:
    assert len(findings("a: " + "\x01" * 99)) == 20


@pytest.mark.parametrize(
    ("raw", "line", "column", "message"),
    [
        ("a: é\nb: ü".encode() + b"\xe9\n", 2, 5, "byte `0xE9` is not UTF-8"),
        ("é: ".encode() + "é".encode()[:1], 1, 4, "byte `0xC3` is not UTF-8"),
        (b"\xef\xbb\xbfa: \xff\n", 1, 4, "byte `0xFF` is not UTF-8"),
        ("a: 1\n".encode("utf-16"), 1, 1, "the file is encoded in UTF-16, expected UTF-8"),
        ("a: 1\n".encode("utf-16-le"), 1, 1, "the file is encoded in UTF-16, expected UTF-8"),
        ("a: 1\n".encode("utf-16-be"), 1, 1, "the file is encoded in UTF-16, expected UTF-8"),
        ("a: 1\n".encode("utf-32"), 1, 1, "the file is encoded in UTF-32, expected UTF-8"),
    ],
)
def test_encoding(raw: bytes, line: int, column: int, message: str) -> None:
    assert [brief(finding) for finding in findings(raw)] == [("not-utf-8", line, column, message)]


def test_the_garbage_collector_is_left_as_it_was() -> None:
    assert gc.isenabled()
    findings("a: [")
    assert gc.isenabled()
    gc.disable()
    try:
        findings("a: 1")
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.parametrize("info", CODES, ids=lambda info: info.code)
def test_the_catalogue_tells_the_truth(info: CodeInfo) -> None:
    assert info.severity is Severity.ERROR
    assert all((info.summary, info.why, info.fix))
    assert findings(info.good) == ()
    if info is codes.NOT_UTF8:
        assert [f.info for f in findings(info.bad.encode("iso-8859-1"))] == [info]
    elif info is not codes.UNREADABLE_FILE:
        assert {f.info for f in findings(info.bad)} == {info}


def test_codes_are_numbered_without_a_gap() -> None:
    assert [info.code for info in CODES] == [f"BG{number}" for number in range(101, 101 + len(CODES))]
    assert len({info.slug for info in CODES}) == len(CODES)
