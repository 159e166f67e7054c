"""The parser's errors, in the words of who wrote the file.

libyaml names the rule that broke, often lines after the mistake. Each function below recognises one common mistake from
the error and the text around it; what none recognises is passed on as the parser put it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from backupgen.diagnostics import CodeInfo, Finding, Related, Spot
from backupgen.source import codes
from backupgen.source.encoding import forbidden_characters
from backupgen.source.events import YAMLError
from backupgen.source.lines import LineIndex

_MOST_CHARACTERS: Final = 20
_INDENT_TAB: Final = re.compile(r"^ *\t[ \t]*(?=\S)", re.MULTILINE)
_LOST_KEY: Final = re.compile(r"expected key|expected <block end>|expected '-'|expected '?<document start>")
_NO_SPACE: Final = re.compile(r"^\s*(?:- +)*([\w./-]+):(?=[^\s:/])")
_KEY: Final = re.compile(r"^\s*(?:- +)*[^\s#'\"\[{][^#]*?:(?:\s|$)")


@dataclass(frozen=True, slots=True)
class _Mistake:
    """A parser error and the text around it; offsets in characters."""

    problem: str
    offset: int
    context: int | None
    text: str
    lines: LineIndex
    last_scalar: Any

    @property
    def character(self) -> str:
        return self.text[self.offset : self.offset + 1]

    @property
    def before(self) -> str:
        """The text on the error's line before it."""
        return self.text[self.lines.line_start(self.offset) : self.offset]

    def line_above(self) -> tuple[int, str]:
        """Return the offset and the text of the nearest line above that is neither blank nor a comment."""
        start = self.lines.line_start(self.offset)
        while start > 0:
            start = self.lines.line_start(start - 1)
            line = self.lines.line_text(start)
            if line.strip() and not line.lstrip().startswith("#"):
                return start, line
        return 0, ""


@dataclass(frozen=True, slots=True)
class _Answer:
    message: str
    start: int
    length: int = 1
    remedy: str = ""
    also: tuple[str, int] | None = None
    info: CodeInfo = codes.SYNTAX_ERROR


def explain(error: YAMLError, text: str, file: str, lines: LineIndex, last_scalar: Any) -> list[Finding]:
    """Return the findings for a parser error: one, or one for each forbidden character.

    `last_scalar` is the last scalar event before the error, if any.
    """
    problem_mark: Any = getattr(error, "problem_mark", None)
    context_mark: Any = getattr(error, "context_mark", None)
    if problem_mark is None:
        return _forbidden(error, text, file, lines)
    problem = f"{getattr(error, 'context', None) or ''} {getattr(error, 'problem', None) or ''}".strip()
    context = context_mark.index if context_mark is not None else None
    mistake = _Mistake(problem, min(problem_mark.index, len(text)), context, text, lines, last_scalar)
    answer = next((answer for ask in _QUESTIONS if (answer := ask(mistake))), None) or _as_it_is(mistake)

    def spot(start: int, length: int) -> Spot:
        return Spot(file=file, span=lines.span(min(start, len(text)), min(start + length, len(text))))

    related = (Related(answer.also[0], spot(answer.also[1], 1)),) if answer.also else ()
    where = spot(answer.start, answer.length)
    return [Finding(answer.info, answer.message, where, answer.remedy, related=related)]


def _forbidden(error: YAMLError, text: str, file: str, lines: LineIndex) -> list[Finding]:
    findings = [
        Finding(
            codes.CONTROL_CHARACTER,
            f"character `U+{ord(match[0]):04X}` is not allowed in YAML",
            Spot(file=file, span=lines.span(match.start(), match.end())),
            "delete it, or write it as an escape in double quotes",
        )
        for match in islice(forbidden_characters(text), _MOST_CHARACTERS)
    ]
    if findings:
        return findings
    where = Spot(file=file, span=lines.span(0, 0))
    return [Finding(codes.SYNTAX_ERROR, f"not valid YAML: {getattr(error, 'reason', None) or 'unreadable'}", where)]


