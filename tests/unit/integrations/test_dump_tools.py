"""The ready-made dumps: POSIX programs that keep the password out of every process list."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st

from backupgen.integrations import dump_tools
from backupgen.integrations.dump_tools import DUMP_TOOLS, sql_restore
from backupgen.language.schema import Dump, Verify
from backupgen.resolve.sources import verify_kind
from tests.thoroughness import examples

Tool = Callable[[str], Path]
POD = {"app": "db"}


def program(**settings: object) -> tuple[str, ...]:
    dump = Dump.model_validate({"in_pod": POD, **settings})
    return DUMP_TOOLS[dump.tool or ""].command(dump.user or "", dump.database or "")


@pytest.fixture(params=["dash", "busybox", "bash"])
def shell(request: pytest.FixtureRequest, tool: Tool) -> list[str]:
    found = str(tool(request.param))
    return {"busybox": [found, "sh"], "bash": [found, "--posix"]}.get(request.param, [found])


@pytest.mark.parametrize("name", DUMP_TOOLS)
@pytest.mark.parametrize("part", ["program", "restore_program"])
def test_shellcheck_has_nothing_to_say(name: str, part: str, tool: Tool) -> None:
    script = getattr(DUMP_TOOLS[name], part)
    command: list[str | Path] = [
        tool("shellcheck"),
        "--shell=sh",
        "--enable=all",
        "--exclude=SC2250,SC2310,SC2311,SC2312",
        "-",
    ]
    done = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("settings", "name", "arguments"),
    [
        ({"tool": "mariabackup"}, "mariabackup", ("root",)),
        ({"tool": "mariabackup", "user": "it's"}, "mariabackup", ("it's",)),
        ({"tool": "pg_dump"}, "pg_dump", ("", "")),
        ({"tool": "pg_dump", "user": "u", "database": "d"}, "pg_dump", ("u", "d")),
    ],
)
def test_the_users_words_are_arguments_never_code(
    settings: dict[str, object], name: str, arguments: tuple[str, ...]
) -> None:
    sh, flag, script, zero, *rest = program(**settings)
    assert (sh, flag, zero, tuple(rest)) == ("sh", "-c", name, arguments)
    assert script == program(tool=name)[2]


def fake(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}", encoding="utf-8")
    path.chmod(0o755)


# Notes its arguments, its options file with its mode, and writes what a dump would.
BACKUP = """
printf '%s\\n' "$@" > "$SEEN/argv"
file=${1#--defaults-extra-file=}
cat "$file" > "$SEEN/options"
stat -c %a "$file" > "$SEEN/mode"
printf '%s' "$file" > "$SEEN/path"
[ -z "${FAIL-}" ] || exit 7
echo stream
"""


def run(
    command: tuple[str, ...], shell: list[str], folder: Path, tools: Path, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    folder.mkdir(exist_ok=True)
    seen = {"PATH": f"{tools}{os.pathsep}{os.defpath}", "SEEN": str(folder), "TMPDIR": str(folder)}
    return subprocess.run(
        [*shell, *command[1:]], env={**seen, **environment}, capture_output=True, text=True, check=False
    )


def read_option_file(text: str) -> dict[str, dict[str, str]]:
    """What MariaDB reads: `my_search_option_file` and `remove_end_comment` of its mysys/my_default.c."""
    groups: dict[str, dict[str, str]] = {}
    group: dict[str, str] = {}
    for line in text.split("\n"):
        stripped = line.lstrip()
        if not stripped or stripped[0] in "#;":
            continue
        if stripped[0] == "[":
            group = groups.setdefault(stripped[1 : stripped.index("]")], {})
            continue
        key, _, value = without_comment(stripped).partition("=")
        group[key.rstrip()] = unquoted(value.strip())
    return groups


def without_comment(line: str) -> str:
    quote, escaped = "", False
    for index, character in enumerate(line):
        if character in "'\"" and not escaped:
            quote = character if not quote else "" if quote == character else quote
        if not quote and character == "#":
            return line[:index]
        escaped = bool(quote) and character == "\\" and not escaped
    return line


ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "s": " ", '"': '"', "'": "'", "\\": "\\"}


def unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        value = value[1:-1]
    return re.sub(r"\\(.)", lambda match: ESCAPES.get(match[1], match[0]), value)


def test_the_reader_of_option_files_knows_their_escapes() -> None:
    text = '# c\n[client]\nuser=root # all\npassword = "a#b\\"c\\\\d\\se"\n[other]\nplain=\'x\'\n'
    assert read_option_file(text) == {"client": {"user": "root", "password": 'a#b"c\\d e'}, "other": {"plain": "x"}}


NASTY = [
    "simple",
    'quotes " and \' and ""',
    'back\\slash \\n \\\\ \\s \\" end\\',
    "# hash # ;",
    "  spaces around  ",
    "$(id) `id` ${HOME} $HOME %s %d %%",
    "[client]",
    "äöü🎉",
    "-n",
    "=",
    "",
]


@pytest.mark.parametrize("password", NASTY)
def test_a_password_reaches_mariadb_backup_unseen(password: str, shell: list[str], tmp_path: Path) -> None:
    fake(tmp_path, "mariadb-backup", BACKUP)
    done = run(
        program(tool="mariabackup", user=password or "root"),
        shell,
        tmp_path / "seen",
        tmp_path,
        {"MARIADB_ROOT_PASSWORD": password},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "stream\n", "")
    seen = tmp_path / "seen"
    options = read_option_file((seen / "options").read_text(encoding="utf-8"))
    assert options == {"client": {"user": password or "root", "password": password}}
    path = (seen / "path").read_text(encoding="utf-8")
    argv = (seen / "argv").read_text(encoding="utf-8").splitlines()
    assert argv == [f"--defaults-extra-file={path}", "--backup", "--stream=xbstream"]
    assert (seen / "mode").read_text(encoding="utf-8") == "600\n"
    assert not Path(path).exists()


@examples(30, suppress=[HealthCheck.function_scoped_fixture])
@given(password=st.text(st.characters(exclude_categories=["Cc", "Cs"])))
@example(password="\\" * 9)
@example(password='"' * 9)
def test_any_password_reaches_mariadb_backup(password: str, tool: Tool, tmp_path: Path) -> None:
    fake(tmp_path, "mariadb-backup", BACKUP)
    command = program(tool="mariabackup")
    done = run(command, [str(tool("dash"))], tmp_path / "seen", tmp_path, {"MYSQL_ROOT_PASSWORD": password})
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "seen" / "options").read_bytes().decode()
    assert read_option_file(text)["client"]["password"] == password


def test_the_password_may_lie_in_a_file(shell: list[str], tmp_path: Path) -> None:
    (tmp_path / "secret file").write_text("it's #1\n", encoding="utf-8")
    fake(tmp_path, "mariabackup", BACKUP)  # the older name of the program
    for name in ("cat", "mktemp", "rm", "sed", "stat"):  # and no folder that may hold the newer one
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    for variable in ("MARIADB_ROOT_PASSWORD_FILE", "MYSQL_ROOT_PASSWORD_FILE"):
        environment = {variable: str(tmp_path / "secret file"), "PATH": str(tmp_path)}
        done = run(program(tool="mariabackup"), shell, tmp_path / "seen", tmp_path, environment)
        assert done.returncode == 0, done.stderr
        options = read_option_file((tmp_path / "seen" / "options").read_text(encoding="utf-8"))
        assert options == {"client": {"user": "root", "password": "it's #1"}}


@pytest.mark.parametrize(
    ("environment", "status"), [({"FAIL": "1"}, 7), ({"MARIADB_ROOT_PASSWORD_FILE": "/nowhere/at/all"}, 1)]
)
def test_a_failure_of_mariadb_backup_is_one(
    environment: dict[str, str], status: int, shell: list[str], tmp_path: Path
) -> None:
    fake(tmp_path, "mariadb-backup", BACKUP)
    done = run(program(tool="mariabackup"), shell, tmp_path / "seen", tmp_path, environment)
    assert (done.returncode, done.stdout) == (status, "")
    assert [path.name for path in (tmp_path / "seen").iterdir() if path.name.startswith("tmp")] == []


def test_without_mariadb_backup_there_is_no_dump(shell: list[str], tmp_path: Path) -> None:
    done = run(program(tool="mariabackup"), shell, tmp_path / "seen", tmp_path, {})
    assert done.returncode != 0
    assert done.stdout == ""


PG_DUMP = 'printf "%s|" "$@" "${PGPASSWORD-unset}"\n'


@pytest.mark.parametrize(
    ("settings", "environment", "expected"),
    [
        ({}, {}, "--username=postgres|--dbname=postgres||"),
        ({}, {"POSTGRES_USER": "u", "POSTGRES_PASSWORD": "p $(id)"}, "--username=u|--dbname=u|p $(id)|"),
        ({}, {"POSTGRES_USER": "u", "POSTGRES_DB": "d e"}, "--username=u|--dbname=d e||"),
        ({"user": "it's", "database": "-x"}, {"POSTGRES_DB": "d"}, "--username=it's|--dbname=-x||"),
        ({}, {"PGPASSWORD": "own", "POSTGRES_PASSWORD": "other"}, "--username=postgres|--dbname=postgres|own|"),
    ],
)
def test_pg_dump_takes_what_the_pod_knows(
    settings: dict[str, str], environment: dict[str, str], expected: str, shell: list[str], tmp_path: Path
) -> None:
    fake(tmp_path, "pg_dump", PG_DUMP)
    done = run(program(tool="pg_dump", **settings), shell, tmp_path / "seen", tmp_path, environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"--format=custom|--no-password|{expected}"


def test_pg_dump_reads_the_password_from_a_file(shell: list[str], tmp_path: Path) -> None:
    fake(tmp_path, "pg_dump", PG_DUMP)
    (tmp_path / "secret").write_text("p w\n", encoding="utf-8")
    environment = {"POSTGRES_PASSWORD_FILE": str(tmp_path / "secret")}
    done = run(program(tool="pg_dump"), shell, tmp_path / "seen", tmp_path, environment)
    assert done.stdout.endswith("|p w|")
    environment = {"POSTGRES_PASSWORD_FILE": "/nowhere/at/all"}
    assert run(program(tool="pg_dump"), shell, tmp_path / "seen", tmp_path, environment).returncode != 0


def test_every_word_of_a_record_is_of_one_tool() -> None:
    """A claim's name, a verify rule and a file's suffix lead to one tool."""
    for words in (
        [word for tool in DUMP_TOOLS.values() for word in tool.words],
        [tool.verify for tool in DUMP_TOOLS.values() if tool.verify != "file"],
        [tool.suffix for tool in DUMP_TOOLS.values()],
    ):
        assert len(set(words)) == len(words)


def test_the_schema_offers_every_tool() -> None:
    for name in DUMP_TOOLS:
        assert Dump.model_validate({"in_pod": POD, "tool": name}).tool == name
    with pytest.raises(ValueError, match="tool"):
        Dump.model_validate({"in_pod": POD, "tool": "nobody-knows"})


def test_every_file_of_shell_is_used() -> None:
    """By a program of a record, whole: what shellcheck reads is what runs."""
    folder = Path(dump_tools.__file__).parent / "shell"
    programs = [
        text for tool in DUMP_TOOLS.values() for text in (tool.program, tool.restore_program, tool.server.start)
    ]
    for file in folder.iterdir():
        lines = file.read_text(encoding="utf-8").splitlines()
        assert lines[0] == "#!/bin/sh", f"the Makefile's shellcheck does not find {file.name}"
        body = "\n".join(line for line in lines if not line.startswith("#"))
        assert any(body in text for text in programs), file.name


@pytest.mark.parametrize(
    "command", [("redis-cli", "--rdb", "-"), ("sh", "-c", "pg_dump x", "pg_dump"), ("pg_dumpall",)]
)
def test_of_an_unknown_program_no_restore_is_made_up(command: tuple[str, ...]) -> None:
    assert sql_restore(command, in_pod=True) is None


@pytest.mark.parametrize("kind", ["file", "dir", "sqlite", "xbstream", "pgdump"])
def test_the_kind_of_a_written_rule(kind: str) -> None:
    assert verify_kind(Verify.model_validate({kind: "a/b"})) == (kind, "a/b")


def test_the_programs_hold_no_word_of_the_fleet() -> None:
    for name in ("mariabackup", "pg_dump"):
        assert "SENTINEL" not in program(tool=name, user="SENTINEL")[2]
