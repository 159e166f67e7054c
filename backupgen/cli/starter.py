"""A first fleet.yaml from a few answers: what `backupgen init` writes.

Input: answers, each judged by the language's own reader as it is given. Output: the text of a small, commented fleet.
Never: a question, or a file.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from backupgen.integrations.location import LocationError, parse_repository
from backupgen.language import scalars
from backupgen.language.refusals import RefusedError, refuse

_PLAIN: Final = re.compile(r"[A-Za-z](?:[A-Za-z0-9._/@+-]|:(?=[A-Za-z0-9/]))*")
_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_TARGET: Final = re.compile(r"(?P<namespace>[^/=:]+)/(?P<name>[^/=:]+)=(?P<claim>[^/=:]+)(?::(?P<uid>[0-9]{1,10}))?")
_FEW: Final = 10
"""So many targets have room for a run every six hours, one after the other; with more, each runs once a day."""
_A_DAY: Final = 40
"""So many have room in a day; with more, several run at once."""
UID: Final = 1000


class AnswerError(ValueError):
    """An answer that the language does not take; the message says what was expected."""


@dataclass(frozen=True, slots=True)
class StarterTarget:
    """One claim to back up."""

    namespace: str
    name: str
    claim: str
    uid: int = UID


@dataclass(frozen=True, slots=True)
class StarterAnswers:
    """What `init` was told."""

    name: str
    home_namespace: str
    timezone: str
    image: str
    repository: str
    targets: tuple[StarterTarget, ...]


def judge(what: str, answer: str) -> None:
    """Read an answer as the language does. Raises AnswerError."""
    try:
        _READERS[what](answer)
    except RefusedError as error:
        context = error.context or {}
        raise AnswerError("\n".join(filter(None, (context["message"], context["hint"])))) from None
    except LocationError as error:
        raise AnswerError(str(error)) from None


def read_target(text: str) -> StarterTarget:
    """Read `NAMESPACE/NAME=CLAIM` or `NAMESPACE/NAME=CLAIM:UID`. Raises AnswerError."""
    match = _TARGET.fullmatch(text)
    if match is None:
        raise AnswerError(f"`{text}` is not a target, expected NAMESPACE/NAME=CLAIM or NAMESPACE/NAME=CLAIM:UID")
    for what in ("namespace", "name", "claim"):
        judge(what, match[what])
    if match["uid"] is not None:
        judge("uid", match["uid"])
    return StarterTarget(match["namespace"], match["name"], match["claim"], int(match["uid"] or UID))


def compose(answers: StarterAnswers) -> str:
    """Return the text of the fleet."""
    targets = answers.targets
    every = "6h" if len(targets) <= _FEW else "1d"
    parallel = -(-len(targets) // _A_DAY)
    return _HEAD.format(
        name=_scalar(answers.name),
        home_namespace=_scalar(answers.home_namespace),
        timezone=_scalar(answers.timezone),
        image=_scalar(answers.image),
        pin="" if "@" in answers.image else _PIN,
        url=_scalar(answers.repository),
        parallel=f"  parallel: {parallel}\n" if parallel > 1 else "",
    ) + "\n".join(_TARGET_TEXT.format(
        name=_scalar(target.name),
        namespace=_scalar(target.namespace),
        every=every,
        uid=target.uid,
        claim=_scalar(target.claim),
    ) for target in targets)  # fmt: skip


def _scalar(text: str) -> str:
    """A text as YAML reads it back, also where an older reader would take it for something else."""
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    return text if plain else f'"{text}"'  # the readers take neither quotes nor backslashes


def _uid(text: object) -> object:
    if not str(text).isdigit() or not 0 < int(str(text)) < 2**31:
        raise refuse(f"`{text}` is not a uid, expected a number from 1 to {2**31 - 1}", "0 is root: see `run_as`")
    return text


def _repository(text: object) -> object:
    scalars.one_line(text)
    if '"' in str(text) or "\\" in str(text):
        raise refuse(f"`{text}` is not a URL of a repository, expected one without quotes and backslashes")
    return parse_repository(str(text))


_READERS: Final[Mapping[str, Callable[[object], object]]] = {
    "name": scalars.dns_label,
    "namespace": scalars.dns_label,
    "timezone": scalars.timezone,
    "image": scalars.image,
    "repository": _repository,
    "claim": scalars.dns_subdomain,
    "uid": _uid,
}

_PIN: Final = "    # add its digest, `@sha256:…`: a tag can change under you"
_HEAD: Final = """\
# yaml-language-server: $schema=./fleet.schema.json
#
# The line above lets editors complete and check. Every key is explained there, and by `backupgen explain TARGET`.
fleet: {name}
home_namespace: {home_namespace}    # where retention and restore test run
timezone: {timezone}    # the one that the times below are meant in

images:
  restic: {image}{pin}

repository:
  url: {url}
  # id: …    the repository's own, once `backupgen bootstrap` has made it: then no job takes another for it
{parallel}  retention:
    at: "03:05"
    deadline: 1h
    keep: {{hourly: 24, daily: 7, weekly: 4, monthly: 6}}
  restore_test:    # restores every target, and looks at what `verify` names
    at: "Sun 05:00"
    deadline: 3h
    scratch: 20Gi    # more than the largest target

defaults:
  deadline: 20m    # after this long a backup is ended

targets:
"""
_TARGET_TEXT: Final = """\
  {name}:
    namespace: {namespace}
    at: auto    # the compiler finds a slot; or write one, such as ":20", "04:30" or "Sun 04:30"
    every: {every}
    run_as: {uid}    # the user that owns the files
    with_pod: {{app.kubernetes.io/name: {name}}}    # the labels of the app's pod: the backup runs on its node
    volume: {{pvc: {claim}}}
    verify: [{{dir: {name}}}]    # or a file of it, or a database: {{sqlite: {name}/app.db}}
"""
