"""`--select` and `--ignore`."""

import pytest

from backupgen.diagnostics import Severity
from backupgen.report.findings.selection import UnknownCodeError, code_of, selected_codes
from tests.codes import made_up

CATALOGUE = tuple(
    made_up(code, slug, Severity.WARNING)
    for code, slug in [("BG301", "conflict"), ("BG401", "image"), ("BG405", "verify"), ("BG499", "bg-idle")]
)


@pytest.mark.parametrize(
    ("select", "ignore", "codes"),
    [
        ([], [], "301 401 405 499"),
        (["BG4"], [], "401 405 499"),
        (["bg405"], [], "405"),
        (["verify, BG301"], [], "301 405"),
        (["verify", "CONFLICT"], [], "301 405"),
        ([], ["BG40"], "301 499"),
        (["BG4"], ["image,BG499"], "405"),
        (["BG4"], ["BG"], ""),
        (["bg-idle"], [], "499"),
    ],
)
def test_codes_beginnings_and_names(select: list[str], ignore: list[str], codes: str) -> None:
    assert selected_codes(select, ignore, CATALOGUE) == {f"BG{number}" for number in codes.split()}


@pytest.mark.parametrize(
    ("term", "message"),
    [
        ("BG402", "there is no code `BG402`; perhaps `BG405`"),
        ("BG9", "there is no code `BG9`; perhaps `BG499`"),
        ("verfy", "there is no code `verfy`; perhaps `verify`"),
        ("405", "there is no code `405`; perhaps `BG405`"),
        ("", "there is no code ``"),
        ("x", "there is no code `x`"),
    ],
)
def test_what_names_nothing_is_refused(term: str, message: str) -> None:
    for select, ignore in (([term], []), ([], ["BG4", f"image,{term}"])):
        with pytest.raises(UnknownCodeError) as caught:
            selected_codes(select, ignore, CATALOGUE)
        assert str(caught.value) == message


def test_one_code_by_its_code_or_name() -> None:
    assert [code_of(term, CATALOGUE).code for term in ("bg401", "IMAGE")] == ["BG401", "BG401"]
    with pytest.raises(UnknownCodeError):
        code_of("BG4", CATALOGUE)
