"""Each remedy that a conflict names is written into the fleet, and the fleet is judged again: the conflict is gone."""

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from backupgen.diagnostics import Finding
from tests.compiled import REFERENCE, file_of
from tests.judging import judged
from tests.thoroughness import examples

CHANGE = re.compile(
    r"`(?P<key>[a-z_]+): (?P<value>[^`]+)` of `(?P<owner>[^`]+)`(?P<alone>, for `(?P<one>[^`]+)` alone)?"
)
RULES = Path(__file__).parent / "rules"
RETENTION = "restic-retentionpolicies"


def conflicts_in(text: str) -> list[Finding]:
    return [finding for finding in judged(text.encode()) if finding.info.code == "BG301"]


def named(finding: Finding) -> set[str]:
    """The operations that a conflict is about, as far as it names them."""
    return set(re.findall("`([a-z0-9-]+)`", finding.message.partition(":")[0]))


def place_of(data: dict[str, Any], owner: str) -> dict[str, Any]:
    """The mapping of an operation, or of a repository."""
    repository = data["repository"]
    places = {"repository": repository, RETENTION: repository.get("retention")}
    places["backup-restore-test"] = repository.get("restore_test")
    places |= {f"backup-mirror-{name}": mirror for name, mirror in repository.get("mirrors", {}).items()}
    places |= {f"backup-{name}": target for name, target in data["targets"].items()}
    return places[owner]


def applied(text: str, change: re.Match[str]) -> str:
    data = yaml.safe_load(text)
    place_of(data, change["owner"])[change["key"]] = yaml.safe_load(change["value"])
    return yaml.safe_dump(data, sort_keys=False)


def remedies_hold(text: str) -> int:
    """Apply every remedy of every conflict to the fleet; returns how many there were."""
    count = 0
    for finding in conflicts_in(text):
        for change in CHANGE.finditer(finding.help):
            count += 1
            left = [named(other) for other in conflicts_in(applied(text, change))]
            gone = change["one"] or change["owner"]
            if gone == "repository":
                assert named(finding) not in left, change[0]
            else:
                assert all(gone not in names for names in left), change[0]
    return count


def fleet(*changes: tuple[str, str]) -> str:
    text = file_of(REFERENCE).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize(
    ("text", "least"),
    [
        ((RULES / "BG301" / "bad.yaml").read_text(encoding="utf-8"), 3),
        (fleet(("deadline: 45m", "deadline: 2h")), 6),
        (fleet(('at: "Sun 04:00"', 'at: "Sun 03:30"')), 3),
        (fleet(('at: "05:00"', 'at: "03:00"')), 2),
        (fleet(('    at: ":10"\n', '    at: ":10"\n    yields: false\n')), 2),
        (fleet(('    at: ":10"\n', '    at: "10 3,15 * * *"\n')), 2),
        (fleet(('    at: ":10"\n', '    at: ":10"\n    skip: ["12:00-14:00"]\n    yields: false\n')), 2),
    ],
    ids=["rule", "retention", "restore-test", "mirror", "yields", "twice", "skip"],
)
def test_every_remedy_ends_its_conflict(text: str, least: int) -> None:
    assert remedies_hold(text) >= least


def test_a_wait_for_locks_can_be_the_remedy() -> None:
    # Each can wait for all of the other, if only it may wait that long.
    test, prune = (
        "deadline: 2h\n    needs: 5m\n    start_within: 10s",
        "deadline: 170m\n    needs: 5m\n    start_within: 10s",
    )
    text = fleet(
        ('at: "Sun 04:00"\n    deadline: 3h', f'at: "Sun 05:00"\n    {test}'),
        ('at: "03:05"\n    deadline: 45m', f'at: "Sun 03:20"\n    {prune}'),
        ('at: "05:00"', 'at: "14:00"'),
    )
    (finding,) = [finding for finding in conflicts_in(text) if "restore-test" in finding.message.partition(":")[0]]
    assert "`lock_wait: " in finding.help
    assert remedies_hold(text) >= 1


