"""`init`: with flags, and as a dialogue on a real terminal."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from backupgen.cli import app as commands
from backupgen.cli import exits

REPOSITORY = Path(__file__).resolve().parents[3]
FLAGS = (
    "--repository",
    "s3:s3.example.com/home",
    "--target",
    "media/photos=photos-data",
    "--target",
    "wiki/wiki=wiki:33",
)


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(commands.app, list(arguments), prog_name="backupgen")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_it_writes_passes_check(home: Path) -> None:
    done = invoke("init", *FLAGS, "--timezone", "Europe/Berlin")
    assert (done.exit_code, done.stderr) == (exits.CLEAN, "")
    assert done.stdout.startswith("fleet.yaml and fleet.schema.json: written\nnext:\n")
    assert {path.name for path in home.iterdir()} == {"fleet.yaml", "fleet.schema.json"}
    assert (home / "fleet.schema.json").read_text(encoding="utf-8") == invoke("schema").stdout
    assert oct((home / "fleet.yaml").stat().st_mode & 0o777) == "0o644"
    assert invoke("render").exit_code == exits.CLEAN
    check = invoke("check", "--format", "concise")
    assert check.exit_code == exits.CLEAN
    assert set(re.findall(r"BG\d+", check.stdout)) == {"BG401", "BG402", "BG563"}
    for command in re.findall(r"^  backupgen (\w+)", done.stdout, re.MULTILINE):
        assert invoke(command, "--help").exit_code == exits.CLEAN


def test_nothing_is_overwritten(home: Path) -> None:
    (home / "fleet.yaml").write_text("mine", encoding="utf-8")
    done = invoke("init", *FLAGS)
    assert (done.exit_code, done.stdout) == (exits.USAGE, "")
    assert done.stderr == "fleet.yaml is there already; nothing was written\n"
    assert (home / "fleet.yaml").read_text(encoding="utf-8") == "mine"
    assert not (home / "fleet.schema.json").exists()


def test_another_schema_stays(home: Path) -> None:
    (home / "fleet.schema.json").write_text("{}", encoding="utf-8")
    done = invoke("init", *FLAGS)
    assert done.exit_code == exits.CLEAN
    assert "fleet.schema.json was left as it is (there is one already)" in done.stderr
    assert (home / "fleet.schema.json").read_text(encoding="utf-8") == "{}"


def test_a_broken_link_is_something_too(home: Path) -> None:
    (home / "fleet.yaml").symlink_to("nowhere")
    assert invoke("init", *FLAGS).exit_code == exits.USAGE
    assert not (home / "nowhere").exists()


def test_a_folder_that_is_not_there(home: Path) -> None:
    done = invoke("init", *FLAGS, "--fleet", "no/fleet.yaml")
    assert done.exit_code == exits.USAGE
    assert "no/fleet.yaml cannot be written: no such file or directory" in done.stderr
    assert list(home.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "these are needed: --repository URL and --target NAMESPACE/NAME=CLAIM"),
        (("--yes", "--repository", "s3:h/b"), "these are needed: --target NAMESPACE/NAME=CLAIM"),
        ((*FLAGS, "--timezone", "Europe/Berln"), "--timezone: unknown time zone `Europe/Berln`"),
        ((*FLAGS, "--name", "My Home"), "--name: `My Home` is not a name"),
        ((*FLAGS, "--target", "x"), "--target: `x` is not a target"),
        ((*FLAGS, "--target", "a/mirror-x=b", "--target", "c/wiki=d"), "duplicate"),
        ((*FLAGS, "--target", f"a/{'x' * 50}=b"), "such a fleet cannot be; nothing was written"),
    ],
)
def test_it_refuses_without_a_terminal(home: Path, arguments: tuple[str, ...], message: str) -> None:
    done = invoke("init", *arguments)
    assert (done.exit_code, done.stdout) == (exits.USAGE, "")
    assert message in done.stderr
    assert list(home.iterdir()) == []


class Dialogue:
    """`init` on a pseudo-terminal: `read` until a text appears, `type` a line."""

    def __init__(self, home: Path, *arguments: str) -> None:
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "backupgen", "init", *arguments],
            cwd=home,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), "NO_COLOR": "1"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self.seen = ""

    def read(self, text: str) -> None:
        while text not in self.seen:
            ready, _, _ = select.select([self.master], [], [], 60)
            assert ready, self.seen
            try:
                self.seen += os.read(self.master, 4096).decode()
            except OSError:
                break
        assert text in self.seen, self.seen

    def type(self, line: str) -> None:
        self.seen = ""
        os.write(self.master, line.encode() + b"\n")

    def answer(self, question: str, line: str) -> None:
        self.read(question)
        self.type(line)


@pytest.fixture
def dialogue(home: Path) -> Iterator[Dialogue]:
    talk = Dialogue(home)
    yield talk
    talk.process.kill()
    talk.process.wait()
    os.close(talk.master)


def test_the_dialogue(dialogue: Dialogue, home: Path) -> None:
    dialogue.answer("Name of the fleet [home]: ", "")
    dialogue.answer("Namespace of its own jobs [backup]: ", "")
    dialogue.answer("Time zone [", "Europe/Berln")
    dialogue.read("perhaps `Europe/Berlin`")
    dialogue.answer("Time zone [", "Europe/Berlin")
    dialogue.answer("Repository, as restic writes it", "")
    dialogue.read("expected one line of text")
    dialogue.answer("Repository, as restic writes it", "s3:s3.example.com/home")
    dialogue.answer("Image with restic [docker.io/restic/restic:", "")
    dialogue.answer("Name of the app: ", "photos")
    dialogue.answer("Its namespace [photos]: ", "media")
    dialogue.answer("The PersistentVolumeClaim [photos]: ", "")
    dialogue.answer("The uid that owns its files [1000]: ", "root")
    dialogue.read("`root` is not a uid")
    dialogue.answer("The uid that owns its files [1000]: ", "33")
    dialogue.answer("Another one? (y/n) [n]: ", "y")
    dialogue.answer("Name of the app: ", "photos")
    dialogue.read("there is a target `photos` already")
    dialogue.answer("Name of the app: ", "wiki")
    dialogue.answer("Its namespace [wiki]: ", "")
    dialogue.answer("The PersistentVolumeClaim [wiki]: ", "")
    dialogue.answer("The uid that owns its files [1000]: ", "")
    dialogue.answer("Another one? (y/n) [n]: ", "")
    dialogue.read("fleet.yaml and fleet.schema.json: written")
    assert dialogue.process.wait(60) == exits.CLEAN
    text = (home / "fleet.yaml").read_text(encoding="utf-8")
    assert "timezone: Europe/Berlin " in text
    assert "    run_as: 33 " in text
    assert invoke("render").exit_code == exits.CLEAN
    assert invoke("check").exit_code == exits.CLEAN


def test_ctrl_c_leaves_nothing(dialogue: Dialogue, home: Path) -> None:
    dialogue.answer("Name of the fleet [home]: ", "")
    dialogue.read("Namespace of its own jobs")
    os.killpg(dialogue.process.pid, signal.SIGINT)
    dialogue.read("interrupted; no file is half written")
    assert dialogue.process.wait(60) == exits.INTERRUPTED
    assert list(home.iterdir()) == []


def test_the_end_of_the_input_is_no_answer(dialogue: Dialogue, home: Path) -> None:
    dialogue.read("Name of the fleet [home]: ")
    os.write(dialogue.master, b"\x04")
    dialogue.read("there is no answer; nothing was written")
    assert dialogue.process.wait(60) == exits.USAGE
    assert list(home.iterdir()) == []
