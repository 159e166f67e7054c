"""The words of Go's templates (text/template/parse/lex.go, Go 1.22)."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from backupgen.grammars.go_literals import is_character, is_number, is_text

SPACE: Final = " \t\r\n"
KEYWORDS: Final = frozenset(
    {"block", "break", "continue", "define", "else", "end", "if", "range", "nil", "template", "with"}
)
_LEFT, _RIGHT = "{{", "}}"
_DIGITS: Final = "0123456789"
_COMMENT: Final = re.compile(r"\{\{(?:-[ \t\r\n])?/\*")
_SIGNED: Final = re.compile(
    r"[-+]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][-+]?[0-9_]*)?|0[oO][0-7_]*(?:\.[0-7_]*)?"
    r"|0[bB][01_]*(?:\.[01_]*)?|[0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9_]*)?)i?"
)
_QUOTED: Final = {
    '"': re.compile(r'"(?:[^"\\\n]|\\[^\n])*"'),
    "'": re.compile(r"'(?:[^'\\\n]|\\[^\n])*'"),
    "`": re.compile("`[^`]*`"),
}


class TemplateError(ValueError):
    """A text that is no template; the message says why, in Go's words where they are plain."""


class Token(NamedTuple):
    """A word of an action, or what stands around one."""

    kind: str
    """`text`, `{{`, `}}`, `space`, `word`, `keyword`, `bool`, `field`, `variable`, `dot`, `constant`, or a character
    that stands for itself."""
    text: str


def tokens(template: str) -> Iterator[Token]:
    """The words of a template, in order. Raises TemplateError."""
    at = 0
    while (start := template.find(_LEFT, at)) >= 0:
        if template[at:start].strip(SPACE):
            yield Token("text", "")
        if _COMMENT.match(template, start):
            at = _after_comment(template, start)
            continue
        for token, end in _action(template, start):
            yield token
            at = end
    if template[at:].strip(SPACE):
        yield Token("text", "")


def _action(template: str, start: int) -> Iterator[tuple[Token, int]]:
    """The words of the action that begins at a place, each with where it ends."""
    at = start + 2
    if template[at : at + 1] == "-" and template[at + 1 : at + 2] in set(SPACE):
        at += 1
    yield Token(_LEFT, _LEFT), at
    depth = 0
    while not (end := _right(template, at)):
        token, at = _word(template, at)
        depth += {"(": 1, ")": -1}.get(token.kind, 0)
        if depth < 0:
            raise TemplateError("there is a `)` too many")
        yield token, at
    if depth:
        raise TemplateError("a `(` is not closed")
    yield Token(_RIGHT, _RIGHT), end


def _after_comment(template: str, start: int) -> int:
    end = template.find("*/", start)
    if end < 0:
        raise TemplateError("a comment is not closed")
    after = _right(template, end + 2)
    if not after:
        raise TemplateError("a comment has to end with `*/}}`")
    return after


def _right(template: str, at: int) -> int:
    """Where the text after the action's end begins, if that is here; else 0."""
    if template.startswith(_RIGHT, at):
        return at + 2
    trimmed = template[at : at + 1] in set(SPACE) and template.startswith("-}}", at + 1)
    return at + 4 if trimmed else 0


def _word(template: str, at: int) -> tuple[Token, int]:
    first = template[at : at + 1]
    if not first:
        raise TemplateError("an action that `{{` opens is not closed")
    if first in SPACE:
        return _space(template, at)
    if first in _QUOTED:
        return _quoted(template, at, first)
    if first == "$" or (first == "." and template[at + 1 : at + 2] not in set(_DIGITS)):
        return _named(template, at, "variable" if first == "$" else "field")
    if first in "+-." + _DIGITS:
        return _number(template, at)
    return _identifier(template, at) if _is_letter(first) else _sign(template, at)


def _sign(template: str, at: int) -> tuple[Token, int]:
    first = template[at]
    if template.startswith(":=", at):
        return Token(":=", ":="), at + 2
    if first == ":" or not first.isascii() or not first.isprintable():
        raise TemplateError(f"`{first}` cannot stand here")
    return Token(first, first), at + 1


def _space(template: str, at: int) -> tuple[Token, int]:
    end = at
    while template[end : end + 1] and template[end] in SPACE and not _right(template, end):
        end += 1
    return Token("space", " "), end


def _quoted(template: str, at: int, quote: str) -> tuple[Token, int]:
    match = _QUOTED[quote].match(template, at)
    if match is None:
        raise TemplateError(f"a text that {quote} opens is not closed")
    good = is_character(match[0]) if quote == "'" else is_text(match[0])
    if not good:
        raise TemplateError(f"`{match[0][:40]}` is not a literal of Go's")
    return Token("constant", match[0]), match.end()


def _named(template: str, at: int, kind: str) -> tuple[Token, int]:
    end = _run(template, at + 1)
    if end == at + 1:
        if not _ends_here(template, end):
            raise TemplateError(f"`{template[end]}` cannot follow `{template[at]}`")
        return Token("variable" if kind == "variable" else "dot", template[at]), end
    _check_end(template, end)
    return Token(kind, template[at:end]), end


def _identifier(template: str, at: int) -> tuple[Token, int]:
    end = _run(template, at)
    _check_end(template, end)
    word = template[at:end]
    kind = "keyword" if word in KEYWORDS else "bool" if word in {"true", "false"} else "word"
    return Token(kind, word), end


def _number(template: str, at: int) -> tuple[Token, int]:
    match = _SIGNED.match(template, at)
    end = match.end() if match else at + 1
    if template[end : end + 1] in {"+", "-"} and (rest := _SIGNED.match(template, end)) and rest[0].endswith("i"):
        end = rest.end()
    text = template[at:end]
    if _is_letter(template[end : end + 1]) or not is_number(text):
        raise TemplateError(f"`{template[at : end + 1][:40]}` is not a number")
    return Token("constant", text), end


def _run(template: str, at: int) -> int:
    while _is_letter(template[at : at + 1]):
        at += 1
    return at


def _check_end(template: str, end: int) -> None:
    if not _ends_here(template, end):
        raise TemplateError(f"`{template[end]}` cannot follow a name")


def _ends_here(template: str, at: int) -> bool:
    following = template[at : at + 1]
    return not following or following in SPACE + ".,|:)(" or template.startswith(_RIGHT, at)


def _is_letter(character: str) -> bool:
    """Go's isAlphaNumeric: an underscore, a letter or a decimal digit."""
    return character == "_" or (bool(character) and (character.isalpha() or character.isdecimal()))
