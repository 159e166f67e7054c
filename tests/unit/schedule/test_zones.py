import struct
from datetime import UTC, date, datetime, timedelta

import pytest
import tzdata
from hypothesis import given
from hypothesis import strategies as st

from backupgen.schedule.tzfile import DAY, Footer, parse_footer, parse_tzif
from backupgen.schedule.zones import (
    CYCLE_DAYS,
    CYCLE_SECONDS,
    CYCLE_START,
    TZDATA_VERSION,
    ZoneError,
    load_zone,
    zone_names,
)
from tests.thoroughness import examples
from tests.unit.schedule.oracle import ZONES, zone_info


def test_version_is_the_package_s() -> None:
    assert tzdata.IANA_VERSION == TZDATA_VERSION


def test_cycle() -> None:
    start = datetime.fromtimestamp(CYCLE_START, UTC)
    assert (start.hour, start.minute, start.second) == (0, 0, 0)
    assert date(2424, 1, 1) - date(2024, 1, 1) == timedelta(days=CYCLE_DAYS)
    # Another database has other changes: look at it, and move the start to where its fleets begin to live.
    assert TZDATA_VERSION.startswith(str(start.year))


@pytest.mark.parametrize("name", zone_names())
def test_the_seam_of_the_cycle_is_no_change_of_clocks(name: str) -> None:
    """Nor does one that is over come back: whatever lies between two changes ahead is what clocks really show."""
    zone = load_zone(name)
    before, after = zone.data.offset(CYCLE_START - 1), zone.data.offset(CYCLE_START + CYCLE_SECONDS - 1)
    assert before == after
    assert all(change.at >= CYCLE_START for change in zone.transitions)


@pytest.mark.parametrize(
    "name",
    [
        "America/Vancouver",
        "America/Edmonton",
        "America/Winnipeg",
        "Africa/Casablanca",
        "America/Asuncion",
        "America/Coyhaique",
        "Asia/Almaty",
        "Asia/Qostanay",
    ],
)
def test_changes_that_are_over_are_over(name: str) -> None:
    zone = load_zone(name)
    assert zone.transitions == ()
    assert zone.irregular == ""
    assert len(zone.regimes) == 1


@given(st.sampled_from(ZONES), st.integers(0, CYCLE_SECONDS - 1))
@examples(300)
def test_offsets_agree_with_zoneinfo(name: str, second: int) -> None:
    instant = CYCLE_START + second
    expected = datetime.fromtimestamp(instant, zone_info(name)).utcoffset()
    assert expected is not None
    assert load_zone(name).data.offset(instant) == expected.total_seconds()


@pytest.mark.parametrize("name", ZONES)
def test_offsets_around_every_change_agree_with_zoneinfo(name: str) -> None:
    zone = load_zone(name)
    for change in zone.transitions:
        for instant in (change.at - 1, change.at):
            expected = datetime.fromtimestamp(instant, zone_info(name)).utcoffset()
            assert expected is not None
            assert zone.data.offset(instant) == expected.total_seconds()


@pytest.mark.parametrize("name", ZONES)
def test_regimes_partition_the_cycle(name: str) -> None:
    zone = load_zone(name)
    minutes = sum(regime.days.bit_count() * (regime.end - regime.start) for regime in zone.regimes)
    assert minutes == CYCLE_DAYS * 1440
    for index in range(0, CYCLE_DAYS, 97):
        for minute in (0, 29, 61, 125, 899, 1439):
            at = CYCLE_START + index * DAY + minute * 60
            holding = [r for r in zone.regimes if r.start <= minute < r.end and r.days >> index & 1]
            assert [regime.offset * 60 for regime in holding] == [zone.data.offset(at)]


def test_before_the_cycle_too() -> None:
    berlin = load_zone("Europe/Berlin").data
    assert berlin.offset(int(datetime(1975, 7, 1, tzinfo=UTC).timestamp())) == 3600
    assert berlin.offset(int(datetime(1999, 7, 1, tzinfo=UTC).timestamp())) == 7200


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("Africa/Cairo", "midnight"),
        ("Asia/Beirut", "midnight"),
        ("America/Santiago", "midnight"),
        ("Atlantic/Azores", "midnight"),
        ("Australia/Lord_Howe", "30 minutes"),
        ("Antarctica/Troll", "2 hours"),
        ("Pacific/Chatham", "within an hour"),
    ],
)
def test_irregular(name: str, word: str) -> None:
    assert word in load_zone(name).irregular


