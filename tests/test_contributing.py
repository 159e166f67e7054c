"""The pages for those who change backupgen name nothing that is not there."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

PAGES = ("CONTRIBUTING.md", "SECURITY.md")


@pytest.mark.parametrize("page", PAGES)
def test_paths_and_links_lead_somewhere(page: str, repository: Path) -> None:
    text = (repository / page).read_text(encoding="utf-8")
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    # Capitals in a path stand for a name of one's own.
    paths = re.findall(r"`((?:backupgen|tests|docs|tools|bench)/[a-z_/.]*)`", text)
    assert [path for path in (*links, *paths) if not (repository / path).exists()] == []
    assert links or paths


def test_the_recipe_of_a_command_is_python(repository: Path) -> None:
    text = (repository / "CONTRIBUTING.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert code
    (function,) = ast.parse("\n".join(line.removeprefix("   ") for line in code[1].splitlines())).body
    assert isinstance(function, ast.FunctionDef)


def test_the_commits_that_blame_ignores_are_commits_of_this_history(repository: Path) -> None:
    text = (repository / ".git-blame-ignore-revs").read_text(encoding="utf-8")
    revisions = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert all(re.fullmatch("[0-9a-f]{40}", revision) for revision in revisions)
    if (repository / ".git").exists():
        for revision in revisions:
            done = subprocess.run(["git", "cat-file", "-t", revision], cwd=repository, capture_output=True, check=False)
            assert done.stdout in (b"commit\n", b""), "a shallow clone may lack it, another object it is not"
