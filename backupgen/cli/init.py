"""`backupgen init`: a first fleet.yaml, from flags or from a dialogue."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from backupgen.cli import exits, terminal
from backupgen.cli.showing import given_flags, note_findings
from backupgen.cli.starter import AnswerError, Beginning, FirstTarget, compose, judge, read_target

IMAGE = "docker.io/restic/restic:0.19.1"
_SCHEMA = "fleet.schema.json"


@dataclass(frozen=True, slots=True)
class InitOptions:
    """The flags of `init`; None for what was not given."""

    fleet: Path
    name: str | None
    home_namespace: str | None
    timezone: str | None
    image: str | None
    repository: str | None
    targets: tuple[str, ...]
    yes: bool


class _StopError(Exception):
    """The command cannot go on; the message says why."""


def init(options: InitOptions) -> int:
    """Write a fleet and its schema. Returns the exit code: 2 for an answer of no use, or a file in the way."""
    try:
        if options.fleet.exists() or options.fleet.is_symlink():
            raise _StopError(f"{options.fleet} is there already; nothing was written")
        text = compose(_answers(options))
        _prove(text, options.fleet)
        _write(text, options)
    except _StopError as stop:
        terminal.note(f"{stop}\n")
        return exits.USAGE
    return exits.CLEAN


def _answers(options: InitOptions) -> Beginning:
    from backupgen.adapters.environment import local_zone

    asked = not options.yes and sys.stdin.isatty() and sys.stderr.isatty()
    if not asked:
        _check_given(options)

    def answer(what: str, flag: str, question: str, given: str | None, default: str) -> str:
        if given is not None:
            return _judged(what, given, flag)
        return _ask(question, default, lambda text: judge(what, text)) if asked else default

    name = answer("name", "--name", "Name of the fleet", options.name, "home")
    home = answer("namespace", "--home-namespace", "Namespace of its own jobs", options.home_namespace, "backup")
    zone = answer("timezone", "--timezone", "Time zone", options.timezone, local_zone() or "UTC")
    question = "Repository, as restic writes it (s3:host/bucket/path, rest:https://host/)"
    repository = answer("repository", "--repository", question, options.repository, "")
    image = answer("image", "--image", "Image with restic", options.image, IMAGE)
    targets = tuple(map(_target, options.targets)) or tuple(_ask_targets())
    return Beginning(name, home, zone, image, repository, targets)


def _check_given(options: InitOptions) -> None:
    """Without a terminal nothing can be asked: say all that is missing at once."""
    missing = [] if options.repository is not None else ["--repository URL"]
    missing += [] if options.targets else ["--target NAMESPACE/NAME=CLAIM"]
    if missing:
        raise _StopError(f"there is nobody to ask, so these are needed: {' and '.join(missing)}")


def _judged(what: str, given: str, flag: str) -> str:
    try:
        judge(what, given)
    except AnswerError as error:
        raise _StopError(f"{flag}: {error}") from None
    return given


def _target(text: str) -> FirstTarget:
    try:
        return read_target(text)
    except AnswerError as error:
        raise _StopError(f"--target: {error}") from None


def _ask_targets() -> list[FirstTarget]:
    terminal.note("\nWhat is backed up first? A volume of an app.\n")
    targets: list[FirstTarget] = []
    while True:
        name = _ask("  Name of the app", "", lambda text: _new_name(text, targets))
        namespace = _ask("  Its namespace", name, lambda text: judge("namespace", text))
        claim = _ask("  The PersistentVolumeClaim", name, lambda text: judge("claim", text))
        uid = _ask("  The uid that owns its files", "1000", lambda text: judge("uid", text))
        targets.append(FirstTarget(namespace, name, claim, int(uid)))
        if _ask("Another one? (y/n)", "n", _yes_or_no).lower().startswith("n"):
            return targets


def _new_name(text: str, targets: list[FirstTarget]) -> None:
    judge("name", text)
    if text in {target.name for target in targets}:
        raise AnswerError(f"there is a target `{text}` already")


def _yes_or_no(text: str) -> None:
    if text.lower() not in {"y", "n", "yes", "no"}:
        raise AnswerError("expected y or n")


def _ask(question: str, default: str, check: Callable[[str], None]) -> str:
    """Ask until the answer can be used. Raises _StopError where nobody answers any more."""
    while True:
        terminal.note(f"{question}{f' [{default}]' if default else ''}: ")
        line = sys.stdin.readline()
        if not line:
            raise _StopError("\nthere is no answer; nothing was written")
        answer = line.strip() or default
        try:
            check(answer)
        except AnswerError as error:
            terminal.note(f"    {str(error).replace(chr(10), f'{chr(10)}    ')}\n")
        else:
            return answer


def _prove(text: str, fleet: Path) -> None:
    """Compile what is about to be written: a file that backupgen itself refuses helps nobody."""
    from backupgen.diagnostics import has_errors
    from backupgen.pipeline import compile_fleet

    checked = compile_fleet(text.encode(), str(fleet))
    if has_errors(checked.findings):
        note_findings(checked.findings, {str(fleet): text})
        raise _StopError("such a fleet cannot be; nothing was written")


def _write(text: str, options: InitOptions) -> None:
    from backupgen.adapters.files import write_new
    from backupgen.cli.schema import schema_text

    if reason := write_new(options.fleet, text):
        raise _StopError(f"{options.fleet} cannot be written: {reason}")
    place, wanted = options.fleet.parent / _SCHEMA, schema_text()
    reason = write_new(place, wanted)
    beside = f" and {place}" if not reason else ""
    if reason and not (place.is_file() and place.read_text(encoding="utf-8", errors="replace") == wanted):
        terminal.note(f"{place} was left as it is ({reason}); `backupgen schema` prints the present one\n")
    flags = given_flags(options.fleet, Path("out"), None)
    terminal.result(
        f"{options.fleet}{beside}: written\n"
        "next:\n"
        f"  read {options.fleet}, and put in what only you know: the labels of the apps' pods, their uids\n"
        f"  backupgen render{flags}      writes the manifests into out/\n"
        f"  backupgen check{flags}       says what is still to do\n"
        f"  backupgen secrets{flags}     begins the file with the credentials\n"
        f"  backupgen bootstrap{flags}   prints the Job that makes the repository\n"
    )
