"""Templates of Prometheus in annotations and labels of alerts: whether Prometheus would load them.

Prometheus parses each at load time (`testTemplateParsing` in its model/rulefmt), and one that cannot be parsed costs
the whole file of rules. The grammar is that of Go's text/template/parse (Go 1.22), the functions are those of
Prometheus 2.53 and later. A template that can be parsed and then fails shows its error in the alert, which is no loss.
"""

from typing import Final

from backupgen.grammars.go_tokens import TemplateError, Token, tokens

FUNCTIONS: Final = frozenset({
    "and", "call", "eq", "ge", "gt", "html", "index", "js", "le", "len", "lt", "ne", "not", "or", "print",
    "printf", "println", "slice", "urlquery", "args", "externalURL", "first", "graphLink",
    "humanize", "humanize1024", "humanizeDuration", "humanizePercentage", "humanizeTimestamp", "label", "match",
    "parseDuration", "pathPrefix", "query", "reReplaceAll", "safeHtml", "sortByLabel", "stripDomain", "stripPort",
    "strvalue", "tableLink", "title", "toLower", "toTime", "toUpper", "value",
})  # fmt: skip
"""Go's own, and those of Prometheus (its documentation, "Template reference")."""
VARIABLES: Final = ("$", "$labels", "$externalLabels", "$externalURL", "$value")
"""What Prometheus declares in front of each template."""
_DEEPEST: Final = 100
_OPERANDS: Final = frozenset({"bool", "constant", "dot", "field", "word", "variable", "("})
_END: Final = Token("end", "the end of the text")


def template_error(text: str) -> str:
    """Why Prometheus would refuse the template; empty: it would not."""
    if "{{" not in text:
        return ""
    try:
        _Parser(text).parse()
    except TemplateError as error:
        return str(error)
    return ""


def as_template(text: str) -> str:
    """The template that yields the text as it is."""
    return text.replace("{{", '{{ "{{" }}') if "{{" in text else text


