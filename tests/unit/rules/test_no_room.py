"""What is said where not every `auto` slot found room."""

from tests.judging import judged
from tests.test_remedies import RULES

BAD = (RULES / "BG310" / "bad.yaml").read_text(encoding="utf-8")


def said(text: str) -> str:
    (finding,) = judged(text.encode())
    assert finding.info.code == "BG310"
    return f"{finding.message} | {finding.help}"


def test_how_much_is_missing() -> None:
    assert said(BAD).endswith(
        "the deadlines add up to 9h30m a day more than there is | `parallel: 2` would do, or shorter deadlines"
    )


def test_gaps_that_are_too_short_miss_no_time() -> None:
    # A third window of 16 minutes would fit beside two of 15 in an hour, but not around them where they are.
    fixed = BAD.replace("deadline: 28m", "deadline: 13m").replace("at: auto", 'at: ":00"', 1)
    fixed = fixed.replace("at: auto", 'at: ":30"', 1)
    head, _, third = fixed.partition("  c:")
    message = said(f"{head}  c:{third.replace('deadline: 13m', 'deadline: 14m')}")
    assert "(`backup-c`): up to 2 would run at once, `parallel` is 1 |" in message


def test_what_would_do_does() -> None:
    assert judged(BAD.replace("  retention:", "  parallel: 2\n  retention:").encode()) == ()


def test_a_node_is_named() -> None:
    text = BAD.replace("targets:", "nodes:\n  disk: {labels: {disk: zfs}, parallel: 1}\ntargets:")
    text = text.replace("  retention:", "  parallel: 3\n  retention:").replace(
        "run_as: 1000", "run_as: 1000\n    node_selector: {disk: zfs}"
    )
    assert said(text).startswith("the node `disk` has no room for 1 of 3 `auto` slots")
