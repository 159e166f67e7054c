"""What is read in hooks: passwords that stand there, and what POSIX sh does not have."""

import subprocess

import pytest

from backupgen.rules.bg438_password_in_command import holds_password
from backupgen.rules.bg441_bashism import bashism


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("curl -u admin:hunter2 http://w", "-u"),
        ("curl --user=admin:hunter2 http://w", "--user"),
        ("mysqldump --password=hunter2 shop", "--password"),
        ("mysqldump -uroot -phunter2 shop", "-p"),
        ("PGPASSWORD=hunter2 pg_dump x", "PGPASSWORD"),
        ("MYSQL_PWD='hunter2' mysqldump", "MYSQL_PWD"),
        ("export RESTIC_PASSWORD=abcdef", "RESTIC_PASSWORD"),
        ("redis-cli -a hunter2 save", "-a"),
        ("pg_dump postgresql://app:hunter2@db/shop", "postgresql://"),
        ("curl -H 'Authorization: Bearer abc123' http://w", "Authorization"),
        ("restic-tool --token abcdef", "--token"),
    ],
)
def test_a_password_is_seen(command: str, shown: str) -> None:
    assert holds_password(command) == shown


@pytest.mark.parametrize(
    "command",
    [
        "",
        'curl -u "admin:$PASSWORD" http://w',
        "mysqldump --password=$MYSQL_PWD shop",
        'mysqldump -p"$MYSQL_PWD" shop',
        "PGPASSWORD=$(cat /run/secret) pg_dump",
        "PGPASSWORD= pg_dump --no-password",
        "redis-cli -a $PASS save",
        "pg_dump postgresql://app:$PW@db/shop",
        "pg_dump postgresql://db:5432/shop",
        "mkdir -p /tmp/password",
        "mysql -h db --protocol=tcp",
        "curl -H 'Authorization: Bearer '\"$TOKEN\" http://w",
        "test -e /token && touch --no-create secret",
    ],
)
def test_a_variable_is_none(command: str) -> None:
    assert holds_password(command) == ""


BASHISMS = [
    "[[ -e x ]]",
    "if [[ a = b ]]; then :; fi",
    "set -eo pipefail",
    "set -euo pipefail; a | b",
    "source /etc/profile",
    "function f { :; }",
    "declare -a x",
    "diff <(a) <(b)",
    "cat <<< word",
    "a &> /dev/null",
    "x=${y//a/b}",
    "x=${!y}",
    "((i++))",
    "x=$'a\\n'",
]
POSIX = [
    "[ -e x ] && echo '[[ a ]]'",
    "set -eu; x=$((1 + 2)); (a; b)",
    ". /etc/profile; f() { :; }; f",
    "a >/dev/null 2>&1 & wait",
    'x=${y%/*}; z=${x:-a}; w="${y#a}"',
    'echo "it\'s" # [[ no ]]',
    "bash -c '[[ a ]]'",
    "cat <<E\na\nE\n",
    "my-source x; declared=1",
]


@pytest.mark.parametrize("script", BASHISMS)
def test_what_sh_does_not_have_is_seen(script: str) -> None:
    assert bashism(script)


@pytest.mark.parametrize("script", POSIX)
def test_what_sh_has_is_not(script: str) -> None:
    assert bashism(script) == ""
    assert subprocess.run(["dash", "-n", "-c", script], check=False).returncode == 0
