"""Which paths a pattern excludes is what restic itself makes of it."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st

from backupgen.rules.patterns import Pattern, PatternError, excluder, split
from tests.scripts.make_repository import DATA, OPENS_WITH
from tests.thoroughness import examples

NAMES = ["a", "b", "ab", "b*", "[a]", "a.log"]
TREE = [*NAMES, *("/".join(pair) for pair in product(NAMES, NAMES)), "a/b/ab/b", "a/b/b/a", "b/a/b/ab", "ab/ab/ab/a"]
"""Files below the source, but for those that are folders of others."""
FILES = [f"{path}/file" for path in TREE]

PARTS = [
    "a",
    "b",
    "ab",
    "*",
    "**",
    "?",
    "a*",
    "*b",
    "[ab]",
    "[^a]",
    "[a-b]?",
    "\\[a\\]",
    "b\\*",
    "*.log",
    "file",
    "f?le",
]
ODD = ["", ".", "..", "[", "[a", "[]", "[-a]", "[a-]", "\\", "[b-a]", "[^b-a]", "[^]", "[!a]", "a]"]
RELATIVE = st.lists(st.sampled_from(PARTS), min_size=1, max_size=4) | st.lists(
    st.sampled_from(PARTS + ODD), min_size=1, max_size=3
)
PATTERNS = st.lists(
    st.builds(
        lambda negated, start, parts: f"{'!' if negated else ''}{start}{'/'.join(parts)}",
        st.sampled_from([False, False, False, True]),
        st.sampled_from(["", "", "SOURCE/", "SOURCE/", "/**/", "/", "*/"]),
        RELATIVE,
    ),
    min_size=1,
    max_size=4,
)


class Restic:
    """restic, a repository that opens at no cost, and a source with many paths."""

    def __init__(self, program: Path, root: Path) -> None:
        self.program = program
        self.source = root / "source"
        for file in FILES:
            path = self.source / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("x", encoding="utf-8")
        shutil.copytree(DATA / "repository", root / "repository")
        self.environment = {
            "RESTIC_REPOSITORY": str(root / "repository"), "RESTIC_PASSWORD": OPENS_WITH, "PATH": os.environ["PATH"],
            "HOME": str(root),
        }  # fmt: skip

    def read(self, patterns: Sequence[str]) -> set[str] | None:
        """The files that restic would back up; None, if it refuses a pattern."""
        flags = [f"--exclude={pattern}" for pattern in patterns]
        command: list[str | Path] = [
            self.program,
            "backup",
            "--dry-run",
            "-vv",
            "--json",
            "--no-cache",
            "--no-lock",
            *flags,
        ]
        done = subprocess.run(
            [*command, self.source], env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode == 1 and "invalid pattern" in done.stderr:
            return None
        assert done.returncode == 0, done.stderr
        items = [entry["item"] for line in done.stdout.splitlines() if (entry := json.loads(line)).get("item")]
        return {str(Path(item).relative_to(self.source)) for item in items if item.endswith("/file")}


@pytest.fixture(scope="module")
def restic(tool: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Restic:
    return Restic(tool("restic"), tmp_path_factory.mktemp("patterns"))


def judged(patterns: Sequence[str], source: str) -> set[str] | None:
    try:
        for pattern in patterns:
            Pattern(pattern).check()
    except PatternError:
        return None
    return {file for file in FILES if excluder(patterns, source, f"{source}/{file}") is None}


@examples(120, suppress=[HealthCheck.function_scoped_fixture])
@example(["a", "!a/b"])
@example(["SOURCE/a/*", "!SOURCE/a/b"])
@example(["SOURCE"])
@example(["SOURCE/..", "!SOURCE"])
@example(["/", "!SOURCE/a"])
@example(["**/a/**"])
@example(["a/**/b"])
@example(["[^a]"])
@example(["SOURCE/a/*/**/**"])
@example(["a/**/**/b/**"])
@given(PATTERNS)
def test_what_is_excluded_is_what_restic_excludes(restic: Restic, written: list[str]) -> None:
    patterns = [pattern.replace("SOURCE", str(restic.source)) for pattern in written]
    assert judged(patterns, str(restic.source)) == restic.read(patterns)


@given(PATTERNS)
def test_what_cannot_match_below_excludes_nothing(written: list[str]) -> None:
    source = "/backup/source"
    for pattern in (Pattern(text.replace("SOURCE", source)) for text in written):
        try:
            possible = pattern.may_match_below(split(source))
        except PatternError:
            continue
        if not possible:
            assert not any(pattern.matches(split(f"{source}/{file}")) for file in FILES)


def test_the_pattern_to_blame() -> None:
    patterns = ["", "*.log", "cache", "!cache", "/backup/app/data"]
    assert excluder(patterns, "/backup/app", "/backup/app/data/app.db") == 4
    assert excluder(patterns, "/backup/app", "/backup/app/x.log") == 1
    assert excluder(patterns, "/backup/app", "/backup/app/cache/x") is None


@pytest.mark.parametrize("pattern", ["[", "[a", "[]", "[-a]", "[a-]", "\\", "a/[/]b", "[^]"])
def test_what_restic_refuses(pattern: str) -> None:
    with pytest.raises(PatternError):
        Pattern(pattern).check()