def _tab(mistake: _Mistake) -> _Answer | None:
    start = mistake.lines.line_start(mistake.offset)
    match = _INDENT_TAB.match(mistake.text, start)
    if not match or mistake.offset > match.end():
        return None
    others = sum(1 for _ in _INDENT_TAB.finditer(mistake.text, match.end()))
    more = f" (and {others} more {'line' if others == 1 else 'lines'} below)" if others else ""
    message = f"a tab indents this line{more}, expected spaces"
    remedy = "indent with spaces, two for each level"
    tab = mistake.text.index("\t", start)
    return _Answer(message, tab, match.end() - tab, remedy, info=codes.TAB_INDENTATION)


def _bad_start(mistake: _Mistake) -> _Answer | None:
    if "cannot start any token" not in mistake.problem:
        return None
    character = mistake.character
    shown = {"\t": "a tab", "`": "a backtick"}.get(character, f"`{character}`")
    remedy = "put a space after the colon or dash instead" if character == "\t" else "write the value in quotes"
    return _Answer(f"a value cannot start with {shown}", mistake.offset, remedy=remedy)


def _bad_name(mistake: _Mistake) -> _Answer | None:
    if "scanning an a" not in mistake.problem or mistake.context is None:
        return None
    sign = mistake.text[mistake.context : mistake.context + 1]
    return _Answer(f"a value cannot start with `{sign}`", mistake.context, remedy="write the value in quotes")


def _directive(mistake: _Mistake) -> _Answer | None:
    if "directive" not in mistake.problem or mistake.context is None:
        return None
    return _Answer("a line cannot start with `%`", mistake.context, remedy="write it in quotes if it is a value")


def _lost_token(mistake: _Mistake) -> _Answer | None:
    """Explain a sign that stands where it means nothing."""
    shown = _short(mistake.text[mistake.offset : mistake.offset + 1])
    if "unexpected ':'" in mistake.problem:
        remedy = "put a space after the colon, or write the value in quotes"
        return _Answer("a space is missing after the colon", mistake.offset, remedy=remedy)
    if "did not find expected node content" in mistake.problem and shown:
        return _Answer(f"a value cannot start with `{shown}`", mistake.offset, remedy="write the value in quotes")
    if "scanning a block scalar" in mistake.problem and "expected comment or line break" in mistake.problem:
        remedy = "start the text on the next line; write the value in quotes if it starts with `|` or `>`"
        return _Answer("text on the line of a block scalar's `|` or `>`", mistake.offset, remedy=remedy)
    return None


def _second_colon(mistake: _Mistake) -> _Answer | None:
    """Explain a colon where none may stand: a second one on the line, or the line above was no `key: value`."""
    if "mapping values are not allowed" not in mistake.problem:
        return None
    if _KEY.match(mistake.before):
        remedy = "write the value in quotes if the colon belongs to it, or start a new line for a nested key"
        return _Answer("a second `: ` on the same line", mistake.offset, remedy=remedy)
    above, line = mistake.line_above()
    if match := _NO_SPACE.match(line):
        remedy = f"write `{match[1]}: ` with a space"
        return _Answer("a space is missing after the colon", above + match.end() - 1, remedy=remedy)
    indent = len(mistake.before) - len(mistake.before.lstrip())
    start = mistake.lines.line_start(mistake.offset) + indent
    if _KEY.match(line):
        message = "this line is indented deeper than the one above, which has a value already"
        remedy = "give both lines the same indentation, or remove the value above"
        return _Answer(message, start, mistake.offset - start, remedy, ("the value is here", above + _width(line)))
    if line:
        shift = _width(line)
        message = f"`{_short(line)}` is neither `key: value` nor a list item"
        return _Answer(
            message, above + shift, len(line) - shift, "write `key: value`, or quote a text of several lines"
        )
    return None


def _no_colon(mistake: _Mistake) -> _Answer | None:
    if "could not find expected ':'" not in mistake.problem or mistake.context is None:
        return None
    line = mistake.lines.line_text(mistake.context)
    if match := _NO_SPACE.match(line):
        start = mistake.lines.line_start(mistake.context) + match.end() - 1
        return _Answer("a space is missing after the colon", start, remedy=f"write `{match[1]}: ` with a space")
    rest = mistake.text[mistake.context : mistake.lines.line_start(mistake.context) + len(line)]
    message = f"`{_short(rest)}` is neither `key: value` nor a list item"
    return _Answer(message, mistake.context, len(rest), "a colon and a space are missing after a key")


