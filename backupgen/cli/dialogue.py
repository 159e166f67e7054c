"""The questions of `backupgen init`, each answer judged as it is given."""

import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

from backupgen.adapters.environment import local_zone
from backupgen.cli import terminal
from backupgen.cli.starter import AnswerError, StarterAnswers, StarterTarget, judge, read_target

IMAGE = "docker.io/restic/restic:0.19.1"


class StopError(Exception):
    """The command cannot go on; the message says why."""


class Given(NamedTuple):
    """What the flags say; None for what they do not."""

    name: str | None
    home_namespace: str | None
    timezone: str | None
    repository: str | None
    image: str | None
    targets: Sequence[str]


def answers(given: Given, *, ask: bool) -> StarterAnswers:
    """Ask for what is not given, if there is a terminal. Raises StopError for an answer of no use."""
    asked = ask and sys.stdin.isatty() and sys.stderr.isatty()
    if not asked:
        _check_given(given)

    def answer(what: str, flag: str, question: str, known: str | None, default: str) -> str:
        if known is not None:
            return _judged(what, known, flag)
        return _ask(question, default, lambda text: judge(what, text)) if asked else default

    name = answer("name", "--name", "Name of the fleet", given.name, "home")
    home = answer("namespace", "--home-namespace", "Namespace of its own jobs", given.home_namespace, "backup")
    zone = answer("timezone", "--timezone", "Time zone", given.timezone, local_zone() or "UTC")
    question = "Repository, as restic writes it (s3:host/bucket/path, rest:https://host/)"
    repository = answer("repository", "--repository", question, given.repository, "")
    image = answer("image", "--image", "Image with restic", given.image, IMAGE)
    targets = tuple(map(_target, given.targets)) or tuple(_ask_targets())
    return StarterAnswers(name, home, zone, image, repository, targets)


def _check_given(given: Given) -> None:
    """Without a terminal nothing can be asked: say all that is missing at once."""
    missing = [] if given.repository is not None else ["--repository URL"]
    missing += [] if given.targets else ["--target NAMESPACE/NAME=CLAIM"]
    if missing:
        raise StopError(f"there is nobody to ask, so these are needed: {' and '.join(missing)}")


def _judged(what: str, given: str, flag: str) -> str:
    try:
        judge(what, given)
    except AnswerError as error:
        raise StopError(f"{flag}: {error}") from None
    return given


def _target(text: str) -> StarterTarget:
    try:
        return read_target(text)
    except AnswerError as error:
        raise StopError(f"--target: {error}") from None


def _ask_targets() -> list[StarterTarget]:
    terminal.note("\nWhat is backed up first? A volume of an app.\n")
    targets: list[StarterTarget] = []
    while True:
        name = _ask("  Name of the app", "", lambda text: _new_name(text, targets))
        namespace = _ask("  Its namespace", name, lambda text: judge("namespace", text))
        claim = _ask("  The PersistentVolumeClaim", name, lambda text: judge("claim", text))
        uid = _ask("  The uid that owns its files", "1000", lambda text: judge("uid", text))
        targets.append(StarterTarget(namespace, name, claim, int(uid)))
        if _ask("Another one? (y/n)", "n", _yes_or_no).lower().startswith("n"):
            return targets


def _new_name(text: str, targets: list[StarterTarget]) -> None:
    judge("name", text)
    if text in {target.name for target in targets}:
        raise AnswerError(f"there is a target `{text}` already")


def _yes_or_no(text: str) -> None:
    if text.lower() not in {"y", "n", "yes", "no"}:
        raise AnswerError("expected y or n")


def _ask(question: str, default: str, check: Callable[[str], None]) -> str:
    """Ask until the answer can be used. Raises StopError where nobody answers any more."""
    while True:
        terminal.note(f"{question}{f' [{default}]' if default else ''}: ")
        line = sys.stdin.readline()
        if not line:
            raise StopError("\nthere is no answer; nothing was written")
        answer = line.strip() or default
        try:
            check(answer)
        except AnswerError as error:
            terminal.note(f"    {str(error).replace(chr(10), f'{chr(10)}    ')}\n")
        else:
            return answer
