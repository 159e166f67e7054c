"""The documentation cannot lie: the tutorial's commands run, its pictures are the program's, links lead somewhere."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parent.parent
DOCS = REPOSITORY / "docs"
TUTORIAL = (DOCS / "tutorial.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"(?:<!-- (?P<mark>[^>]*) -->\n)?```console\n(?P<body>.*?)```", re.DOTALL)


def blocks() -> Iterator[tuple[str, list[str]]]:
    """The mark of each block of commands, and its commands."""
    for match in BLOCK.finditer(TUTORIAL):
        lines = match["body"].splitlines()
        assert all(line.startswith("$ ") for line in lines)
        yield match["mark"] or "", [line.removeprefix("$ ") for line in lines]


def test_the_marks_are_known_and_most_commands_are_run() -> None:
    found = list(blocks())
    assert {mark for mark, _ in found} == {"", "not run", "exits with 1"}
    not_run = [command for mark, commands in found if mark == "not run" for command in commands]
    # What is not run needs the cluster, a remote, or a machine of its own; `rehearse` has its own tests.
    needs_more = re.compile("git push|kubectl|git clone|^cd <|rehearse|THE-ID-THAT-IT-LOGGED")
    assert [command for command in not_run if not needs_more.search(command)] == []
    assert sum(len(commands) for mark, commands in found if mark != "not run") >= 15


def test_the_commands_of_the_tutorial_run(tmp_path: Path) -> None:
    """In one shell, one after the other, in an empty folder; each block ends as it says."""
    script = ["set -u"]
    for mark, commands in blocks():
        wanted = {"": 0, "exits with 1": 1}.get(mark)
        for command in commands if wanted is not None else ():
            quoted = command.replace("'", "'\\''")
            script.append(
                f"{command}\ncode=$?; [ $code = {wanted} ] || {{ echo '{quoted}' ended with $code >&2; exit 9; }}"
            )
    folder = tmp_path / "home"
    folder.mkdir()
    identity = {
        f"GIT_{role}_{field}": "t@example.com" for role in ("AUTHOR", "COMMITTER") for field in ("NAME", "EMAIL")
    }
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=folder,
        env={
            **os.environ,
            **identity,
            "HOME": str(tmp_path),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        },
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    sealed = sorted(folder.glob("out/*/secret.*.enc.yaml"))
    assert len(sealed) == 4
    assert all("ENC[AES256_GCM" in path.read_text(encoding="utf-8") for path in sealed)
    assert "a-long-one" not in "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.yaml"))


def test_the_id_is_written_where_the_tutorial_says(tmp_path: Path) -> None:
    command = next(line for _, commands in blocks() for line in commands if "THE-ID-THAT-IT-LOGGED" in line)
    subprocess.run(
        [sys.executable, "-m", "backupgen", "init", "--repository", "s3:h/b", "--target", "a/a=a"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(REPOSITORY)}, check=True, capture_output=True,
    )  # fmt: skip
    id_ = "0f1e2d3c" * 8
    subprocess.run(["bash", "-c", command.replace("THE-ID-THAT-IT-LOGGED", id_)], cwd=tmp_path, check=True)
    assert yaml.safe_load((tmp_path / "fleet.yaml").read_text(encoding="utf-8"))["repository"]["id"] == id_


def test_the_pictures_are_what_the_program_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(REPOSITORY / "tools")
    drawn = import_module("pictures").pictures()
    assert {path.name: path.read_text(encoding="utf-8") for path in (DOCS / "pictures").iterdir()} == drawn, (
        "run `make docs`"
    )
    assert not any("url(http" in svg or 'url("http' in svg or "href=" in svg for svg in drawn.values())


def test_the_page_of_commands_is_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(REPOSITORY / "tools")
    docs = import_module("docs")
    assert docs.COMMANDS.read_text(encoding="utf-8") == docs.commands_page(), "run `make docs`"


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        place, _, fragment = link.partition("#")
        if "://" in link:
            continue
        led_to = page.parent / place if place else page
        assert led_to.exists(), link
        if fragment:
            headings = re.findall(r"^#+ (.+)$", led_to.read_text(encoding="utf-8"), re.MULTILINE)
            assert fragment in {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}, (
                link
            )


def test_what_the_sources_refer_to_is_there() -> None:
    """Pages that comments and messages name, and no decision that is written down elsewhere."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    names = [name for name in listed.stdout.split("\0") if name and not name.startswith(("tests/", "out/"))]
    texts = {name: (REPOSITORY / name).read_text(encoding="utf-8", errors="replace") for name in names}
    pages = {(name, page) for name, text in texts.items() for page in re.findall(r"\bdocs/[\w/-]+\.md\b", text)}
    assert len(pages) > 20
    assert {(name, page) for name, page in pages if not (REPOSITORY / page).is_file()} == set()
    assert [name for name, text in texts.items() if re.search(r"\(D\d+\)", text)] == []


def test_every_page_is_in_the_index() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"\]\(([\w-]+\.md)\)", index))
    assert listed == {page.name for page in DOCS.glob("*.md")} - {"README.md"}


def test_the_examples_of_workplaces_are_what_they_seem() -> None:
    text = (DOCS / "workplaces.md").read_text(encoding="utf-8")
    found = [yaml.safe_load(body) for body in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]
    _, hooks, workflow = found
    known = yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert {hook["id"] for hook in hooks["repos"][0]["hooks"]} <= {hook["id"] for hook in known}
    inputs = yaml.safe_load((REPOSITORY / "action.yml").read_text(encoding="utf-8"))["inputs"]
    assert set(workflow["jobs"]["backups"]["steps"][1]["with"]) <= set(inputs)
