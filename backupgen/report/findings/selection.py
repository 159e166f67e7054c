"""Which findings are shown: chosen by code, by the beginning of one, or by name."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from backupgen.diagnostics import CodeInfo


class UnknownCodeError(ValueError):
    """There is no such code, name or beginning of a code; the message says so, and which one is near."""


def selected_codes(select: Sequence[str], ignore: Sequence[str], catalogue: Sequence[CodeInfo]) -> frozenset[str]:
    """Return the codes that are selected, or every one, without those that are ignored.

    Each entry is a list, joined by commas, of codes (`BG405`), beginnings of codes (`BG4`) and names (`slot-capacity`).
    Raises UnknownCodeError for what names nothing in the catalogue.
    """
    every = frozenset(info.code for info in catalogue)
    return (_named(select, catalogue) or every) - _named(ignore, catalogue)


def _named(lists: Iterable[str], catalogue: Sequence[CodeInfo]) -> frozenset[str]:
    terms = [term.strip() for entry in lists for term in entry.split(",")]
    return frozenset(info.code for term in terms for info in _matching(term, catalogue))


def _matching(term: str, catalogue: Sequence[CodeInfo]) -> list[CodeInfo]:
    found = [info for info in catalogue if info.slug == term.lower()]
    if term.upper().startswith("BG"):
        found += [info for info in catalogue if info.code.startswith(term.upper())]
    return found or [code_of(term, catalogue)]


def code_of(term: str, catalogue: Iterable[CodeInfo]) -> CodeInfo:
    """Return the one code that is called so, by its code or its name. Raises UnknownCodeError."""
    known = {name: info for info in catalogue for name in (info.code, info.slug)}
    info = known.get(term.upper()) or known.get(term.lower())
    if info is None:
        near = get_close_matches(term.lower(), known, n=1) or get_close_matches(term.upper(), known, n=1)
        raise UnknownCodeError(f"there is no code `{term}`{f'; perhaps `{near[0]}`' if near else ''}")
    return info
