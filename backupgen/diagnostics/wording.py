"""How findings and reports say what they all have to say: lists of names, numbers of things, parts of sentences."""

from collections.abc import Iterable, Sequence


def quoted(names: Iterable[object]) -> list[str]:
    """Names as a message shows them: each in backticks."""
    return [f"`{name}`" for name in names]


def listed(names: Iterable[object]) -> str:
    """All of the names: "`a`, `b`"."""
    return ", ".join(quoted(names))


def few(texts: Sequence[str], most: int, comma: str = ", ", last: str = " and ") -> str:
    """The first `most` of many texts, and how many more there are: `a, b and 3 more`; all of them if there are few."""
    shown = comma.join(texts[:most])
    return f"{shown}{last}{len(texts) - most:,} more" if len(texts) > most else shown


def joined(texts: Sequence[str]) -> str:
    """All of the texts: `a, b and c`."""
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "", cutoff: float = 0.6) -> str:
    """Ask for the known name that is nearest to one that is not known; `otherwise`, if none is near."""
    from difflib import get_close_matches

    near = get_close_matches(name, list(known), 1, cutoff)
    return f"did you mean `{near[0]}`?" if near else otherwise


def counted(number: int, noun: str) -> str:
    """Return the number and the noun, in the plural where English wants it."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def phrase(sentence: str) -> str:
    """A sentence as a part of another: without its capital and its final period."""
    return sentence[:1].lower() + sentence[1:].rstrip(".")
