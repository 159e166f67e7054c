"""What import-linter cannot see: calls. No stage between text and manifests touches disk, clock or terminal."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "backupgen"

# The edges of the program. Everything else is pure.
EDGES = {"cli", "adapters", "__main__"}

BUILTINS = {"open", "print", "input", "breakpoint", "exec", "eval"}
MODULES = {"subprocess", "time", "random", "secrets", "socket", "tempfile", "shutil", "logging"}
# Members of modules that are pure otherwise.
MEMBERS = {
    "os": {"*"},
    "sys": {"stdin", "stdout", "stderr", "argv", "exit"},
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "uuid": {"uuid1", "uuid4"},
}
# Methods of Path that reach the disk; nothing else in the package has methods of these names.
METHODS = {
    "write_text", "write_bytes", "read_text", "read_bytes", "iterdir", "rglob", "is_file", "is_dir", "unlink", "rmdir",
    "mkdir", "symlink_to", "expanduser",
}  # fmt: skip
# manifests finds its templates, and what Python would call their bytecode, through these modules alone.
# So do the dump tools with their shell.
TEMPLATE_READERS = {PACKAGE / "manifests" / name for name in ("templates.py", "bytecode.py")} | {
    PACKAGE / "integrations" / "dump_tools" / "shell.py"
}
TEMPLATE_READS = {".read_text()", ".is_dir()", ".is_file()", ".iterdir()", ".rglob()", ".read_bytes()"}


def pure_modules() -> list[Path]:
    modules = sorted(PACKAGE.rglob("*.py"))
    return [path for path in modules if path.relative_to(PACKAGE).parts[0].removesuffix(".py") not in EDGES]


def imported_modules(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        top = node.module.partition(".")[0]
        if top == "os":
            yield from (f"os.{alias.name}" for alias in node.names)
        else:
            yield top


def impurities(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and words of each place where a syntax tree reaches outside."""
    for node in ast.walk(tree):
        for module in imported_modules(node):
            if module in MODULES or module.startswith("os."):
                yield getattr(node, "lineno", 0), f"import of {module}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in BUILTINS:
            yield node.lineno, f"{node.func.id}()"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in METHODS:
            yield node.lineno, f".{node.func.attr}()"
        if isinstance(node, ast.Attribute):
            owner = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
            if node.attr in MEMBERS.get(owner, ()) or "*" in MEMBERS.get(owner, ()):
                yield node.lineno, f"{owner}.{node.attr}"


@pytest.mark.parametrize("path", pure_modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_stage_is_pure(path: Path) -> None:
    allowed = TEMPLATE_READS if path in TEMPLATE_READERS else set()
    found = impurities(ast.parse(path.read_text(encoding="utf-8")))
    assert [(line, what) for line, what in found if what not in allowed] == []


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("open('f')", "open()"),
        ("print(1)", "print()"),
        ("from pathlib import Path\nPath('f').write_text('')", ".write_text()"),
        ("from pathlib import Path\nPath('f').read_text()", ".read_text()"),
        ("import os\nos.environ['A']", "os.environ"),
        ("from os import environ", "import of os.environ"),
        ("import subprocess", "import of subprocess"),
        ("def f():\n    from time import time", "import of time"),
        ("from datetime import datetime\ndatetime.now()", "datetime.now"),
        ("import datetime as d\nd.datetime.now()", "datetime.now"),
        ("import sys\nsys.stdout.write('')", "sys.stdout"),
        ("from datetime import date\ndate.today()", "date.today"),
        ("import datetime\ndatetime.date.today()", "date.today"),
    ],
)
def test_the_test_sees_an_impurity(source: str, what: str) -> None:
    assert what in [words for _, words in impurities(ast.parse(source))]


def test_the_clock_is_read_in_one_place() -> None:
    """So that BACKUPGEN_NOW holds for all that is judged. What a rehearsal takes is measured, and named after it."""
    readers = [
        path.relative_to(PACKAGE).as_posix()
        for path in sorted(PACKAGE.rglob("*.py"))
        if "time.time" in path.read_text(encoding="utf-8") or "datetime.now" in path.read_text(encoding="utf-8")
    ]
    assert readers == ["adapters/rehearsal/stage.py", "cli/clock.py"]


def test_the_templates_lie_beside_the_package() -> None:
    """`_templates` exists only in wheels. One beside the sources would hide the real templates (and go stale)."""
    assert not (PACKAGE / "_templates").exists()
