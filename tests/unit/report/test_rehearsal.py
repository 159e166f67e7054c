"""The formats of `rehearse`."""

import json

from backupgen.rehearsal.outcome import Rehearsal, Step, Verdict
from backupgen.report.rehearsal import REHEARSAL_FORMATS
from backupgen.report.rehearsal.rehearsal_report import RehearsalReport

STEPS = (
    Step("server", "rest-server", "backup", Verdict.OK, seconds=0.12),
    Step("backup", "backup-a", "apps", Verdict.OK, "", (0,), 2.34, 10, "1234abcd", notes=("from a MariaDB",)),
    Step(
        "restore test",
        "drill",
        "home",
        Verdict.FAILED,
        "BackoffLimitExceeded",
        (1, 1, 72),
        12.5,
        9,
        "1 tested",
        ("drill - Restore test failed",),
        log="".join(f"line {number}\n" for number in range(50)) + "\x1b[31mred\n",
    ),
    Step("mirror", "backup-mirror-b", "backup", Verdict.NOT_RUN, "there is no repository"),
)


def rehearsal(*steps: Step) -> Rehearsal:
    return Rehearsal("home", steps, 61.4, ("the pinned id is another",))


def test_text_is_a_table_and_the_logs_of_what_failed() -> None:
    text = REHEARSAL_FORMATS["text"](RehearsalReport(rehearsal(*STEPS)))
    head, log = text.split("\n\n", 1)
    assert head == (
        "         step          name               exit    time  metrics  snapshots\n"
        "ok       server        rest-server               0.1 s\n"
        "ok       backup        backup-a              0   2.3 s       10  1234abcd   from a MariaDB\n"
        "failed   restore test  drill            1,1,72  12.5 s        9  1 tested   BackoffLimitExceeded\n"
        "not run  mirror        backup-mirror-b                                      there is no repository"
    )
    lines = log.splitlines()
    assert lines[:3] == ["restore test drill: BackoffLimitExceeded", "  … 11 earlier lines", "  line 11"]
    assert lines[41:] == [
        "  \\x1b[31mred",
        "  notified: drill - Restore test failed",
        "",
        "not as in the cluster",
        "  * the pinned id is another",
        "",
        "home rehearsed in 61 s: 2 ok, 1 failed, 1 not run",
    ]


def test_text_takes_colours() -> None:
    text = REHEARSAL_FORMATS["text"](RehearsalReport(rehearsal(*STEPS), color=True))
    assert "\x1b[32mok     \x1b[0m" in text
    assert "\x1b[1;31mhome rehearsed in 61 s: 2 ok, 1 failed, 1 not run\x1b[0m" in text


def test_what_does_not_run_is_no_success() -> None:
    assert not rehearsal(*STEPS[:2]).failed
    assert rehearsal(STEPS[0], STEPS[3]).failed
    assert rehearsal(STEPS[2]).failed


def test_json_has_the_agreed_shape() -> None:
    document = json.loads(REHEARSAL_FORMATS["json"](RehearsalReport(rehearsal(*STEPS[1:3]))))
    assert document["summary"] == {"ok": 1, "failed": 1, "not_run": 0, "seconds": 61.4}
    assert document["differences"] == ["the pinned id is another"]
    assert document["steps"][0] == {
        "phase": "backup",
        "name": "backup-a",
        "namespace": "apps",
        "verdict": "ok",
        "reason": None,
        "exit_codes": [0],
        "seconds": 2.3,
        "metrics": 10,
        "snapshots": "1234abcd",
        "notifications": [],
        "notes": ["from a MariaDB"],
        "log": None,
    }
    assert document["steps"][1]["exit_codes"] == [1, 1, 72]
    assert document["steps"][1]["log"].startswith("line 0\n")
