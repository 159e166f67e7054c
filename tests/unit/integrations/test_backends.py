"""A backend is one record: what it says of its URLs, variables and hosts is what every stage does."""

import re

import pytest

from backupgen.integrations.backends import BACKENDS, Backend, UrlForm
from backupgen.integrations.location import LocationError, parse_repository
from backupgen.language import patterns
from backupgen.rehearsal.needs import programs
from backupgen.rehearsal.stand_ins import StandIn

EXAMPLES = {
    UrlForm.WHOLE_URL: "https://host.example.com:8000/path/",
    UrlForm.HOST_AND_PATH: "host.example.com/bucket/path",
    UrlForm.NAME: "bucket:path",
}
EACH = pytest.mark.parametrize("backend", BACKENDS.values(), ids=BACKENDS)


@EACH
def test_its_urls_are_read_by_its_form_and_taken_by_the_schema(backend: Backend) -> None:
    text = f"{backend.scheme}:{EXAMPLES[backend.form]}"
    location = parse_repository(text)
    assert location.backend is backend
    assert (location.text, location.kind) == (text, backend.scheme)
    assert location.host == (backend.host or "host.example.com")
    assert re.fullmatch(patterns.REPOSITORY_URL, text)


@EACH
def test_a_url_without_its_place_is_refused_with_what_was_expected(backend: Backend) -> None:
    with pytest.raises(LocationError, match=r"^expected ") as refused:
        parse_repository(f"{backend.scheme}:")
    if backend.form is not UrlForm.NAME:
        assert str(refused.value) == f"expected {backend.expected}"


def test_an_unknown_scheme_is_refused_with_all_that_are_known() -> None:
    with pytest.raises(LocationError) as refused:
        parse_repository("teapot:short")
    assert [scheme for scheme in BACKENDS if f"`{scheme}:`" not in str(refused.value)] == []


def test_no_variable_is_of_two_backends() -> None:
    """`restic copy` takes the credentials of both places from one environment."""
    names = [name for backend in BACKENDS.values() for name in backend.variables]
    assert len(set(names)) == len(names)


@EACH
def test_a_rehearsal_knows_the_program_that_stands_in(backend: Backend) -> None:
    from tests.compiled import compiled

    server = StandIn(backend.stand_in, "h", 1, tls=False, prefix="", users=(), buckets=())
    fleet = compiled("minimal").fleet
    assert len(programs(fleet, (), [server])) > len(programs(fleet, (), []))
