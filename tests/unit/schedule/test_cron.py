"""Every claim of the fact sheet on what robfig/cron v3.0.1 accepts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backupgen.schedule.cron import ALL_HOURS, CronError, CronExpr, parse_cron


def values(bits: int) -> list[int]:
    return [value for value in range(64) if bits >> value & 1]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "* * * *",
        "* * * * * *",
        "0 0 * * * * 2026",
        "0 0 * * 7",
        "0 0 * * 0-7",
        "0 0 * * 5-7",
        "0 0 * * SUN-7",
        "0 22-6 * * *",
        "0 0 * * FRI-MON",
        "0 0 * NOV-FEB *",
        "0 0 * * SAT-SUN",
        "0 0 * * MONDAY",
        "0 0 * JANUARY *",
        "JAN 0 * * *",
        "0 0 MON * *",
        "*/0 * * * *",
        "*/-1 * * * *",
        "1-5/0 * * * *",
        "*/ * * * *",
        "*/2/3 * * * *",
        "1-2-3 * * * *",
        "-5 * * * *",
        "5- * * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * 32 * *",
        "* * * 0 *",
        "* * * 13 *",
        "0 0 L * *",
        "0 0 15W * *",
        "0 0 * * 1#2",
        "0 0 * * 5L",
        "H 0 * * *",
        "R 0 * * *",
        "0~30 0 * * *",
        "@reboot",
        "@Daily",
        "@DAILY",
        " @daily",
        "@daily ",
        "@daily 5",
        "@every  5m",
        "@every 1d",
        "@every 5m",
        "@every 0s",
        "@every -5m",
        "TZ=UTC 0 0 * * *",
        "CRON_TZ=Europe/Berlin 0 0 * * *",
        "*-TZ 0 * * *",
        "1_0 * * * *",
        "٣ * * * *",
        "1.5 * * * *",
        "0x5 * * * *",
        "*/9223372036854775808 * * * *",
        "*/" + "9" * 5000 + " * * * *",
        "++5 * * * *",
        "0\x1c0 * * *",
        "0 0 * * MON/0",
    ],
)
def test_rejected(text: str) -> None:
    with pytest.raises(CronError) as caught:
        parse_cron(text)
    assert caught.value.message
    assert 0 <= caught.value.offset <= len(text)


@pytest.mark.parametrize(
    ("field", "low", "text", "expected"),
    [
        (0, 0, "*", list(range(60))),
        (0, 0, "?", list(range(60))),
        (1, 0, "?", list(range(24))),
        (3, 1, "?", list(range(1, 13))),
        (0, 0, "5", [5]),
        (0, 0, "+5", [5]),
        (0, 0, "007", [7]),
        (0, 0, "0" * 5000 + "7", [7]),
        (0, 0, "+0", [0]),
        (0, 0, "1,,2", [1, 2]),
        (0, 0, "5,", [5]),
        (0, 0, ",", []),
        (0, 0, "*-5", list(range(60))),
        (0, 0, "*-foo", list(range(60))),
        (0, 0, "*-1-2-3", list(range(60))),
        (0, 0, "*-5/20", [0, 20, 40]),
        (0, 0, "?,5", list(range(60))),
        (0, 0, "*/100", [0]),
        (2, 1, "*/100", [1]),
        (0, 0, "*/15", [0, 15, 30, 45]),
        (0, 0, "*/+15", [0, 15, 30, 45]),
        (0, 0, "50/3", [50, 53, 56, 59]),
        (1, 0, "20/2", [20, 22]),
        (0, 0, "10-20/5", [10, 15, 20]),
        (0, 0, "10-10", [10]),
        (2, 1, "1-31", list(range(1, 32))),
        (3, 1, "APR-9", [4, 5, 6, 7, 8, 9]),
        (3, 1, "jan,DEC", [1, 12]),
        (4, 0, "Fri-6", [5, 6]),
        (4, 0, "MON/2", [1, 3, 5]),
        (4, 0, "sUn", [0]),
        (4, 0, "0-6", list(range(7))),
        (4, 0, "*/9223372036854775807", [0]),
    ],
)
def test_field_values(field: int, low: int, text: str, expected: list[int]) -> None:
    tokens = ["*"] * 5
    tokens[field] = text
    schedule = parse_cron(" ".join(tokens))
    bits = (schedule.minutes, schedule.hours, schedule.days, schedule.months, schedule.weekdays)
    assert values(bits[field]) == expected
    assert all(value >= low for value in values(bits[field]))


@pytest.mark.parametrize(
    "text", ["*", "?", "*/1", "?/1", "*,5", "?,5", "5,*", "*-5", "*-5/1", "*/+1", "*/2,*", "*/001"]
)
def test_star_bit_set(text: str) -> None:
    assert parse_cron(f"0 0 {text} * *").day_star
    assert parse_cron(f"0 0 1 * {text}").weekday_star


@pytest.mark.parametrize("text", ["*/2", "*/7", "?/2", "1-6", "5", ",", "*-5/2", "1/1"])
def test_star_bit_clear(text: str) -> None:
    schedule = parse_cron(f"0 0 {text} * *")
    assert not schedule.day_star
    assert not parse_cron(f"0 0 * * {text.replace('1-6', 'SUN-SAT')}").weekday_star
    assert not parse_cron("0 0 1-31 * 0-6").both_days


@pytest.mark.parametrize(
    "space",
    ["\t", "\n", "\r\n", "\v", "\f", "\u00a0", "\u0085", "\u1680", "\u2003", "\u2028", "\u2029", "\u202f", "\u3000"],
)
def test_unicode_white_space_separates(space: str) -> None:
    text = f" {space}5{space}4  3 2 1{space}"
    schedule = parse_cron(text)
    assert schedule.canonical() == "5 4 3 2 1"
    assert str(schedule) == text


@pytest.mark.parametrize(
    ("descriptor", "meaning"),
    [
        ("@yearly", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 *"),
        ("@monthly", "0 0 1 * *"),
        ("@weekly", "0 0 * * 0"),
        ("@daily", "0 0 * * *"),
        ("@midnight", "0 0 * * *"),
        ("@hourly", "0 * * * *"),
    ],
)
def test_descriptors(descriptor: str, meaning: str) -> None:
    schedule = parse_cron(descriptor)
    assert str(schedule) == descriptor
    assert schedule.canonical() == meaning
    assert schedule.both_days


@pytest.mark.parametrize(
    ("text", "offset", "word"),
    [
        ("0 0 * * 7", 8, "`SUN`"),
        ("5 24 * * *", 2, "hour `0`"),
        ("1,60 * * * *", 2, "minute `0`"),
        ("0 22-6 * * *", 2, "`0-6,22-23`"),
        ("0 0 * * MONDAY", 8, "`MON`"),
        ("0 0 L * *", 4, "extensions"),
        ("0 30 2 * * *", 11, "`30 2 * * *`"),
        ("*/0 * * * *", 2, "`*/15`"),
        ("@Daily", 0, "`@daily`"),
        (" @daily", 0, "`@daily`"),
        ("@every 5m", 0, "*/15"),
        ("@reboot", 0, "boot"),
        ("TZ=UTC 0 0 * * *", 0, "own field"),
        ("CRON_TZ=UTC 0 0 * * *", 5, "own field"),
        ("5- * * * *", 0, "two ends"),
    ],
)
def test_errors_point_and_help(text: str, offset: int, word: str) -> None:
    with pytest.raises(CronError) as caught:
        parse_cron(text)
    assert caught.value.offset == offset
    assert word in caught.value.hint


def test_every_is_refused_for_its_phase() -> None:
    with pytest.raises(CronError, match="unknown when it fires"):
        parse_cron("@every 1h")


@pytest.mark.parametrize(
    ("text", "left_out", "expected"),
    [
        ("10 * * * *", {3}, "10 0-2,4-23 * * *"),
        ("10 * * * *", {1, 2, 3}, "10 0,4-23 * * *"),
        ("@hourly", {0}, "0 1-23 * * *"),
        ("*/10 8-18 * * MON-FRI", {8, 18}, "*/10 9-17 * * MON-FRI"),
        ("5 */2 ? * *", {2}, "5 0,4,6,8,10,12,14,16,18,20,22 ? * *"),
        ("5 */2 * * *", {0}, "5 2-23/2 * * *"),
        ("5 3 * * *", {4}, "5 3 * * *"),
        ("@daily", {4}, "@daily"),
    ],
)
def test_without_hours(text: str, left_out: set[int], expected: str) -> None:
    schedule = parse_cron(text)
    left = schedule.without_hours(sum(1 << hour for hour in left_out))
    assert left is not None
    assert str(left) == expected
    assert left == parse_cron(expected)


def test_without_any_hour() -> None:
    assert parse_cron("5 3 * * *").without_hours(1 << 3) is None
    assert parse_cron("@hourly").without_hours(ALL_HOURS) is None


def _list_of(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    ends = st.tuples(number, number).map(lambda pair: f"{min(pair)}-{max(pair)}")
    base = st.one_of(st.just("*"), st.just("?"), number.map(str), ends)
    part = st.one_of(base, st.tuples(base, st.integers(1, 40)).map(lambda pair: f"{pair[0]}/{pair[1]}"))
    return st.lists(part, min_size=1, max_size=3).map(",".join)


expressions = st.tuples(_list_of(0, 59), _list_of(0, 23), _list_of(1, 31), _list_of(1, 12), _list_of(0, 6)).map(
    " ".join
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (", * * * *", ", * * * *"),
        ("0,15,30,45 ? */1 JAN-DEC SUN-SAT", "*/15 * * * 0-6"),
        ("5-59/10 0-23 1-31 1-12 0-6", "5-59/10 * 1-31 * 0-6"),
        ("0,1 22,23,4 1 1 1", "0-1 4,22-23 1 1 1"),
        ("58,59 0,23 * * *", "58-59 0,23 * * *"),
    ],
)
def test_canonical(text: str, expected: str) -> None:
    assert parse_cron(text).canonical() == expected


@given(expressions)
def test_canonical_means_the_same(text: str) -> None:
    schedule = parse_cron(text)
    again = parse_cron(schedule.canonical())
    assert again.canonical() == schedule.canonical()
    assert _meaning(again) == _meaning(schedule)


@given(expressions, st.integers(0, ALL_HOURS))
def test_without_hours_means_what_it_says(text: str, hours: int) -> None:
    schedule = parse_cron(text)
    left = schedule.without_hours(hours)
    if left is None:
        assert not schedule.hours & ~hours
        return
    again = parse_cron(str(left))
    assert again == left
    assert again.hours == schedule.hours & ~hours
    assert _meaning(again)[2:] == _meaning(schedule)[2:]


def _meaning(schedule: CronExpr) -> tuple[int, ...]:
    return (
        schedule.minutes,
        schedule.hours,
        schedule.days,
        schedule.months,
        schedule.weekdays,
        schedule.day_star,
        schedule.weekday_star,
    )


@given(st.text(alphabet="0123456789*/-,?+@ \tLWTZdaily#\u00a0", max_size=20))
def test_any_text_parses_or_explains(text: str) -> None:
    error = _refusal(text)
    if error:
        assert error.message
        assert 0 <= error.offset <= len(text)


def _refusal(text: str) -> CronError | None:
    try:
        parse_cron(text)
    except CronError as error:
        return error
    return None
