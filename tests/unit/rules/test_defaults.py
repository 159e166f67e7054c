"""A finding about a value that a target has from `defaults` shows where it stands."""

from tests.judging import judged
from tests.test_remedies import RULES

BAD = (RULES / "BG305" / "bad.yaml").read_text(encoding="utf-8")


def test_the_place_in_defaults_is_related() -> None:
    text = BAD.replace("    deadline: 1h\n", "", 1).replace("targets:", "defaults: {deadline: 1h}\ntargets:")
    assert text.count("deadline: 1h}") == BAD.count("deadline: 1h}") + 1
    (finding,) = judged(text.encode())
    (inherited,) = finding.related
    assert inherited.message == "`deadline` comes from here"
    assert finding.spot.span is not None
    assert inherited.spot.span is not None
    lines = text.splitlines()
    assert lines[finding.spot.span.line - 1] == "  notes:"
    assert lines[inherited.spot.span.line - 1] == "defaults: {deadline: 1h}"
    assert inherited.spot.span.column == len("defaults: {deadline: ") + 1


def test_what_a_target_says_itself_needs_no_other_place() -> None:
    text = BAD.replace("targets:", "defaults: {deadline: 2h}\ntargets:")
    (finding,) = judged(text.encode())
    assert finding.related == ()
