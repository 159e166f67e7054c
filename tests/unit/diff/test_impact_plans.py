"""What retention and restore test do, in the words of backups."""

import pytest

from tests.unit.diff.rendered import backup, kinds, plan, said


def retention(*lines: str) -> dict[str, str]:
    return plan("restic-retentionpolicies", "# plan\n" + "".join(f"{line}\n" for line in lines) + "prune\n")


def drill(*lines: str) -> dict[str, str]:
    return plan("backup-restore-test", "".join(f"{line}\n" for line in lines))


@pytest.mark.parametrize(
    ("old", "new", "kind", "words"),
    [
        ("--keep-daily=7", "--keep-daily=3", "retention-shrunk", "3 daily instead of 7 daily"),
        ("--keep-daily=7", "--keep-daily=9", "retention-grown", "9 daily instead of 7 daily"),
        (
            "--keep-daily=7 --keep-weekly=4",
            "--keep-daily=30",
            "retention-shrunk",
            "30 daily instead of 7 daily, no weekly instead of 4 weekly",
        ),
        ("--keep-daily=7", "--keep-daily=7 --keep-last=1", "retention-grown", "1 last instead of no last"),
        ("--keep-within=1y", "--keep-within=11m", "retention-shrunk", "all within 11m instead of all within 1y"),
        ("--keep-within=1m5d", "--keep-within=2m", "retention-grown", "all within 2m instead of all within 1m5d"),
        ("--keep-within=36h", "--keep-within=1d", "retention-shrunk", "all within 1d instead of all within 36h"),
        ("--keep-within=36h", "--keep-within=2d", "retention-grown", "all within 2d instead of all within 36h"),
    ],
)
def test_rules_that_shrink_are_told_by_tag(old: str, new: str, kind: str, words: str) -> None:
    told = said(retention(f"retain a '' {old}", "retain b '' x"), retention("retain b '' x", f"retain 'a' '' {new}"))
    end = "; the next retention deletes the others for good" if kind == "retention-shrunk" else ""
    more = "fewer" if kind == "retention-shrunk" else "more"
    assert told == [(kind, "a", f"{more} snapshots with the tag `a` stay: {words}{end}")]


def test_tags_come_go_and_expire() -> None:
    a, b, c = (f"retain {tag} '' --keep-daily=7" for tag in "abc")
    old, new = retention(a, b, "expire d 30", "expire e 10"), retention(a, c, "expire d 20", "expire f 90")
    assert said(old, new) == [
        (
            "tag-expires",
            "d",
            "snapshots with the tag `d` are forgotten when older than 20d, the last one too; it was 30d",
        ),
        ("tag-expires", "f", "snapshots with the tag `f` are forgotten when older than 90d, the last one too"),
        ("retention-grown", "b", "nothing forgets snapshots with the tag `b` any more"),
        ("retention-grown", "e", "snapshots with the tag `e` are no longer forgotten by their age: they stay forever"),
        ("retention-added", "c", "of the snapshots with the tag `c` only these stay: 7 daily"),
    ]
    assert said({}, new) == []
    assert said(retention(a), retention("expire a 9")) == [
        ("tag-expires", "a", "snapshots with the tag `a` are forgotten when older than 9d, the last one too"),
    ]
    assert said(retention("expire a 9"), retention(a)) == [
        ("retention-added", "a", "of the snapshots with the tag `a` only these stay: 7 daily"),
    ]


def test_of_targets_that_come_and_go_nothing_is_told_twice() -> None:
    old = backup("a") | retention("retain a '' x") | drill("target a '' 1 1", "verify_dir /a 1 1")
    new = backup("b") | retention("retain b '' x", "expire a 3") | drill("target b '' 1 1", "verify_dir /b 1 1")
    assert kinds(old, new) == ["target-removed", "pushgateway-group", "target-added"]


def test_of_a_target_that_goes_to_another_repository_the_plans_tell_nothing_more() -> None:
    old = backup("a") | retention("retain a '' x") | drill("target a '' 1 1") | plan("cold", "prune\n")
    new = backup("a", repository="b2:cold") | retention() | drill() | plan("cold", "retain a '' y\nprune\n")
    assert kinds(old, new) == ["repository-changed", "pushgateway-group"]


def test_a_plan_that_moved_is_the_same_one() -> None:
    old = plan("r", "retain a '' --keep-daily=7\n", "one")
    assert kinds(old, plan("r", "retain a '' --keep-daily=6\n", "two")) == ["retention-shrunk"]


def test_a_restore_test_looks_for_other_things() -> None:
    old = drill("target a '' 600 50", "verify_dir /a 1 1", "verify_file /b 1", "target b '' 600 50")
    assert said(old, drill("target a '' 600 50", "verify_file /b 1", "target b '' 600 50")) == [
        ("restore-test-weaker", "a", "the restore test of `a` looks for other things: no longer `verify_dir /a 1 1`")
    ]
    changed = drill("target a '' 600 50", "verify_dir /a 9 1", "verify_file /b 1", "target b '' 600 50")
    assert said(old, changed) == [
        (
            "restore-test-changed",
            "a",
            "the restore test of `a` looks for other things: no longer `verify_dir /a 1 1`; now `verify_dir /a 9 1`",
        )
    ]
    assert said(old, drill("target a '' 600 50", "verify_dir /a 1 1", "verify_file /b 1")) == [
        ("restore-test-weaker", "b", "the restore test no longer restores the tag `b`")
    ]


def test_what_a_restore_test_accepts() -> None:
    def told(old: str, new: str) -> list[tuple[str, str, str]]:
        return said(drill(f"target a '' {old}"), drill(f"target a '' {new}"))

    assert told("11520 50", "315360000 40") == [
        (
            "restore-test-changed",
            "a",
            "the restore test of `a` accepts snapshots of any age instead of up to 3h12m old and up to 40 % smaller "
            "than the one before instead of up to 50 % smaller than the one before",
        )
    ]
    assert told("60 50", "120 50")[0][2].endswith("accepts snapshots up to 2m old instead of up to 1m old")
    timed = backup("a", deadline=1) | drill("target a '' 9 50"), backup("a", deadline=2) | drill("target a '' 8 50")
    assert "restore-test-changed" not in kinds(*timed)


def test_another_plan_is_told_step_by_step() -> None:
    assert said(drill("a", "b"), drill("b", "c 'd")) == [
        (
            "plan-changed",
            "backup-restore-test",
            "`backup-restore-test` does other things: no longer `a`; now `c 'd`",
        )
    ]
    ((_, _, message),) = said(drill(), drill(*(f"step {number}" for number in range(9))))
    assert message.endswith("now `step 3`; and 5 more")
    assert said(drill("# one", "a"), drill("a", "# two")) == []
