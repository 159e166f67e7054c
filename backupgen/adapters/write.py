"""Writing out/.

Nothing is lost: a file that backupgen did not write is neither overwritten nor removed, and nothing is written at all
when one is in the way. Nothing is half done: every file is replaced by renaming a complete one over it. And a run that
is killed leaves nothing that the next one takes for somebody else's: the inventory names what is about to be written
before the first file changes, so each file can be recognised as the old or as the new one.

It is safe against a killed process, not against a power cut: Git holds the last state, and a sync for each of
thousands of files would cost more than everything else together.
"""

import fcntl
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from backupgen.adapters.folder import BlockedError, by_folder, join, open_below, open_root
from backupgen.adapters.tree import Survey, look, read_inventory
from backupgen.conventions.naming import SEALED_SUFFIX
from backupgen.diagnostics import Checked, Finding, Spot
from backupgen.diff import codes
from backupgen.diff.inventory import INVENTORY, Inventory, dump_inventory, fingerprint, is_inside
from backupgen.diff.staleness import in_the_way
from backupgen.manifests.render import is_rendered
from backupgen.sealing.seal import Sealed
from backupgen.sealing.seal_record import SealRecord
from backupgen.sealing.sealed import is_sealed

_MODE: Final = 0o644
_LEFT_OVER: Final = re.compile(r"\.backupgen-[0-9]+\.tmp")


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What a run did, or would do. Paths below out/, sorted; the inventory is not among them."""

    written: tuple[str, ...] = ()
    """New, or replaced."""
    unchanged: tuple[str, ...] = ()
    """Not touched: as it should be already."""
    removed: tuple[str, ...] = ()
    """Own files that belong to nothing any more."""
    sealed: tuple[str, ...] = ()
    """Not touched: Secrets that are sealed."""
    kept_foreign: tuple[str, ...] = ()
    """Not removed, though they belong to nothing any more: Secrets that somebody sealed."""
    before: Mapping[str, bytes] = field(default_factory=dict)
    """What the files held that were replaced or removed."""


class _Wanted(NamedTuple):
    manifests: Mapping[str, str]
    sealed: Sealed

    def contents(self) -> dict[str, bytes]:
        """What each file is to hold, unless it is a sealed Secret that stays."""
        return {path: text.encode() for path, text in {**self.manifests, **self.sealed.texts}.items()}


@dataclass(frozen=True, slots=True)
class _Work:
    result: WriteResult
    contents: Mapping[str, bytes]
    before: Inventory
    after: Inventory

    @property
    def idle(self) -> bool:
        return not self.result.written and not self.result.removed

    def during(self) -> Inventory:
        """The inventory while files change: each may be found as it is now, or as it will be."""
        changing = self.result.before
        marks = {path: marks for path, marks in self.before.marks().items() if path in changing}
        return Inventory(
            {**self.after.files, **{path: fingerprint(present) for path, present in changing.items()}},
            {path: self.after.files[path] for path in self.result.written},
            {**self.after.sealed, **{path: _present_mark(known, changing[path]) for path, known in marks.items()}},
            {path: self.after.sealed[path] for path in self.result.written if path in self.after.sealed},
        )


def write_manifests(
    out: Path, manifests: Mapping[str, str], sealed: Sealed | None = None, *, dry_run: bool = False
) -> Checked[WriteResult]:
    """Make the folder `out` hold the manifests (path below it -> text), and remove what earlier runs wrote besides.

    `sealed` holds the Secrets that could be sealed; those of the others that are sealed already stay as they are.

    Returns what was done; with `dry_run` what would be done. Without a value nothing was written, and the findings say
    what is in the way; or writing failed on the way (`out-not-writable`), and another run goes on. Two runs at once
    wait for each other. Raises ValueError for a path that leads out of the folder.
    """
    for path in manifests:
        if not is_inside(path):
            raise ValueError(path)
    wanted = _Wanted(manifests, sealed or Sealed())
    try:
        if not dry_run:
            out.mkdir(parents=True, exist_ok=True)
        with open_root(out) as root:
            if root is None:
                return Checked(WriteResult(written=tuple(sorted(manifests))))
            with _locked(root, exclusive=not dry_run):
                return _write(root, wanted, str(out), dry_run=dry_run)
    except BlockedError as error:
        return Checked(None, (error.finding,))
    except FileExistsError:
        message = "this is not a folder"
        return Checked(None, (Finding(codes.OUT_FOREIGN, message, Spot(file=str(out)), "choose another `--out`"),))
    except OSError as error:
        where = f"{out}/{error.filename}" if error.filename in manifests else str(out)
        message = f"this cannot be written: {(error.strerror or str(error)).lower()}"
        remedy = "see to the permissions and the free space, and run `backupgen render` again"
        return Checked(None, (Finding(codes.OUT_NOT_WRITABLE, message, Spot(file=where), remedy),))


@contextmanager
def _locked(root: int, *, exclusive: bool) -> Iterator[None]:
    """Let one run at a time change the folder. A file system without locks is used without."""
    if exclusive:
        with suppress(OSError):
            fcntl.flock(root, fcntl.LOCK_EX)
    yield


def _write(root: int, wanted: _Wanted, shown: str, *, dry_run: bool) -> Checked[WriteResult]:
    before = read_inventory(root, shown)
    survey = look(root, {*wanted.manifests, *before.paths()}, shown)
    work, findings = _plan(wanted, before, survey, shown)
    if not findings and not work.idle:
        findings = _closed_folders(root, {*work.result.written, *work.result.removed}, shown)
    if findings:
        return Checked(None, findings)
    if dry_run:
        return Checked(work.result)
    _sweep_all(root, {*wanted.manifests}, shown)
    if work.idle and before == work.after:
        return Checked(work.result)
    _tidy(root, before, shown)
    if not work.idle:
        _put(root, INVENTORY, dump_inventory(work.during()).encode())
        _put_all(root, work, shown)
        _remove_all(root, work.result.removed, shown)
    _put(root, INVENTORY, dump_inventory(work.after).encode())
    return Checked(work.result)


def _plan(wanted: _Wanted, before: Inventory, survey: Survey, shown: str) -> tuple[_Work, tuple[Finding, ...]]:
    """Decide what happens to each file."""
    fates: dict[str, list[str]] = {"written": [], "unchanged": [], "removed": [], "sealed": [], "kept_foreign": []}
    findings = list(dict.fromkeys(survey.blocked.values()))
    files: dict[str, str] = {}
    marks: dict[str, SealRecord] = dict(wanted.sealed.marks)
    contents, known = wanted.contents(), before.marks()
    for path in sorted({*contents, *survey.contents} - survey.blocked.keys()):
        present = survey.contents.get(path)
        fate = _fate(path, contents.get(path), present, before, wanted.sealed)
        if fate in fates:
            fates[fate].append(path)
        else:
            findings.append(in_the_way(path, before, shown))
        if path in wanted.manifests:
            files[path] = fingerprint(wanted.manifests[path].encode())
        elif fate == "kept_foreign":
            files[path] = before.files.get(path) or before.pending[path]
        if present is not None and fate in {"sealed", "kept_foreign"} and path not in marks and path in known:
            marks[path] = _present_mark(known[path], present)
    changing = [path for path in (*fates["written"], *fates["removed"]) if path in survey.contents]
    result = WriteResult(
        **{name: tuple(paths) for name, paths in fates.items()},
        before={path: survey.contents[path] for path in changing},
    )
    return _Work(result, contents, before, Inventory(files, sealed=marks)), tuple(findings)


def _present_mark(marks: tuple[SealRecord, ...], present: bytes) -> SealRecord:
    """The mark of a Secret that is kept: after a killed run, that of the text that is there."""
    return next((mark for mark in marks if mark.file == fingerprint(present)), marks[0])


def _fate(path: str, wanted: bytes | None, present: bytes | None, before: Inventory, sealed: Sealed) -> str:
    """Return the field of `WriteResult` that a file belongs to; empty: it is in the way."""
    if present is None:
        return "written"
    if path.endswith(SEALED_SUFFIX) and is_sealed(path, text := present.decode(errors="replace")):
        return _fate_of_sealed(path, wanted, text, sealed)
    if present == wanted:
        return "unchanged"
    if not before.wrote(path, fingerprint(present)):
        return ""
    if wanted is None:
        # An inventory may say anything: only what carries backupgen's own mark is taken for its file.
        return "removed" if is_rendered(present) else "kept_foreign"
    return "written"


def _fate_of_sealed(path: str, wanted: bytes | None, present: str, sealed: Sealed) -> str:
    if wanted is None:
        return "removed" if sealed.obsolete.get(path) == present else "kept_foreign"
    if wanted == present.encode() or path not in sealed.texts:
        return "sealed"
    # Another text than the one that was judged came from somebody else meanwhile.
    return "written" if sealed.replaced.get(path) == present else ""


def _closed_folders(root: int, paths: set[str], shown: str) -> tuple[Finding, ...]:
    """Look for folders in which nothing can be written before anything is."""
    findings: list[Finding] = []
    for folder in {"": [], **by_folder(paths)}:
        with open_below(root, folder, shown) as handle:
            if handle is not None and not os.access(".", os.W_OK | os.X_OK, dir_fd=handle):
                spot = Spot(file=f"{shown}/{folder}".rstrip("/"))
                message = "nothing can be written in this folder: permission denied"
                findings.append(Finding(codes.OUT_NOT_WRITABLE, message, spot, "see to its permissions"))
    return tuple(findings)


def _put_all(root: int, work: _Work, shown: str) -> None:
    for folder, names in by_folder(set(work.result.written)).items():
        with open_below(root, folder, shown, create=True) as handle:
            if handle is None:  # somebody removed it between its making and its opening
                raise FileNotFoundError(2, "no such folder", folder)
            _sweep(handle)
            for name in names:
                path = join(folder, name)
                try:
                    _put(handle, name, work.contents[path])
                except OSError as error:
                    raise OSError(error.errno, error.strerror, path) from error


def _put(handle: int, name: str, content: bytes) -> None:
    """Replace a file in an open folder by a complete new one."""
    temporary = f".backupgen-{os.getpid()}.tmp"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        file = os.open(temporary, flags, _MODE, dir_fd=handle)
        try:
            os.fchmod(file, _MODE)
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(file, rest) :]
        finally:
            os.close(file)
        os.replace(temporary, name, src_dir_fd=handle, dst_dir_fd=handle)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=handle)
        raise


def _tidy(root: int, before: Inventory, shown: str) -> None:
    """Clean the folders that a killed run was about to write in, while the inventory still says which."""
    for folder in by_folder(before.pending):
        with open_below(root, folder, shown) as handle:
            if handle is not None:
                _sweep(handle)
        _remove_empty(root, folder, shown)


def _sweep_all(root: int, paths: set[str], shown: str) -> None:
    """Remove what a killed run left in any folder that is rendered into, also if there is nothing to write."""
    for folder in {"": [], **by_folder(paths)}:
        with suppress(BlockedError, OSError), open_below(root, folder, shown) as handle:
            if handle is not None:
                _sweep(handle)


def _sweep(handle: int) -> None:
    """Remove what a killed run left half written."""
    with os.scandir(handle) as entries:
        left = [entry.name for entry in entries if _LEFT_OVER.fullmatch(entry.name)]
    for name in left:
        with suppress(OSError):
            os.unlink(name, dir_fd=handle)


def _remove_all(root: int, paths: tuple[str, ...], shown: str) -> None:
    for folder, names in by_folder(set(paths)).items():
        with open_below(root, folder, shown) as handle:
            if handle is not None:
                for name in names:
                    with suppress(FileNotFoundError):
                        os.unlink(name, dir_fd=handle)
                _sweep(handle)
        _remove_empty(root, folder, shown)


def _remove_empty(root: int, folder: str, shown: str) -> None:
    while folder:
        above, _, name = folder.rpartition("/")
        with open_below(root, above, shown) as handle:
            if handle is None:
                return
            try:
                os.rmdir(name, dir_fd=handle)
            except OSError:
                return  # something else is in it, or it is gone
        folder = above