def _unclosed_quote(mistake: _Mistake) -> _Answer | None:
    if "quoted scalar" not in mistake.problem or mistake.context is None:
        return None
    if "escape" in mistake.problem or "hexdecimal" in mistake.problem or "Unicode" in mistake.problem:
        shown = mistake.text[mistake.offset : mistake.offset + 2]
        remedy = "use single quotes, in which a backslash is itself, or write `\\\\`"
        return _Answer(f"`{shown}` is not an escape in double quotes", mistake.offset, len(shown), remedy)
    quote = mistake.text[mistake.context : mistake.context + 1]
    return _Answer(f"the quote `{quote}` is never closed", mistake.context, remedy="close it on the same line")


def _unclosed_bracket(mistake: _Mistake) -> _Answer | None:
    if "parsing a flow" not in mistake.problem or mistake.context is None:
        return None
    opening = mistake.text[mistake.context : mistake.context + 1]
    if opening not in "[{":
        return None
    closing = "]" if opening == "[" else "}"
    at_end = not mistake.text[mistake.offset :].strip()
    message = f"`{opening}` is not closed: expected `,` or `{closing}`"
    also = None if at_end else ("found this instead", mistake.offset)
    return _Answer(
        message, mistake.context, remedy=f"close it with `{closing}`, or separate the items by commas", also=also
    )


def _item_after_key(mistake: _Mistake) -> _Answer | None:
    if "block sequence entries are not allowed" not in mistake.problem:
        return None
    remedy = "start the list on a new line; write the value in quotes if the dash belongs to it"
    return _Answer("a list item cannot stand on this line", mistake.offset, remedy=remedy)


def _lost_key(mistake: _Mistake) -> _Answer | None:
    """Explain what stands where a key or dash should: text after a value, or a line whose indentation fits nothing."""
    if not _LOST_KEY.search(mistake.problem):
        return None
    if not mistake.before.strip(" -"):
        return _bad_indentation(mistake)
    rest = _short(mistake.lines.line_text(mistake.offset)[len(mistake.before) :])
    message = f"unexpected `{rest}` after the value"
    scalar = mistake.last_scalar
    if scalar is not None and scalar.style in {'"', "'"} and scalar.start_mark.line != scalar.end_mark.line:
        also = ("a quoted value began here; is its closing quote missing?", scalar.start_mark.index)
        return _Answer(message, mistake.offset, len(rest), "close the quote on the line where it opens", also)
    return _Answer(message, mistake.offset, len(rest), "write the whole value in quotes")


def _bad_indentation(mistake: _Mistake) -> _Answer:
    also = None if mistake.context is None else ("the block that this line would end starts here", mistake.context)
    if mistake.character == "-":
        message = "a list item where a key is expected"
    elif "expected '-'" in mistake.problem:
        message = "a line without a dash where a list item is expected"
    else:
        message = "the indentation of this line fits no line above"
    rest = _short(mistake.lines.line_text(mistake.offset)[len(mistake.before) :])
    return _Answer(message, mistake.offset, len(rest), "indent it like the lines that it belongs to", also)


def _as_it_is(mistake: _Mistake) -> _Answer:
    return _Answer(f"not valid YAML: {mistake.problem}", mistake.offset)


def _short(line: str) -> str:
    stripped = line.strip()
    return stripped if len(stripped) <= 40 else f"{stripped[:39]}…"


def _width(line: str) -> int:
    return len(line) - len(line.lstrip())


_QUESTIONS: Final[tuple[Callable[[_Mistake], _Answer | None], ...]] = (
    _tab,
    _bad_start,
    _bad_name,
    _directive,
    _second_colon,
    _no_colon,
    _unclosed_quote,
    _unclosed_bracket,
    _item_after_key,
    _lost_key,
    _lost_token,
)
