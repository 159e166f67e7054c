"""`backup_args` are read as restic reads them: its own help and its own parser judge the table."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from backupgen.grammars.restic_flags import FLAGS, judge_argument
from tests.thoroughness import examples

Tool = Callable[[str], Path]
RESTICS = ("restic", "restic-forky")
SHORTS = "".join(flag.short for flag in FLAGS.values())
VALUES = [
    "",
    "1",
    "true",
    "yes",
    "x",
    "host",
    "host,tags",
    "max",
    "better",
    "500M",
    "-1",
    "2",
    "a=b",
    "5 k",
    "17",
    "129",
]
LONG = st.builds(
    lambda name, value: f"--{name}{value}",
    st.sampled_from([*FLAGS, "compress", "excl", "no-such", "Force"]),
    st.sampled_from(["", *(f"={value}" for value in VALUES)]),
)
SHORT = st.builds(
    lambda letters, value: f"-{letters}{value}",
    st.text(st.sampled_from(SHORTS + "zX"), min_size=1, max_size=3),
    st.sampled_from(["", *(f"={value}" for value in VALUES)]),
)


@pytest.mark.parametrize("name", RESTICS)
def test_the_table_is_what_restic_says_of_itself(name: str, tool: Tool) -> None:
    help_ = subprocess.run([tool(name), "backup", "--help"], capture_output=True, text=True, check=True).stdout
    found = re.findall(r"^ +(?:-(\w), )?--([a-z-]+)(?: ([a-z=:\[\]]+))?  ", help_, re.MULTILINE)
    said = {long: (short, bool(value)) for short, long, value in found}
    assert said == {name: (flag.short, flag.value is not None) for name, flag in FLAGS.items()}


@examples(150, quick=20, suppress=[HealthCheck.function_scoped_fixture])
@given(arguments=st.lists(LONG | SHORT, min_size=1, max_size=12))
def test_restic_takes_what_is_taken(arguments: list[str], tool: Tool) -> None:
    taken = [argument for argument in arguments if judge_argument(argument) is None]
    command: list[str | Path] = [tool("restic-forky"), "backup", "-r", "/nowhere", *taken, "/nowhere/either"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert not re.search("unknown|invalid argument|needs an argument|Usage", done.stderr), (taken, done.stderr)


def test_what_restic_refuses_is_refused(tool: Tool) -> None:
    for argument in ("--compress=max", "--no-scan=yes", "--read-concurrency=x", "-z", "--group-by=x", "--excl=a"):
        command: list[str | Path] = [tool("restic"), "backup", "-r", "/nowhere", argument, "/nowhere/either"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert re.search("unknown|invalid argument", done.stderr), argument
        assert judge_argument(argument) is not None


@pytest.mark.parametrize(
    ("argument", "place"),
    [
        ("--quiet", "leave it out"), ("-q", "leave it out"), ("-xq", "leave it out"), ("-fxq", "leave it out"),
        ("--json=true", "leave it out"), ("--skip-if-unchanged", "leave it out"), ("--time=now", "leave it out"),
        ("-xn", "write it as `suspend`"), ("--tag=a", "write it as `tag`"), ("-Hx", "write it as `hostname`"),
        ("--cacert=/x", "hold for `restic backup` alone"), ("-osftp.args=n", "hold for `restic backup` alone"),
        ("--no-cache", "write it as `cache`"), ("--limit-upload=5", "hold for `restic backup` alone"),
        ("-q=false", "leave it out"), ("--retry-lock=1h", "write it as `repository.lock_wait`"),
    ],
)  # fmt: skip
def test_what_the_fleet_says_elsewhere_is_refused_with_its_place(argument: str, place: str) -> None:
    found = judge_argument(argument)
    assert found is not None
    assert "is set by the compiler" in found.error
    assert place in found.help


@pytest.mark.parametrize("argument", ["--parent", "-g", "-xg", "--exclude-if-present", "-", "--", "x", "--no-such"])
def test_what_would_swallow_the_next_word_or_is_none_is_refused(argument: str) -> None:
    assert judge_argument(argument) is not None
