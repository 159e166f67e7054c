"""A mistake seeded into the repository's own fleet, and what has to be said of it."""

from pathlib import Path

from tests.judging import judged, lines_of

FLEET = (Path(__file__).parent.parent / "fleet.yaml").read_text(encoding="utf-8")


def elsewhere(old: str, new: str, mark: str) -> tuple[str, str]:
    """A mistake whose finding stands at `mark`, another place: what to write instead of all between the two."""
    edges = [FLEET.index(old), FLEET.index(mark), FLEET.index(old) + len(old), FLEET.index(mark) + len(mark)]
    region = FLEET[min(edges) : max(edges)]
    return region, region.replace(old, new, 1).replace(mark, f"§{mark}", 1)


def check_seeded(old: str, new: str, code: str) -> None:
    """Write `new` instead of `old`: the code is found, where `§` stands in `new`, if it does."""
    assert old in FLEET
    text = FLEET.replace(old, new, 1)
    before, mark, after = text.partition("§")
    found = judged((before + after).encode())
    assert code in {finding.info.code for finding in found}, lines_of(found)
    if mark:
        line = before.count("\n") + 1
        column = len(before) - before.rfind("\n")
        places = [(span.line, span.column) for one in found if one.info.code == code and (span := one.spot.span)]
        assert (line, column) in places, lines_of(found)
