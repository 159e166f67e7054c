"""The files beside out/: the values, which lie next to fleet.yaml, and sops' rules, in out/ or above it."""

import os
from contextlib import suppress
from pathlib import Path

from backupgen.adapters.regular import read_regular
from backupgen.conventions import naming
from backupgen.diagnostics import Checked, Finding, Spot
from backupgen.sealing.codes import SOPS_RULES
from backupgen.sealing.rules import RulesSource
from backupgen.source.codes import UNREADABLE_FILE

_MODE = 0o644


def values_path(fleet: Path) -> Path:
    """The place of the values of a fleet."""
    return fleet.with_name(naming.values_file(fleet.name))


def read_values_file(path: Path) -> Checked[bytes]:
    """Return the bytes of the values file. Without a value and without a finding it does not exist."""
    try:
        return Checked(read_regular(path))
    except FileNotFoundError:
        return Checked(None)
    except OSError as error:
        message = f"this values file cannot be read: {(error.strerror or str(error)).lower()}"
        return Checked(None, (Finding(UNREADABLE_FILE, message, Spot(file=str(path)), "see to its permissions"),))


def write_values_file(path: Path, text: str) -> tuple[Finding, ...]:
    """Replace the values file, or make it, as a whole. A link is followed: its target is replaced."""
    place = path.resolve()
    temporary = place.with_name(f".backupgen-{os.getpid()}.tmp")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.chmod(_MODE)
        temporary.replace(place)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        message = f"this values file cannot be written: {(error.strerror or str(error)).lower()}"
        return (Finding(UNREADABLE_FILE, message, Spot(file=str(path)), "see to the permissions of its folder"),)
    return ()


def find_rules(out: Path) -> Checked[RulesSource]:
    """Return the `.sops.yaml` that sops would use from within out/: the one there, or the next above.

    Without a value and without a finding there is none.
    """
    place = out.absolute()
    for folder in (place, *place.parents):
        path = folder / naming.SOPS_CONFIG
        try:
            text = read_regular(path).decode()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, UnicodeDecodeError) as error:
            reason = (getattr(error, "strerror", None) or "it is not UTF-8").lower()
            finding = Finding(SOPS_RULES, f"this cannot be read: {reason}", Spot(file=_shown(path)), "see to it")
            return Checked(None, (finding,))
        return Checked(RulesSource(_shown(path), str(folder), text))
    return Checked(None)


def rendered_rules(out: Path, text: str) -> RulesSource:
    """The `.sops.yaml` that is rendered into out/."""
    return RulesSource(str(out / naming.SOPS_CONFIG), str(out.absolute()), text)


def _shown(path: Path) -> str:
    """The path as a person in the working folder would write it."""
    here = Path.cwd()
    return os.path.relpath(path, here) if path.is_relative_to(here) else str(path)
