"""The filters of the templates: quoting for every language that a value can land in.

A filter that returns `str` gives a text, which the template's own language then quotes: `{{ arguments|sh }}` in a YAML
template is a shell word in a YAML scalar. One that returns `Rendered` gives YAML.
"""

import json as json_module
import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from functools import cache

from backupgen.manifests.scalars import Rendered, literal

# `$$` and `$(` are Kubernetes' operators. Before a byte above 127 its `$` takes that byte for a whole character.
_EXPANDED = re.compile(r"\$(?=[$(]|[^\x00-\x7f])")
_NO_COMMENT = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufffe\uffff]+"
)


def sh(value: str | Iterable[str]) -> str:
    """One word of POSIX shell, or the words of a command joined by spaces. No NUL: no shell can carry it."""
    words = [value] if isinstance(value, str) else list(value)
    return " ".join(map(_word, words))


@cache
def _word(word: str) -> str:
    """One word, quoted. Names repeat on every page of a fleet."""
    if "\0" in word:
        raise ValueError("a shell word cannot hold U+0000")
    return shlex.quote(word)


def promql(value: str) -> str:
    """A string literal of PromQL, which has the escapes of Go (prometheus.io, querying basics)."""
    return json_module.dumps(value, ensure_ascii=False)


def json(value: object) -> str:
    """Any plain value as JSON text of one line."""
    return json_module.dumps(value, ensure_ascii=False)


def k8s(value: str) -> str:
    """Undo in advance what Kubernetes expands in `env`, `command` and `args`: `$(VAR)` and `$$`.

    See Expand in k8s.io/kubernetes/third_party/forked/golang/expansion: its result for the returned text is `value`.
    """
    return _EXPANDED.sub("$$", value) if "$" in value else value


def block_filter() -> Callable[[str, int], Rendered]:
    """Return the filter `block(indent)`: a literal block scalar for a text of several lines, else a scalar of one line.

    The scalar ends without a line feed, as the template's line does. `indent` is that of the text's lines.
    """
    made: dict[tuple[str, int], Rendered] = {}

    def block(value: str, indent: int) -> Rendered:
        key = (value, indent)
        if key not in made:
            made[key] = Rendered(literal(str(value), indent))
        return made[key]

    return block


def comment(value: str) -> Rendered:
    """Text for the rest of a comment's line: whatever could end the line is a space."""
    return Rendered(_NO_COMMENT.sub(" ", value).strip())


def commented(value: str) -> Rendered:
    """A text as comment lines."""
    return Rendered("".join(f"# {_NO_COMMENT.sub(' ', line)}".rstrip() + "\n" for line in value.split("\n")))


def code(value: str) -> str:
    """A code span of Markdown's, of one line (CommonMark 6.1)."""
    line = _NO_COMMENT.sub(" ", value)
    fence = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def cell(value: str) -> str:
    """A code span in a cell of a table, where a `|` ends the cell even so (GitHub's Markdown, 4.10)."""
    return code(value).replace("|", "\\|")


def dedent(value: str, columns: int) -> Rendered:
    """Rendered text, `columns` further to the left; all its lines but empty ones must start with so many spaces."""
    return Rendered(value.replace("\n" + " " * columns, "\n").removeprefix(" " * columns))


def items(value: Mapping[str, object]) -> Iterable[tuple[str, object]]:
    """The keys and values of a mapping, in its order."""
    return value.items()
