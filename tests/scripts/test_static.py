"""What can be said of the scripts without running a job."""

import re
import subprocess

import pytest

from tests.scripts.jobs import SCRIPTS, SHELLS

FILES = sorted(SCRIPTS.glob("*.sh"))
LINE = re.compile(r"^# metric (?P<name>[a-z_]+) (?P<type>gauge|counter) (?P<labels>[a-z,]*): (?P<meaning>\S.*)$")


def test_all_scripts_are_here() -> None:
    assert [file.name for file in FILES] == [
        "backup.sh",
        "bootstrap.sh",
        "dump.sh",
        "dumps.sh",
        "lib.sh",
        "locks.sh",
        "mirror.sh",
        "report.sh",
        "restore-test.sh",
        "retention.sh",
        "snapshots.sh",
        "thin.sh",
    ]


def test_shellcheck_finds_nothing(tools: dict[str, str]) -> None:
    command = [tools["shellcheck"], "-s", "sh", "-x", *map(str, FILES)]
    run = subprocess.run(command, capture_output=True, text=True, cwd=SCRIPTS, check=False)
    assert run.stdout + run.stderr == ""


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_reads_them(shell: str, tools: dict[str, str]) -> None:
    for file in FILES:
        command = [tools[SHELLS[shell][0]], *SHELLS[shell][1:], "-n", str(file)]
        assert subprocess.run(command, capture_output=True, check=False).stderr == b""


def test_the_table_of_metrics_is_the_metrics_that_are_pushed() -> None:
    lines = [line for line in (SCRIPTS / "lib.sh").read_text().splitlines() if line.startswith("# metric ")]
    table = {match["name"]: (match["type"], match["labels"]) for match in map(LINE.match, lines) if match}
    assert len(table) == len(lines)
    pushed = {}
    for file in FILES:
        text = re.sub(r"^ *#.*$", "", file.read_text(), flags=re.MULTILINE)
        for name, kind, label in re.findall(
            r"\bmetric (backup_\w+) (gauge|counter) .*?(?: (tag|step|status|id|holder) |$)", text, re.MULTILINE
        ):
            pushed[name] = (kind, label)
    assert pushed == table
