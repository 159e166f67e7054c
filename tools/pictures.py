"""Draws what the commands print: the pictures of docs/, from real output in colour.

    python tools/pictures.py

Each is the output of the program itself, of the fleets of this repository; times are those of a fixed day.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from io import StringIO
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = ROOT / "docs" / "pictures"
NOW: Final = "2026-11-26T00:00Z"
"""What `explain` says of the next runs, and `diff` of one that would be missed, depends on the clock."""
_WIDTH: Final = 110


def draw(title: str, output: str) -> str:
    """Return coloured output as an SVG that needs nothing from anywhere else."""
    console = Console(record=True, width=_WIDTH, file=StringIO(), force_terminal=True)
    console.print(Text.from_ansi(output.rstrip("\n")))
    svg = console.export_svg(title=title, theme=MONOKAI, unique_id="backupgen")
    # rich asks for a font at a place of its own; any monospaced one will do.
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def _run(folder: Path, *arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 (the program itself)
        [sys.executable, "-m", "backupgen", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "FORCE_COLOR": "1", "COLUMNS": str(_WIDTH), "BACKUPGEN_NOW": NOW},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def _tutorial(folder: Path) -> None:
    """The fleet of the tutorial, rendered."""
    targets = ("--target", "media/photos=photos-data", "--target", "wiki/wiki=data-wiki-0:33")
    _run(folder, "init", "--timezone", "Europe/Berlin", "--repository", "s3:s3.example.com/home-backup", *targets)
    _run(folder, "render")


def _edit(folder: Path, old: str, new: str) -> None:
    path = folder / "fleet.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def check(folder: Path) -> str:
    """Two mistakes."""
    _tutorial(folder)
    _edit(folder, "namespace: wiki", "namspace: wiki")
    _edit(folder, "deadline: 20m", "deadline: 20")
    return _run(folder, "check")


def diff(folder: Path) -> str:
    """Another cadence."""
    _tutorial(folder)
    _edit(folder, "every: 6h", "every: 1d")
    return _run(folder, "diff")


def explain(folder: Path) -> str:
    """A target, its first settings."""
    _tutorial(folder)
    return "\n".join(_run(folder, "explain", "photos").splitlines()[:48])


PICTURES: Final[Mapping[str, tuple[str, Callable[[Path], str]]]] = {
    "check": ("backupgen check", check),
    "diff": ("backupgen diff", diff),
    "explain": ("backupgen explain photos", explain),
}


def pictures() -> dict[str, str]:
    """Return the pictures by the name of their file."""
    drawn = {}
    for name, (title, output) in PICTURES.items():
        with tempfile.TemporaryDirectory() as folder:
            drawn[f"{name}.svg"] = draw(title, output(Path(folder)))
    return drawn


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file, svg in pictures().items():
        (FOLDER / file).write_text(svg, encoding="utf-8")
