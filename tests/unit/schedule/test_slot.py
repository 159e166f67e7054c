import pytest
from hypothesis import given
from hypothesis import strategies as st

from backupgen.schedule.cron import CronExpr
from backupgen.schedule.slot import AUTO, FORMS, SlotError, parse_slot


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (":20", "20 * * * *"),
        (":00", "0 * * * *"),
        ("03:05", "5 3 * * *"),
        ("00:00", "0 0 * * *"),
        ("23:59", "59 23 * * *"),
        ("Sun 04:00", "0 4 * * 0"),
        ("sat 04:00", "0 4 * * 6"),
        ("Mon,Thu 04:00", "0 4 * * 1,4"),
        ("Mon-Fri 22:15", "15 22 * * 1-5"),
        ("Fri-Mon 22:15", "15 22 * * 0,1,5,6"),
        ("Sun-Sat 22:15", "15 22 * * 0-6"),
        ("Mon,Wed-Thu 22:15", "15 22 * * 1,3,4"),
        ("20 */6 * * *", "20 */6 * * *"),
        ("@daily", "@daily"),
    ],
)
def test_forms(text: str, expected: str) -> None:
    schedule = parse_slot(text)
    assert isinstance(schedule, CronExpr)
    assert str(schedule) == expected


def test_auto() -> None:
    assert parse_slot("auto") is AUTO
    assert str(AUTO) == "auto"


@pytest.mark.parametrize(
    ("text", "guess"),
    [
        ("24:00", "00:00"),
        ("3:5", "03:05"),
        ("3:05", "03:05"),
        ("03:60", "04:00"),
        (":60", ":00"),
        (":5", ":05"),
        ("3:05pm", "15:05"),
        ("04.30", "04:30"),
        ("22h15", "22:15"),
        ("03:05:00", "03:05"),
        ("Sunday 04:00", "Sun 04:00"),
        ("Sun 4:00", "Sun 04:00"),
        ("Mon, Thu 04:00", "Mon,Thu 04:00"),
        ("Mon and Thu 04:00", "Mon,Thu 04:00"),
        ("7 04:00", "Sun 04:00"),
        ("1-5 04:00", "Mon-Fri 04:00"),
        ("every day 03:05", "03:05"),
        ("daily", "@daily"),
        ("Auto", "auto"),
        ("atuo", "auto"),
        ("aut", "auto"),
        ("7", "07:00"),
        ("45", ":45"),
        (" 03:05", "03:05"),
    ],
)
def test_guesses(text: str, guess: str) -> None:
    with pytest.raises(SlotError) as caught:
        parse_slot(text)
    assert caught.value.hint.startswith(f'perhaps `"{guess}"`; ')
    parse_slot(guess)


@pytest.mark.parametrize("text", ["", "noon", "25:00", "Sun", "Sun :20", "12:99", "99", "Funday 04:00", "30:00"])
def test_no_guess_lists_the_forms(text: str) -> None:
    with pytest.raises(SlotError) as caught:
        parse_slot(text)
    assert all(form in caught.value.hint for form in FORMS)
    assert "perhaps" not in caught.value.hint


@pytest.mark.parametrize(
    ("text", "word", "offset"),
    [
        ("@Daily", "`@daily`", 0),
        ("@every 5m", "*/15", 0),
        ("0 0 3 * * *", "`0 3 * * *`", 10),
        ("0 3 * * 7", "`SUN`", 8),
        ("TZ=UTC 0 3 * *", "own field", 0),
        ("Sun 24:00", "Sun 00:00", 4),
    ],
)
def test_cron_errors_keep_their_help(text: str, word: str, offset: int) -> None:
    with pytest.raises(SlotError) as caught:
        parse_slot(text)
    assert word in caught.value.hint
    assert caught.value.offset == offset


@given(st.text(max_size=15) | st.text(alphabet="0123456789:, -SunMoThursday@apm.", max_size=15))
def test_any_text_is_a_slot_or_explained(text: str) -> None:
    error = _refusal(text)
    if error:
        assert error.hint
        assert 0 <= error.offset <= len(text)


def _refusal(text: str) -> SlotError | None:
    try:
        parse_slot(text)
    except SlotError as error:
        return error
    return None
