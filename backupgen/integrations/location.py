"""Where things are reached: repository URLs as restic writes them, and the HTTP URLs of the fleet's services.

The forms of a repository are those of restic's manual, "Preparing a new repository".
"""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from backupgen.grammars.hosts import is_host
from backupgen.integrations.backends import BACKENDS, Backend, UrlForm

# urlsplit takes anything for a host; an IPv6 address has lost its brackets there.
_ADDRESS = re.compile(r"[0-9a-f:.]+")
_SERVICE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_PORTS = {"http": 80, "https": 443}


class LocationError(ValueError):
    """A URL that the fleet cannot use; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class Location:
    """A host and port, and what is there."""

    text: str
    kind: str
    """The scheme of a backend, or `http` for a plain URL."""
    host: str
    port: int
    path: str
    tls: bool

    @property
    def backend(self) -> Backend:
        """The backend of a repository. Raises KeyError for a plain URL."""
        return BACKENDS[self.kind]

    @property
    def service(self) -> tuple[str, str] | None:
        """The Service's name and namespace, if the host is one of this cluster (`name.namespace.svc…`)."""
        parts = self.host.split(".")
        named = len(parts) >= 3 and parts[2] == "svc" and all(_SERVICE.fullmatch(part) for part in parts[:2])
        return (parts[0], parts[1]) if named else None

    @property
    def netloc(self) -> str:
        """The host, and the port unless the scheme implies it."""
        implied = _PORTS["https" if self.tls else "http"]
        return self.host if self.port == implied else f"{self.host}:{self.port}"

    @property
    def place(self) -> str:
        """What two spellings of one place have in common."""
        return f"{self.kind}:{self.host}:{self.port}/{self.path.strip('/')}"

    def with_port(self, port: int) -> str:
        """The same URL at another port."""
        scheme = "https" if self.tls else "http"
        prefix = "rest:" if self.kind == "rest" else ""
        return f"{prefix}{scheme}://{self.host}:{port}{self.path}"


def parse_http(text: str) -> Location:
    """An `http://` or `https://` URL without credentials. Raises LocationError."""
    parts = _split(text)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise LocationError(f"`{text}` is not a URL, expected one such as `https://ntfy.example.org`")
    return _location(text, "http", parts)


def parse_repository(text: str) -> Location:
    """A restic repository reached over the network. Raises LocationError."""
    scheme, _, rest = text.partition(":")
    backend = BACKENDS.get(scheme)
    if backend is None or (backend.form is UrlForm.NAME and not rest.partition(":")[0]):
        *others, last = (f"`{known}:`" for known in BACKENDS)
        raise LocationError(f"expected a repository that begins with {', '.join(others)} or {last}")
    if backend.form is UrlForm.NAME:
        return Location(text, scheme, backend.host, _PORTS["https"], rest, tls=True)
    host_only = backend.form is UrlForm.HOST_AND_PATH
    parts = _split(f"https://{rest}" if host_only and "://" not in rest else rest)
    known = bool(parts.path.strip("/")) if host_only else parts.scheme in _PORTS
    if not parts.hostname or not known:
        raise LocationError(f"expected {backend.expected}")
    return _location(text, scheme, parts)


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        raise LocationError(f"this is not a URL: {error}") from None
    if "@" in parts.netloc:
        raise LocationError("a user or password stands in the URL, which Git would keep; it belongs into a Secret")
    if any(character in "?#" or character.isspace() for character in text):
        raise LocationError("expected a URL without spaces, `?` and `#`")
    if parts.port == 0:
        raise LocationError("there is no port 0")
    if parts.hostname and not (is_host(parts.hostname) or _ADDRESS.fullmatch(parts.hostname)):
        raise LocationError(f"`{parts.hostname}` is not a host name, expected one such as `rest.example.com`")
    return parts


def _location(text: str, kind: str, parts: SplitResult) -> Location:
    port = parts.port or _PORTS[parts.scheme]
    return Location(text, kind, str(parts.hostname), port, parts.path, tls=parts.scheme == "https")
