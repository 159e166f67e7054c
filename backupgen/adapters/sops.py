"""sops, as a process for each file, several at once.

A plaintext goes to sops through its standard input and comes back through its standard output; it is never in an
argument, an environment or a file. What sops needs as files holds no secret: the rule, and ciphertext to wrap anew.
sops' own messages may quote a plaintext, so none is repeated that is not understood, or in which a value stands.
"""

import json
import os
import re
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar

from backupgen.adapters.environment import environment_of_sops
from backupgen.sealing import codes
from backupgen.sealing.envelope import encrypted_type
from backupgen.sealing.sealer import Plain, Sealing, SopsFault
from backupgen.source import PlainError, load_all

T = TypeVar("T")
R = TypeVar("R")
Progress = Callable[[str, int, int], None]
"""Called with what is done, how many of them are, and how many there are."""

LEAST: Final = (3, 10, 0)
"""The first version that encrypts and decrypts standard input (its change log)."""
_AT_ONCE: Final = 8
_GLANCE: Final = 0.2
"""Seconds after which a wait for sops looks whether Ctrl-C was pressed."""
_PATIENCE: Final = 5
"""Seconds that a sops gets to end after SIGTERM."""
_VERSION: Final = re.compile(r"sops (\d+)\.(\d+)\.(\d+)")
_NO_KEY: Final = 128
_DAMAGED: Final = (25, 39, 51, 52)
"""sops' exit codes for what cannot be decrypted, and for a seal that does not fit (`cmd/sops/codes`)."""
UNCHANGED: Final = 200
"""sops' exit code when the editor changed nothing."""
_LONGEST: Final = 600
_WORD: Final = re.compile(r"\w+")
_PUBLIC: Final = frozenset({"apiVersion", "kind", "metadata", "type", "sops"})


class Sops:
    """The `Sealer` of sealing."""

    def __init__(self, progress: Progress | None = None) -> None:
        self._progress = progress or (lambda *_: None)
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._ended = False
        self._checked: SopsFault | None = None
        self._known = False

    def unavailable(self) -> SopsFault | None:
        """Why sops cannot be used at all; None: it can."""
        if not self._known:
            self._checked, self._known = self._version_fault(), True
        return self._checked

    def decrypt(self, files: Mapping[str, str]) -> Mapping[str, Plain | SopsFault]:
        """Decrypt the texts of sealed YAML files."""
        with self._rules({"": "{}"}) as configs:

            def one(text: str) -> Plain | SopsFault:
                done = self._run(configs[""], ["decrypt", "--input-type", "yaml", "--output-type", "json"], text)
                return done if isinstance(done, SopsFault) else json.loads(done)

            return self._all("opened", files, one)

    def encrypt(self, files: Mapping[str, Sealing]) -> Mapping[str, str | SopsFault]:
        """Encrypt the texts of YAML files."""
        with self._rules({sealing.rules: sealing.rules for sealing in files.values()}) as configs:

            def one(sealing: Sealing) -> str | SopsFault:
                arguments = ["encrypt", "--filename-override", "secret.enc.yaml"]
                return self._run(configs[sealing.rules], arguments, sealing.text)

            return self._all("sealed", files, one)

    def rewrap(self, files: Mapping[str, Sealing]) -> Mapping[str, str | SopsFault]:
        """Give sealed files the recipients of their rules. sops does it in place only, so in copies."""
        with self._rules({sealing.rules: sealing.rules for sealing in files.values()}) as configs:

            def one(sealing: Sealing) -> str | SopsFault:
                rules = configs[sealing.rules]
                copy = Path(tempfile.mkdtemp(dir=rules.parent), "copy.enc.yaml")
                copy.write_text(sealing.text, encoding="utf-8")
                done = self._run(rules, ["updatekeys", "--yes", str(copy)], "")
                return done if isinstance(done, SopsFault) else copy.read_text(encoding="utf-8")

            return self._all("wrapped anew", files, one)

    def edit(self, path: Path) -> int:
        """Let sops open a sealed file in the user's editor; its copy lies in memory where the system offers that.

        Returns sops' exit code.
        """
        environment = environment_of_sops()
        places = (environment.get("XDG_RUNTIME_DIR"), "/dev/shm")  # noqa: S108 (sops makes a folder of its own in it)
        memory = next((folder for folder in places if folder and os.access(folder, os.W_OK | os.X_OK)), None)
        if memory:
            environment["TMPDIR"] = memory
        return subprocess.run(["sops", "edit", str(path.absolute())], env=environment, check=False).returncode  # noqa: S603, S607

    def _all(self, what: str, files: Mapping[str, T], work: Callable[[T], R | SopsFault]) -> dict[str, R | SopsFault]:
        """Do the work for each file, several at once; Ctrl-C ends what runs and starts no more."""
        if not files:
            return {}
        if fault := self.unavailable():
            return dict.fromkeys(files, fault)
        results: dict[str, R | SopsFault] = {}
        with ThreadPoolExecutor(max_workers=min(_AT_ONCE, 2 * (os.cpu_count() or 1))) as pool:
            try:
                futures = {pool.submit(work, content): path for path, content in files.items()}
                waiting = set(futures)
                while waiting:
                    # A signal that comes just before a wait without an end would not wake it.
                    done, waiting = wait(waiting, timeout=_GLANCE, return_when=FIRST_COMPLETED)
                    for future in done:
                        results[futures[future]] = future.result()
                        self._progress(what, len(results), len(futures))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self._end()
                raise
        return results

    def _end(self) -> None:
        """End every sops that runs, and see to it that no other one begins."""
        with self._lock:
            self._ended = True
            running = list(self._running)
        for process in running:
            process.terminate()
        # The pool does not wait for a thread in whose start it was interrupted.
        for process in running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_PATIENCE)

    def _run(self, config: Path, arguments: list[str], text: str) -> str | SopsFault:
        """Run sops with a configuration of its own; returns its output."""
        command = ["sops", "--config", str(config), *arguments]
        try:
            code, out, err = self._communicate(command, text.encode())
        except OSError as error:
            return _missing(error)
        return out.decode() if code == 0 else _fault(code, err.decode(errors="replace"), text)

    def _communicate(self, command: list[str], given: bytes) -> tuple[int, bytes, bytes]:
        pipe = subprocess.PIPE
        environment = environment_of_sops()
        with self._lock:
            if self._ended:
                raise InterruptedError
            process = subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=pipe)  # noqa: S603
            self._running.add(process)
        with process:
            try:
                out, err = process.communicate(given)
            finally:
                with self._lock:
                    self._running.discard(process)
        return process.returncode, out, err

    def _version_fault(self) -> SopsFault | None:
        try:
            _, out, _ = self._communicate(["sops", "--disable-version-check", "--version"], b"")
        except OSError as error:
            return _missing(error)
        found = _VERSION.search(out.decode(errors="replace"))
        version = tuple(int(part) for part in found.groups()) if found else (0,)
        if version >= LEAST:
            return None
        said = ".".join(map(str, version)) if found else "of a version that cannot be told"
        return SopsFault(codes.SOPS_UNAVAILABLE, f"the installed sops is {said}, expected 3.10 or later")

    @contextmanager
    def _rules(self, rules: Mapping[str, str]) -> Iterator[dict[str, Path]]:
        """Files with configurations of sops', by what they are asked for, as long as they are needed."""
        with tempfile.TemporaryDirectory(prefix="backupgen-") as folder:
            configs = {}
            for number, (name, text) in enumerate(rules.items()):
                configs[name] = Path(folder, f"rules-{number}.yaml")
                configs[name].write_text(text, encoding="utf-8")
            yield configs


