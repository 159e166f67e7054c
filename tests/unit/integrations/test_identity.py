"""When two URLs name one repository. Wrongly "two" voids the proof; wrongly "one" refuses a sound fleet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backupgen.integrations.identity import names_of, portless_names_of
from backupgen.integrations.location import parse_repository

ONE = [
    ("rest:http://rest.storage.svc:8000/", "rest:http://rest.storage.svc.cluster.local:8000"),
    ("rest:http://rest.storage:8000/", "rest:http://rest.storage.svc:8000/"),
    ("rest:http://rest.storage.svc:8000/a", "rest:https://rest.storage.svc:8001/a/"),
    ("rest:http://nas.example.com:8000/a//b", "rest:http://NAS.example.com:8000/a/./b/"),
    ("rest:http://nas.example.com:8000/a/b", "rest:https://nas.example.com:8000/x/../a/%62"),
    ("rest:http://nas.example.com/a", "rest:https://nas.example.com:443/a"),
    ("rest:http://[2001:db8:0:0::1]:8000/a", "rest:http://[2001:db8::1]:8000/a"),
    ("s3:s3.example.com/b/away", "s3:http://s3.example.com:80/b//away"),
    ("s3:s3.example.com/b/away", "s3:https://b.s3.example.com/away"),
    ("s3:s3.amazonaws.com/b/x", "s3:https://s3.eu-central-1.amazonaws.com/b/x"),
    ("s3:https://b.s3.eu-central-1.amazonaws.com/x", "s3:s3.dualstack.eu-central-1.amazonaws.com/b/x/"),
    ("b2:bucket:path", "b2:bucket:/path/"),
    ("azure:container:", "azure:container:/"),
]
TWO = [
    ("rest:http://rest.storage.svc:8000/", "rest:http://rest.backup.svc:8000/"),
    ("rest:http://nas.example.com:8000/a", "rest:http://nas.example.com:8000/A"),
    ("rest:http://nas.example.com:8000/a", "rest:http://nas.example.com:8001/a"),
    ("rest:http://nas.example.com:8000/", "rest:http://nas.example.com:8000/a"),
    ("s3:s3.example.com/a/b", "s3:s3.example.com/b/a"),
    ("s3:s3.example.com/b", "s3:s3.example.net/b"),
    ("s3:minio.a.svc:9000/b", "s3:minio.b.svc:9000/b"),
    ("s3:s3.amazonaws.com/b/x", "s3:s3.example.com/b/x"),
    ("b2:bucket:path", "azure:bucket:path"),
]
PARTS = st.lists(st.text("abA%20.-_", min_size=1, max_size=4).filter(lambda part: part not in {".", ".."}), max_size=3)


@pytest.mark.parametrize(("one", "other"), ONE)
def test_two_spellings_are_one_place(one: str, other: str) -> None:
    assert not names_of(parse_repository(one)).isdisjoint(names_of(parse_repository(other)))


@pytest.mark.parametrize(("one", "other"), TWO)
def test_two_places_stay_two(one: str, other: str) -> None:
    assert names_of(parse_repository(one)).isdisjoint(names_of(parse_repository(other)))


def test_another_port_of_a_host_is_perhaps_the_same() -> None:
    one, other = (parse_repository(f"rest:http://nas.example.com:{port}/a") for port in (8000, 8001))
    assert not portless_names_of(one).isdisjoint(portless_names_of(other))


@given(PARTS, PARTS)
def test_only_what_changes_nothing_is_passed_over(one: list[str], other: list[str]) -> None:
    """Slashes and dots change no path; a letter does."""
    texts = ["/".join(part for part in parts).replace("%", "") for parts in (one, other)]
    first, second = (parse_repository(f"s3:h.example.com/b/{text}") for text in texts)
    noisy = parse_repository(f"s3:http://h.example.com:80//b/./{texts[0].replace('/', '//./')}/")
    assert not names_of(first).isdisjoint(names_of(noisy))
    same = [part for part in texts[0].split("/") if part] == [part for part in texts[1].split("/") if part]
    assert names_of(first).isdisjoint(names_of(second)) != same