@pytest.mark.slow
def test_four_hundred_that_meet_one_are_one_finding() -> None:
    data = yaml.safe_load(fleet(('at: ":10"', 'at: "10 3 * * *"')))
    pattern = data["targets"]["mariadb"]
    for number in range(400):
        data["targets"][f"db-{number}"] = copied = deepcopy(pattern)
        copied["dump"]["staging"]["pvc"] = f"staging-{number}"
    text = yaml.safe_dump(data)
    (finding,) = conflicts_in(text)
    assert "and 396 more can meet `restic-retentionpolicies`" in finding.message
    assert len(finding.related) == 5
    assert len(finding.message) + len(finding.help) < 700
    assert remedies_hold(text) >= 1


@pytest.mark.parametrize("minute", range(0, 60, 5))
def test_the_room_that_a_crowd_is_shown_is_there(minute: int) -> None:
    text = fleet(('    at: ":10"\n', f'    at: ":{minute:02}"\n'), ("    deadline: 2h  ", "    deadline: 5m  "))
    text = text.partition("    waive:\n")[0]
    found = [finding for finding in judged(text.encode()) if finding.info.code == "BG302"]
    assert bool(found) == (minute != 10)
    for finding in found:
        for change in CHANGE.finditer(finding.help):
            left = judged(applied(text, change).encode())
            assert [other for other in left if other.info.code in {"BG301", "BG302"}] == []


def test_where_nothing_helps_the_finding_says_so() -> None:
    text = (Path(__file__).parent / "reference" / "fleet.yaml").read_text(encoding="utf-8")
    assert {finding.help.partition(";")[0] for finding in conflicts_in(text)} == {
        "no other slot, no shorter deadline and no start window would do"
    }


clock = st.tuples(st.integers(0, 23), st.integers(0, 11)).map(lambda at: f"{at[0]:02}:{at[1] * 5:02}")
slots = clock | clock.map(lambda at: f"Sun {at}") | st.integers(0, 59).map(lambda minute: f":{minute:02}")
durations = st.integers(2, 48).map(lambda ten: f"{ten * 5}m")


@given(clock, durations, slots, durations, clock, durations, slots, durations, st.booleans(), st.data())
@examples(40, quick=5)
def test_every_remedy_of_any_fleet(  # noqa: PLR0917
    retention: str,
    long: str,
    restore: str,
    test: str,
    mirror: str,
    copy: str,
    backup: str,
    short: str,
    yields: bool,  # noqa: FBT001
    data: st.DataObject,
) -> None:
    settings = yaml.safe_load(fleet())
    repository = settings["repository"]
    repository["retention"] |= {"at": retention, "deadline": long}
    repository["restore_test"] |= {"at": restore, "deadline": test}
    repository["mirrors"]["wasabi"] |= {"at": mirror, "deadline": copy}
    settings["targets"]["grafana"] |= {"at": backup, "deadline": short, "yields": yields}
    if data.draw(st.booleans()):
        repository["retention"]["needs"] = "5m"
        repository["restore_test"]["needs"] = "5m"
    remedies_hold(yaml.safe_dump(settings))


def test_a_waiver_of_what_cannot_be_known_is_not_called_idle() -> None:
    # Where there are conflicts, nobody has looked for crowds.
    codes = [finding.info.code for finding in judged(fleet(("deadline: 45m", "deadline: 2h")).encode())]
    assert codes == ["BG301", "BG301"]


def test_a_waiver_of_one_crowd_hides_no_other() -> None:
    # paperless overlaps everybody, and is meant to; grafana beside mariadb is not.
    text = fleet(('    at: ":20"\n', '    at: ":12"\n'))
    (finding,) = judged(text.encode())
    assert finding.info.code == "BG302"
    assert finding.message.startswith("`backup-grafana` and `backup-mariadb` overlap: up to 2 at once")
