"""Which calls take the proof out of backupgen's hands."""

import pytest

from backupgen.rules.bg321_own_restic import words_of_repositories


@pytest.mark.parametrize(
    ("script", "call"),
    [
        ("restic unlock", "restic unlock"),
        ("rcon-cli save-on; restic forget --prune --keep-last 5", "restic forget"),
        ("restic cat config || restic init", "restic cat"),
        ('/usr/bin/restic -r "$REPO" --no-lock prune', 'restic -r "$REPO" --no-lock prune'),
        ("x=$(restic snapshots --json)", "restic snapshots"),
        ("if true; then\n  restic \\\n    prune\nfi", "restic prune"),
        ("echo a && resticprofile home.forget prune", "resticprofile home.forget prune"),
        ("env A=b timeout 60 rustic check", "rustic check"),
    ],
)
def test_a_call_is_seen(script: str, call: str) -> None:
    assert next(words_of_repositories(script), None) == call


@pytest.mark.parametrize(
    "script",
    ["", "test -e /restic && echo", "echo hi # restic prune", "my-restic prune", "restic.sh prune", "restic version",
     "cat /etc/restic/config", "touch /backup/restic; init"],
)  # fmt: skip
def test_another_word_is_not(script: str) -> None:
    assert list(words_of_repositories(script)) == []
