"""URLs: of repositories as restic writes them, and of the fleet's services."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backupgen.integrations.location import Location, LocationError, parse_http, parse_repository


@pytest.mark.parametrize(
    ("text", "kind", "host", "port", "path", "tls"),
    [
        ("rest:http://rest.n.svc:8000/", "rest", "rest.n.svc", 8000, "/", False),
        ("rest:https://backup.example.com/a/b/", "rest", "backup.example.com", 443, "/a/b/", True),
        ("rest:http://10.0.0.1:8000", "rest", "10.0.0.1", 8000, "", False),
        ("rest:http://[2001:db8::1]:8000/", "rest", "2001:db8::1", 8000, "/", False),
        ("s3:s3.example.com/bucket", "s3", "s3.example.com", 443, "/bucket", True),
        ("s3:s3.example.com/bucket/a b".replace(" ", "_"), "s3", "s3.example.com", 443, "/bucket/a_b", True),
        ("s3:http://minio.n.svc:9000/bucket", "s3", "minio.n.svc", 9000, "/bucket", False),
        ("s3:https://S3.Example.com/bucket", "s3", "s3.example.com", 443, "/bucket", True),
        ("b2:bucket:path", "b2", "api.backblazeb2.com", 443, "bucket:path", True),
        ("azure:container:/", "azure", "blob.core.windows.net", 443, "container:/", True),
    ],
)
def test_a_repository(text: str, kind: str, host: str, port: int, path: str, tls: object) -> None:
    assert parse_repository(text) == Location(text, kind, host, port, path, tls is True)


NO_REPOSITORY = "expected a repository that begins with `rest:`, `s3:`, `b2:` or `azure:`"
REST = "expected `rest:http://host:8000/path/` or `rest:https://…`"
SECRET = "a user or password stands in the URL, which Git would keep; it belongs into a Secret"  # noqa: S105
CLEAN = "expected a URL without spaces, `?` and `#`"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", NO_REPOSITORY),
        ("/mnt/backup", NO_REPOSITORY),
        ("sftp:user@host:/a", NO_REPOSITORY),
        ("swift:a:/b", NO_REPOSITORY),
        ("b2:", NO_REPOSITORY),
        ("azure::/", NO_REPOSITORY),
        ("rest:host:8000", REST),
        ("rest:ftp://host/", REST),
        ("rest:http:///a", REST),
        ("rest:", REST),
        ("s3:host", "expected `s3:host/bucket/path`"),
        ("s3:host/", "expected `s3:host/bucket/path`"),
        ("s3:/bucket", "expected `s3:host/bucket/path`"),
        ("rest:http://user:password@host:8000/", SECRET),
        ("rest:http://user@host:8000/", SECRET),
        ("s3:https://key:secret@host/bucket", SECRET),
        ("rest:http://host/a?b=c", CLEAN),
        ("rest:http://host/a?", CLEAN),
        ("rest:http://host/#", CLEAN),
        ("rest:http://host/a b", CLEAN),
        ("s3:host/a\tb", CLEAN),
        ("rest:http://host:0/", "there is no port 0"),
        ("rest:http://ho$(X)st/", "`ho$(x)st` is not a host name, expected one such as `rest.example.com`"),
        ('rest:http://a"b/', '`a"b` is not a host name, expected one such as `rest.example.com`'),
        ("rest:http://-a/", "`-a` is not a host name, expected one such as `rest.example.com`"),
    ],
)
def test_what_is_no_repository(text: str, message: str) -> None:
    with pytest.raises(LocationError) as caught:
        parse_repository(text)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "text", ["rest:http://host:99999/", "rest:http://host:a/", "rest:http://[::1/", "s3:http://[/b"]
)
def test_what_is_no_url(text: str) -> None:
    with pytest.raises(LocationError, match=r"^this is not a URL: "):
        parse_repository(text)


@pytest.mark.parametrize(
    ("text", "host", "port", "netloc"),
    [
        ("http://ntfy", "ntfy", 80, "ntfy"),
        ("https://ntfy.example.org/", "ntfy.example.org", 443, "ntfy.example.org"),
        (
            "http://pushgateway.monitoring.svc:9091",
            "pushgateway.monitoring.svc",
            9091,
            "pushgateway.monitoring.svc:9091",
        ),
        ("https://a:80", "a", 80, "a:80"),
    ],
)
def test_a_service(text: str, host: str, port: int, netloc: str) -> None:
    location = parse_http(text)
    assert (location.text, location.kind, location.host, location.port) == (text, "http", host, port)
    assert location.netloc == netloc


@pytest.mark.parametrize("text", ["", "ntfy.sh", "//ntfy.sh", "ftp://ntfy.sh", "rest:http://a", "http://", "http:/a"])
def test_what_is_no_service(text: str) -> None:
    with pytest.raises(LocationError, match="is not a URL, expected one such as"):
        parse_http(text)


@pytest.mark.parametrize(
    ("host", "service"),
    [
        ("rest.storage.svc", ("rest", "storage")),
        ("rest.storage.svc.cluster.local", ("rest", "storage")),
        ("rest.storage", None),
        ("rest", None),
        ("svc", None),
        ("a.b.c.svc", None),
        ("s3.eu-central-1.example.com", None),
        ("r_1.storage.svc", None),
    ],
)
def test_the_service_of_a_host(host: str, service: tuple[str, str] | None) -> None:
    assert parse_repository(f"rest:http://{host}:8000/").service == service


@pytest.mark.parametrize("host", ["rest..svc", f"{'a' * 64}.n.svc"])
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(LocationError, match="host name"):
        parse_repository(f"rest:http://{host}:8000/")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rest:http://r.n.svc:8000/a/", "rest:http://r.n.svc:8001/a/"),
        ("rest:https://r.n.svc/a/", "rest:https://r.n.svc:8001/a/"),
    ],
)
def test_the_same_url_at_another_port(text: str, expected: str) -> None:
    assert parse_repository(text).with_port(8001) == expected


@given(st.text() | st.from_regex(r"(rest:|s3:|b2:|azure:)?(https?://)?[a-zA-Z0-9.:@/\[\]?#%_-]*", fullmatch=True))
def test_any_text_is_a_location_or_refused(text: str) -> None:
    for parse in (parse_repository, parse_http):
        try:
            location = parse(text)
        except LocationError:
            continue
        assert location.text == text
        assert location.host
        assert 0 < location.port < 65536
        assert "@" not in location.host