def _missing(error: OSError) -> SopsFault:
    if isinstance(error, FileNotFoundError):
        return SopsFault(codes.SOPS_UNAVAILABLE, "sops is not installed, or not on PATH")
    return SopsFault(codes.SOPS_UNAVAILABLE, f"sops cannot be started: {(error.strerror or str(error)).lower()}")


def _fault(code: int, said: str, text: str) -> SopsFault:
    """Return what a failure of sops' means."""
    if code == _NO_KEY or "Failed to get the data key" in said:
        return SopsFault(codes.NO_KEY, _why_no_key(said))
    if code in _DAMAGED or "MAC mismatch" in said:
        return SopsFault(codes.SEALED_DAMAGED, "this sealed file is damaged, or was changed by other means than sops")
    if "sops metadata not found" in said:
        return SopsFault(codes.SEALED_DAMAGED, "this file is not encrypted by sops")
    if code < 0:
        return SopsFault(codes.SOPS_REFUSED, f"sops was ended by signal {-code}", "run it again")
    message = f"sops refuses: {_gist(said, text)}"
    return SopsFault(codes.SOPS_REFUSED, message, "see to .sops.yaml, and to what it names")


def _why_no_key(said: str) -> str:
    words = " ".join(said.replace("|", " ").split())
    if "did not match any of the recipients" in words:
        return "the key at hand is none of those that this file is sealed for"
    if "failed to open" in words or "failed to parse" in words:
        return "the file that should hold the key cannot be read, or holds none"
    return "there is no key at hand that opens this file"


def _gist(said: str, text: str) -> str:
    """Return what sops said as one line, without any word of a value in the text that it was given."""
    words = " ".join(said.split())
    # Word by word, since a value may be quoted or escaped in one way there and in another here.
    known = {word for value in _values(text) for word in _WORD.findall(value)}
    words = _WORD.sub(lambda found: "…" if found[0] in known else found[0], words)
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}…"


def _values(text: str) -> Iterator[str]:
    """Yield the texts below the fields that are not public."""
    try:
        documents = load_all(text)
    except PlainError:
        yield text
        return
    waiting: list[object] = [
        value for one in documents if isinstance(one, dict) for name, value in one.items() if name not in _PUBLIC
    ]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict | list):
            waiting += value.values() if isinstance(value, dict) else value
        elif not encrypted_type(value):
            yield str(value)
