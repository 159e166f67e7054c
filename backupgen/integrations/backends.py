"""The backends of restic that a repository can lie in: a record each (restic's manual, "Preparing a new repository").

A record says how the backend's URL is read, from which variables restic takes its credentials, which hosts its clients
look for, whether rclone can copy its files, and which server stands in for it in a rehearsal.
"""

from enum import Enum, auto
from typing import Literal, NamedTuple


class UrlForm(Enum):
    """What follows the scheme of a repository's URL."""

    WHOLE_URL = auto()
    """An HTTP URL, with its scheme."""
    HOST_AND_PATH = auto()
    """A host and a path, with or without a scheme; without one it is HTTPS."""
    NAME = auto()
    """A name that the backend's own host knows: `bucket:path`."""


class Backend(NamedTuple):
    """What is known of a backend."""

    scheme: str
    """How its URLs begin, without the colon."""
    form: UrlForm
    expected: str
    """The form of its URLs, for a message."""
    variables: tuple[str, ...]
    """The environment variables from which restic takes the credentials: the user or key id, then the secret."""
    stand_in: Literal["rest", "s3"]
    """The server that takes its place in a rehearsal."""
    host: str = ""
    """The host of all its repositories; empty if the URL says it."""
    aliases: tuple[str, ...] = ()
    """Further hosts that its clients look for, whatever the URL is; `*` stands for any characters but the dot."""
    copied_by_rclone: bool = False
    """Whether mirror.sh can copy to it, and from it, file by file: where it cannot, `restic copy` is left."""


REST = Backend(
    scheme="rest",
    form=UrlForm.WHOLE_URL,
    expected="`rest:http://host:8000/path/` or `rest:https://…`",
    variables=("RESTIC_REST_USERNAME", "RESTIC_REST_PASSWORD"),
    stand_in="rest",
)
S3 = Backend(
    scheme="s3",
    form=UrlForm.HOST_AND_PATH,
    expected="`s3:host/bucket/path`",
    variables=("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    stand_in="s3",
    copied_by_rclone=True,
)
B2 = Backend(
    scheme="b2",
    form=UrlForm.NAME,
    expected="`b2:bucket:path`",
    variables=("B2_ACCOUNT_ID", "B2_ACCOUNT_KEY"),
    stand_in="rest",
    host="api.backblazeb2.com",
    # b2_authorize_account names the hosts of up- and downloads, such as f003.backblazeb2.com.
    aliases=("*.backblazeb2.com", "*.backblaze.com"),
)
AZURE = Backend(
    scheme="azure",
    form=UrlForm.NAME,
    expected="`azure:container:path`",
    variables=("AZURE_ACCOUNT_NAME", "AZURE_ACCOUNT_KEY"),
    stand_in="rest",
    host="blob.core.windows.net",
    # The account stands in front of the host, and only the Secret knows it.
    aliases=("*.blob.core.windows.net",),
)

BACKENDS = {backend.scheme: backend for backend in (REST, S3, B2, AZURE)}
"""By scheme, in the order in which messages name them."""
