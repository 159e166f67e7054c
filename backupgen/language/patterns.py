r"""The forms of the scalars as regular expressions of ECMA 262, which is what a JSON schema holds.

The readers in `scalars` decide; an editor that has only the schema should come as near as an expression can. So each
takes whatever its reader takes, and as little else as possible. Each has to match the whole text.
"""

from collections.abc import Iterable
from typing import Final

_NONE: Final = r"\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff"
"""The characters that no manifest carries, tab and line feed excepted."""
_NAME: Final = "[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?"
_LABEL: Final = "[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_SEGMENT: Final = rf"(?!\.\.?(?:/|$))[^/\t\n{_NONE}]+"
_NUMBER: Final = r"(?:[0-9]{1,15}(?:\.[0-9]{1,9})?|\.[0-9]{1,9})"
_CLOCK: Final = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_NOT_ZERO: Final = "(?=.*[1-9])"

DNS_LABEL: Final = _LABEL
DNS_SUBDOMAIN: Final = rf"{_LABEL}(?:\.{_LABEL})*"
LABEL_KEY: Final = rf"(?:(?=[^/]{{1,253}}/){DNS_SUBDOMAIN}/)?(?=[^/]{{1,63}}$){_NAME}"
LABEL_VALUE: Final = f"(?:{_NAME})?"
LABEL_NAME: Final = "(?!__)[A-Za-z_][A-Za-z0-9_]*"
TAG: Final = _NAME
VALUE_NAME: Final = f"(?!sops$){_LABEL}"
TOPIC: Final = "[-_A-Za-z0-9]{1,64}"
REPOSITORY_ID: Final = "[0-9a-f]{64}"
ENV_NAME: Final = "[A-Za-z_][A-Za-z0-9_]*"

TEXT: Final = f"[^{_NONE}]*"
LINE: Final = rf"(?=[\s\S]*[\S\ufeff])[^\n{_NONE}]+"
FILE_NAME: Final = rf"(?!\.\.?$)[^/\t\n{_NONE}]+"
RELATIVE_PATH: Final = rf"\.|{_SEGMENT}(?:/{_SEGMENT})*"
ABSOLUTE_PATH: Final = rf"(?!.*:)(?:/|(?:/{_SEGMENT})+)"

DURATION: Final = f"{_NOT_ZERO}(?:[0-9]{{1,9}}[smhdw])+"
QUANTITY: Final = f"{_NUMBER}(?:m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?"
SIZE: Final = f"{_NOT_ZERO}{_NUMBER}(?:k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?"
DAYS: Final = "(?:[1-9][0-9]?|[12][0-9]{2}|3[0-5][0-9]|36[0-6])d"
SLOT: Final = rf"auto|:[0-5][0-9]|{_CLOCK}|[A-Za-z,-]+ +{_CLOCK}|@[a-z]+|(?!@)\s*\S+(?:\s+\S+){{4}}\s*"
AGE_RECIPIENT: Final = rf"(?!.* PRIVATE )(?:age1|ssh-)[^\n{_NONE}]*"
IMAGE: Final = (
    "[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?::[0-9]+)?(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*"
    "(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?"
)
FLAG: Final = f"-(?!-?$){TEXT}"

HTTP_URL: Final = "[hH][tT][tT][pP][sS]?://[^/@?# ]+(?:/[^?# ]*)?"
REPOSITORY_URL: Final = f"rest:{HTTP_URL}|s3:(?:[^/?#@ ]*://)?[^/@?# ]+/[^?# ]*[^/?# ][^?# ]*|(?:b2|azure):[^:]{TEXT}"


def env_name(known: Iterable[str], taken: Iterable[str], prefixes: Iterable[str]) -> str:
    """The name of a variable: a known one, or one that is not taken and begins with none of the prefixes."""
    refused = "|".join([*(f"{name}$" for name in sorted(taken)), *prefixes])
    return f"{'|'.join(sorted(known))}|(?!{refused}){ENV_NAME}"


GIT_URL = r"(?![Hh][Tt][Tt][Pp][Ss]?://[^/@]*@)(?![A-Za-z][A-Za-z0-9+.-]*://[^/@]*:[^/@]*@)" + f"(?:{LINE})"
"""One line that is no URL with a password or token in it."""