@pytest.mark.parametrize(
    "name",
    [
        "UTC",
        "Europe/Berlin",
        "Europe/London",
        "America/New_York",
        "America/Los_Angeles",
        "Australia/Sydney",
        "Pacific/Auckland",
        "Pacific/Norfolk",
        "Asia/Jerusalem",
        "Asia/Gaza",
        "America/Nuuk",
        "America/Scoresbysund",
        "America/St_Johns",
        "Asia/Kolkata",
        "America/Sao_Paulo",
        "Pacific/Apia",
        "Asia/Tehran",
    ],
)
def test_regular(name: str) -> None:
    assert load_zone(name).irregular == ""


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("", "empty"),
        ("Local", "Kubernetes"),
        ("local", "Kubernetes"),
        ("LOCAL", "Kubernetes"),
        ("Europe/../UTC", "not a time zone"),
        ("./UTC", "not a time zone"),
        ("-UTC", "not a time zone"),
        ("Europe//Berlin", "not a time zone"),
        ("Europe/Berlin ", "not a time zone"),
        ("America/AVeryLongCityName", "not a time zone"),
        ("Europe/Bérlin", "not a time zone"),
        ("UTC+1", "unknown"),
        ("europe/berlin", "unknown"),
        ("CEST", "unknown"),
    ],
)
def test_refused(name: str, word: str) -> None:
    with pytest.raises(ZoneError, match=word):
        load_zone(name)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("europe/berlin", "Europe/Berlin"),
        ("Berlin", "Europe/Berlin"),
        ("Europe/Belrin", "Europe/Berlin"),
        ("utc", "UTC"),
        ("America/NewYork", "America/New_York"),
    ],
)
def test_near_names(name: str, near: str) -> None:
    with pytest.raises(ZoneError) as caught:
        load_zone(name)
    assert f"`{near}`" in caught.value.hint


@pytest.mark.parametrize("name", ["Etc/GMT+12", "America/Argentina/Buenos_Aires", "GMT0", "UCT"])
def test_accepted(name: str) -> None:
    assert load_zone(name).name == name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("UTC0", Footer(0, 0)),
        ("IST-5:30", Footer(19800, 19800)),
        ("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", Footer(37800, 39600, "M10.1.0", "M4.1.0")),
        ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", Footer(-7200, -3600, "M3.5.0/-1", "M10.5.0/0")),
    ],
)
def test_footers(text: str, expected: Footer) -> None:
    assert parse_footer(text) == expected


@pytest.mark.parametrize(
    ("rule", "year", "expected"),
    [
        ("J60/0", 2024, "2024-03-01T00:00"),
        ("J60/0", 2023, "2023-03-01T00:00"),
        ("J59/0", 2024, "2024-02-28T00:00"),
        ("59/0", 2024, "2024-02-29T00:00"),
        ("59/0", 2023, "2023-03-01T00:00"),
        ("M2.5.4", 2024, "2024-02-29T02:00"),
        ("M12.5.0/24", 2023, "2024-01-01T00:00"),
        ("M3.5.0/-1:30", 2026, "2026-03-28T22:30"),
    ],
)
def test_rules_of_footers(rule: str, year: int, expected: str) -> None:
    change = Footer(0, 3600, rule, "M6.1.0").transitions(year)
    instants = [datetime.fromtimestamp(item.at, UTC).strftime("%Y-%m-%dT%H:%M") for item in change if item.offset]
    assert instants == [expected]


@pytest.mark.parametrize("text", ["", "CET", "CET-1CEST,M3.5.0"])
def test_malformed_footers(text: str) -> None:
    with pytest.raises(ValueError, match="POSIX"):
        parse_footer(text)


def test_malformed_rule() -> None:
    with pytest.raises(ValueError, match="POSIX"):
        Footer(0, 3600, "X1", "M1.1.1").transitions(2024)


@pytest.mark.parametrize("data", [b"", b"TZif" + bytes(40), struct.pack(">44s", b"nope2")])
def test_malformed_files(data: bytes) -> None:
    with pytest.raises(ValueError, match="TZif"):
        parse_tzif(data)