class _Parser:
    """Go's parser, as far as it refuses things."""

    def __init__(self, text: str) -> None:
        self._tokens = list(tokens(text))
        self._at = 0
        self._variables = list(VARIABLES)
        self._loops = 0
        self._depth = 0
        self._defined: set[str] = set()

    def parse(self) -> None:
        while self._peek() is not _END:
            if self._peek().kind == "{{" and self._peek_inside() == Token("keyword", "define"):
                self._definition()
            elif ended := self._text_or_action():
                raise TemplateError(f"`{{{{{ended}}}}}` has nothing that it could end")

    def _peek(self, offset: int = 0) -> Token:
        at = self._at + offset
        return self._tokens[at] if at < len(self._tokens) else _END

    def _next(self) -> Token:
        token = self._peek()
        self._at += 1
        return token

    def _skip_space(self) -> Token:
        while self._peek().kind == "space":
            self._at += 1
        return self._peek()

    def _next_word(self) -> Token:
        self._skip_space()
        return self._next()

    def _peek_inside(self) -> Token:
        """The first word of the action that is next."""
        return self._peek(2) if self._peek(1).kind == "space" else self._peek(1)

    def _expect(self, kind: str, where: str) -> None:
        token = self._next_word()
        if token.kind != kind:
            raise TemplateError(f"{_shown(token)} cannot stand in {where}")

    def _definition(self) -> None:
        self._next()
        self._next_word()
        name = self._name("a `define`")
        self._expect("}}", "a `define`")
        self._body(name, "`define`")

    def _name(self, where: str) -> str:
        token = self._next_word()
        if token.kind != "constant" or token.text[0] not in '"`':
            raise TemplateError(f"{where} needs a name in quotes")
        return token.text

    def _body(self, name: str, of: str) -> None:
        """A template of its own: it sees none of the variables outside."""
        outside, self._variables = self._variables, ["$"]
        loops, self._loops = self._loops, 0
        start = self._at
        ended = self._list()
        if ended != "end":
            raise TemplateError(f"an `else` has no place in a {of}")
        empty = self._at - start <= 4 and all(
            token.kind in {"{{", "}}", "space", "keyword"} for token in self._tokens[start : self._at]
        )
        if not empty and name in self._defined:
            raise TemplateError(f"the template {name} is defined twice")
        self._defined |= set() if empty else {name}
        self._variables, self._loops = outside, loops

    def _list(self) -> str:
        """Everything up to the `end` or `else` that belongs to what is open."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise TemplateError(f"it is nested more than {_DEEPEST} deep")
        while self._peek() is not _END:
            if ended := self._text_or_action():
                self._depth -= 1
                return ended
        raise TemplateError("an `end` is missing")

    def _text_or_action(self) -> str:
        if self._next().kind == "text":
            return ""
        token = self._skip_space()
        if token.kind == "keyword" and token.text != "nil":
            self._next()
            return self._control(token.text)
        self._pipeline("an action", "}}")
        return ""

    def _control(self, word: str) -> str:
        """A keyword's action; returns what ends here, if anything does."""
        match word:
            case "if" | "range" | "with":
                self._branches(word)
            case "template" | "block":
                self._named(word)
            case "break" | "continue" if self._loops:
                self._expect("}}", f"`{word}`")
            case "end" | "else":
                return self._ending(word)
            case _:
                raise TemplateError(f"`{word}` cannot stand here")
        return ""

    def _named(self, word: str) -> None:
        name = self._name(f"a `{word}`")
        if word == "block":
            self._pipeline("a `block`", "}}")
            self._body(name, "`block`")
        elif self._skip_space().kind == "}}":
            self._next()
        else:
            self._pipeline("a `template`", "}}")

    def _ending(self, word: str) -> str:
        if word == "else" and self._skip_space() == Token("keyword", "if"):
            return "else if"
        self._expect("}}", f"`{word}`")
        return word

    def _branches(self, word: str) -> None:
        known = len(self._variables)
        self._pipeline(f"`{word}`", "}}")
        self._loops += word == "range"
        ended = self._list()
        self._loops -= word == "range"
        if ended == "else if":
            if word != "if":
                raise TemplateError(f"`else if` has no place in `{word}`")
            self._next_word()
            self._depth += 1
            if self._depth > _DEEPEST:
                raise TemplateError(f"it is nested more than {_DEEPEST} deep")
            self._branches("if")
            self._depth -= 1
        elif ended == "else" and self._list() != "end":
            raise TemplateError("there is an `else` too many")
        del self._variables[known:]

    def _pipeline(self, where: str, end: str) -> None:
        self._declarations(where)
        commands = 0
        while True:
            token = self._skip_space()
            if token.kind == end:
                self._next()
                break
            if token.kind not in _OPERANDS and token != Token("keyword", "nil"):
                raise TemplateError(f"{_shown(token)} cannot stand in {where}")
            if commands and (token.kind in {"bool", "constant", "dot"} or token.text == "nil") and self._alone():
                raise TemplateError(f"{_shown(token)} cannot be called in a pipeline")
            self._command()
            commands += 1
        if not commands:
            raise TemplateError(f"{where} has no value")

    def _alone(self) -> bool:
        """Whether no field follows the next word, which would make a chain of it."""
        return self._peek(1).kind != "field"

    def _declarations(self, where: str) -> None:
        declared = 0
        while self._skip_space().kind == "variable":
            name, ahead = self._peek(), 1
            while self._peek(ahead).kind == "space":
                ahead += 1
            following = self._peek(ahead).kind
            if following not in {":=", "=", ","}:
                return
            self._at += ahead + 1
            self._variables.append(name.text)
            declared += 1
            if following != ",":
                return
            if where != "`range`" or declared > 1:
                raise TemplateError(f"there are too many variables in {where}")
            if self._skip_space().kind not in {"variable", "}}", ")"}:
                raise TemplateError("`range` can only set variables")

    def _command(self) -> None:
        operands = 0
        while True:
            self._skip_space()
            operands += self._operand()
            token = self._next()
            if token.kind == "space":
                continue
            if token.kind in {"}}", ")"}:
                self._at -= 1
            elif token.kind != "|":
                raise TemplateError(f"{_shown(token)} cannot stand in a command")
            break
        if not operands:
            raise TemplateError("a command is empty")

    def _operand(self) -> bool:
        token = self._peek()
        if token.kind not in _OPERANDS and token != Token("keyword", "nil"):
            return False
        self._next()
        match token.kind:
            case "word" if token.text not in FUNCTIONS:
                raise TemplateError(f"there is no function `{token.text}`")
            case "variable" if token.text not in self._variables:
                raise TemplateError(f"there is no variable `{token.text}`")
            case "(":
                self._depth += 1
                if self._depth > _DEEPEST:
                    raise TemplateError(f"it is nested more than {_DEEPEST} deep")
                self._pipeline("parentheses", ")")
                self._depth -= 1
            case _:
                pass
        if self._peek().kind == "field" and token.kind in {"bool", "constant", "dot", "keyword"}:
            raise TemplateError(f"a field cannot follow {_shown(token)}")
        while self._peek().kind == "field":
            self._next()
        return True


def _shown(token: Token) -> str:
    if token is _END:
        return "the end of the text"
    return "white space" if token.kind == "space" else f"`{token.text[:40]}`"
