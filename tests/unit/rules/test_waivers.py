"""Waivers with a last day."""

from datetime import UTC, datetime

import pytest

from backupgen.pipeline import CompileContext, compile_fleet
from tests.judging import judged, lines_of
from tests.test_remedies import RULES

FLEET = (RULES / "BG404" / "bad.yaml").read_text(encoding="utf-8")
UNTIL = "waive: {claim-without-node: {reason: one node, until: 2027-03-01}}\n"


def at(instant: str) -> CompileContext:
    return CompileContext(since=int(datetime.fromisoformat(instant).replace(tzinfo=UTC).timestamp()))


def codes(text: str, now: str) -> list[str]:
    return sorted(finding.info.code for finding in judged(text.encode(), at(now)))


# The fleet's zone is Europe/Vienna, an hour ahead of UTC in March.
@pytest.mark.parametrize("now", ["2026-01-01T00:00", "2027-03-01T12:00", "2027-03-01T22:59"])
def test_a_waiver_holds_through_its_last_day(now: str) -> None:
    assert "timezone: Europe/Vienna" in FLEET
    assert codes(FLEET + UNTIL, now) == []


@pytest.mark.parametrize("now", ["2027-03-01T23:00", "2031-01-01T00:00"])
def test_then_what_it_accepted_is_back_and_the_waiver_is_reported(now: str) -> None:
    bare = judged(FLEET.encode())
    found = judged((FLEET + UNTIL).encode(), at(now))
    assert set(lines_of(bare)) < set(lines_of(found))
    (expired,) = (finding for finding in found if finding.info.code == "BG498")
    assert expired.message == "the waiver `claim-without-node` has expired: its last day was 2027-03-01"
    assert expired.cause == "it was accepted because: one node"
    assert expired.help.startswith("mend it")
    assert expired.spot.span is not None
    line = (FLEET + UNTIL).splitlines()[expired.spot.span.line - 1]
    assert line[expired.spot.span.column - 1 :].startswith("2027-03-01")


def test_an_expired_waiver_of_nothing_is_one_finding() -> None:
    text = FLEET + "waive: {irregular-zone: {reason: x, until: 2020-01-01}, claim-without-node: one node}\n"
    (found,) = judged(text.encode(), at("2026-01-01T00:00"))
    assert (found.info.code, found.help) == ("BG498", "remove it: there is nothing left to accept")


def test_a_waiver_further_up_goes_on_when_one_further_down_expires() -> None:
    inner = FLEET.replace("volume:", "waive: {claim-without-node: {reason: x, until: 2020-01-01}}\n    volume:", 1)
    assert codes(inner + UNTIL, "2026-01-01T00:00") == ["BG498"]


def test_a_crowd_is_no_longer_meant_once_the_waiver_has_expired() -> None:
    crowd = (RULES / "BG302" / "bad.yaml").read_text(encoding="utf-8")
    waived = crowd + "waive: {slot-capacity: {reason: x, until: 2027-03-01}}\n"
    assert codes(waived, "2027-01-01T00:00") == []
    assert codes(waived, "2028-01-01T00:00") == sorted([*codes(crowd, "2028-01-01T00:00"), "BG498"])


def test_a_target_is_no_longer_meant_to_be_crowded_once_its_waiver_has_expired() -> None:
    crowd = (RULES / "BG302" / "bad.yaml").read_text(encoding="utf-8")
    (bare,) = judged(crowd.encode(), at("2028-01-01T00:00"))
    waive = "    waive: {slot-capacity: {reason: x, until: 2027-03-01}}\n"
    found = judged((crowd + waive).encode(), at("2028-01-01T00:00"))
    assert sorted(finding.info.code for finding in found) == ["BG302", "BG498"]
    assert bare.message in {finding.message for finding in found}


def test_without_a_proof_a_waiver_of_crowds_may_still_expire() -> None:
    conflict = (RULES / "BG301" / "bad.yaml").read_text(encoding="utf-8")
    waived = conflict + "waive: {slot-capacity: {reason: x, until: 2027-03-01}}\n"
    assert "BG499" not in codes(waived, "2027-01-01T00:00")
    (expired,) = (one for one in judged(waived.encode(), at("2028-01-01T00:00")) if one.info.code == "BG498")
    assert expired.help.startswith("mend it")


def test_the_rendered_bytes_do_not_depend_on_the_day() -> None:
    compiled = [compile_fleet((FLEET + UNTIL).encode(), "f", None, at(now)) for now in ("2026-01-01", "2031-01-01")]
    assert len(compiled[1].findings) > len(compiled[0].findings)
    values = [one.value for one in compiled if one.value]
    assert len(values) == 2
    assert dict(values[0].manifests.files) == dict(values[1].manifests.files)


def test_a_near_name_is_suggested() -> None:
    (found,) = (one for one in judged((FLEET + "waive: {claim-witout-node: x}\n").encode()) if one.info.code == "BG499")
    assert found.help == "did you mean `claim-without-node`?"
