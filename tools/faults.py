"""What can go wrong at night, as the scripts' tests provoke it with the real tools: the source of docs/faults.md.

A row without a test fails, and so does a test that never sees the row's exit codes (tests/scripts/conftest.py).
"""

from typing import NamedTuple


class Fault(NamedTuple):
    """A fault, what the fleet makes of it, and what is left to do."""

    name: str
    fault: str
    does: str
    codes: tuple[int, ...]
    """The exit codes of the jobs, in the order of the text."""
    alert: str
    """The alert that tells; empty: none does, since nothing is lost. Several are separated by a comma."""
    recover: str


NOTHING = "Nothing."
FAILED = "BackupFailed"
DRILL = "BackupRestoreTestFailed"
COPY = "BackupMirrorFailed"

FAULTS = (
    Fault(
        "server-down",
        "The repository's server does not answer.",
        "The probe gives up after a minute. Nothing is backed up; the run fails with 67 and is tried again.",
        (67,),
        FAILED,
        "Bring the server back. The next run takes what has changed in the meantime.",
    ),
    Fault(
        "server-late",
        "The server comes up while a run is waiting for it.",
        "The run goes on as soon as it answers.",
        (0,),
        "",
        NOTHING,
    ),
    Fault(
        "wrong-password",
        "The password does not open the repository.",
        "The run fails with 12 and is not tried again.",
        (12,),
        FAILED,
        "Put the right value into the Secret.",
    ),
    Fault(
        "repository-missing",
        "There is no repository at the place: a lost disk, a wrong URL.",
        "The run fails with 10. No job ever makes a repository in place of another.",
        (10,),
        FAILED,
        "Bring the disk back, or the mirror's copy. For a new repository: `backupgen bootstrap`.",
    ),
    Fault(
        "other-repository",
        "Another repository lies at the place.",
        "Every job refuses it with 66, since its id is not the pinned one.",
        (66,),
        FAILED,
        "Put the right one back; or pin the new id, if it is meant.",
    ),
    Fault(
        "repository-exists",
        "`backupgen bootstrap` is run where there is a repository already.",
        "Its Job fails with 76, prints the id that it found, and leaves everything as it is.",
        (76,),
        "",
        "Pin the id, if it is yours.",
    ),
    Fault(
        "bootstrap-interrupted",
        "`backupgen bootstrap` was killed midway.",
        "It leaves a key and no config. The next run fails with 76 and says so.",
        (76,),
        "",
        "Nothing was ever saved there: empty the place, and run it again.",
    ),
    Fault(
        "bootstrap-twice",
        "`backupgen bootstrap` runs twice at once.",
        "One of them makes the repository, or both fail. None that has two keys is called good.",
        (76,),
        "",
        "As above, if both have failed.",
    ),
    Fault(
        "disk-full",
        "The repository's disk is full.",
        "restic 0.18 retries until the run's time is over (124), a newer one fails at once (1). Earlier snapshots stay "
        "whole.",
        (124,),
        FAILED,
        "Make room on the disk: 4 KiB are enough for the lock of a retention, which then frees more. Without them it "
        "cannot begin either (124 or 1).",
    ),
    Fault(
        "disk-read-only",
        "The repository's disk is read-only.",
        "No lock can be written; the run ends with 124 when its time is over.",
        (124,),
        FAILED,
        "Mend the disk.",
    ),
    Fault(
        "live-lock",
        "Another job holds the lock.",
        "The command waits for it (`lock_wait`), then goes on.",
        (0,),
        "",
        NOTHING,
    ),
    Fault(
        "lock-that-stays",
        "The lock is held for longer than `lock_wait`.",
        "The run fails with 11, leaves the lock, and is tried again.",
        (11,),
        FAILED,
        "Look what holds it: `restic list locks`, `restic cat lock ID`.",
    ),
    Fault(
        "stale-lock",
        "A killed pod has left its lock, more than half an hour ago.",
        "Every job removes it (`restic unlock`): at once when the pod is that of a CronJob's run that must be over, "
        "else after it has seen for five and a half minutes that nobody writes the lock anew.",
        (0,),
        "",
        NOTHING,
    ),
    Fault(
        "killed-without-warning",
        "A pod is killed (node lost, out of memory), and the next jobs find its young lock.",
        "Backups go on beside a backup's lock. Retention cannot, waits for `lock_wait`, and ends with 11: its other "
        "steps do not wait as well. It is tried again, and succeeds once the lock is half an hour old. The killed run "
        "itself reports nothing.",
        (0, 11),
        f"BackupOverdue, {FAILED}",
        "Mostly nothing. If it is killed again and again: its memory, its node.",
    ),
    Fault(
        "young-lock",
        "A lock becomes half an hour old while the retention waits for it.",
        "After the wait the locks are looked at again; it is removed, and the retention goes on.",
        (0,),
        "",
        NOTHING,
    ),
    Fault(
        "slow-clock",
        "The clock of a node is slow, so that the lock of a backup that runs looks stale.",
        "It is not removed, since it is written anew: what a prune removes beside that backup its snapshot needs. The "
        "retention waits, ends with 11, and is tried again.",
        (11, 0),
        FAILED,
        "Set the clock: the log names the node's pod.",
    ),
    Fault(
        "two-locks",
        "A pod was killed while it renewed its lock, and has left two of them.",
        "They are reported as one, and every run's metrics arrive.",
        (0,),
        "",
        NOTHING,
    ),
    Fault(
        "unreadable-lock",
        "A lock file cannot be read: the disk of the server crashed.",
        "restic refuses every command with 1, and no job removes what it cannot read. The log and "
        "`backup_repository_lock` name the file.",
        (1,),
        f"BackupLockHeld, {FAILED}",
        "Remove the file that is named from the repository's `locks` folder, or call `restic unlock --remove-all` "
        "while no job runs.",
    ),
    Fault(
        "restic-crashes",
        "restic crashes: a fault of its own, out of memory, a bad disk below the image.",
        "The run fails with restic's code and removes the lock that was left.",
        (2,),
        FAILED,
        "The log has what it said. If it comes again and again: its memory.",
    ),
    Fault(
        "nobody-may-delete",
        "The place lets nobody delete anything, not even locks.",
        "Each backup leaves its lock and succeeds all the same. The retention cannot work there and ends with 11.",
        (0, 11),
        f"BackupLockHeld, {FAILED}",
        "Let the credentials delete below `locks/`.",
    ),
    Fault(
        "deadline",
        "A run takes longer than its deadline, or its pod is evicted.",
        "It ends itself a minute before the deadline (124); asked to end by SIGTERM, it does so (143). In both cases "
        "the lock is removed, `after` is run and the failure is reported.",
        (124, 143),
        FAILED,
        "Raise `deadline`, if the data has grown.",
    ),
    Fault(
        "unreadable-file",
        "Some of the source cannot be read.",
        "A snapshot of the rest is made, and the run fails with 3: a state of its own, which is not tried again.",
        (3,),
        FAILED,
        "Give `run_as` the right uid, or exclude the file.",
    ),
    Fault(
        "empty-source",
        "The source is empty, or not there.",
        "Nothing is backed up, and the run fails with 65.",
        (65,),
        FAILED,
        "Look at the volume before the older snapshots expire.",
    ),
    Fault(
        "vanished-mount",
        "A disk of the node is not mounted: its mount point is an ordinary folder.",
        "None of the volume's sentinels is there, so nothing is backed up, and the run fails with 65.",
        (65,),
        FAILED,
        "Mount it.",
    ),
    Fault(
        "hung-mount",
        "A source lies on a mount that hangs: NFS without its server, a dead CSI volume.",
        "Who looks at it cannot even be killed. The run leaves that process behind, runs `after`, and fails with 124.",
        (124,),
        FAILED,
        "Bring the mount's server back.",
    ),
    Fault(
        "shrunk",
        "A snapshot is much smaller than the one before it.",
        "It is kept, and the run fails with 73. The next one is compared with it, so this is said once; the restore "
        "test says it too, as long as the smaller snapshot is the newest.",
        (73,),
        f"{FAILED}, {DRILL}",
        "If it is not meant, restore from the snapshot before it. If it is: `max_shrink`.",
    ),
    Fault(
        "shrinks-slowly",
        "A source loses a little at each run, or a small snapshot by hand hides that it shrank.",
        "Each snapshot is compared with the largest since this was last said: 73. Snapshots by hand do not count, "
        "another exclude does. Files are counted as well as bytes, from 20 files on.",
        (73, 0),
        FAILED,
        "As above.",
    ),
    Fault(
        "snapshot-lost",
        "A server says that it has the snapshot, and loses it.",
        "The snapshot is read back after each backup. One that is not in the list, or a list that cannot be read "
        "twice, is a failure: 75.",
        (75,),
        FAILED,
        "Look at the server, or at what stands before it, and run the job again.",
    ),
    Fault(
        "worthless-snapshots",
        "A dump or a source was empty night after night, and the snapshots of it hold nothing.",
        "Each run fails with 65. Its snapshot stays, as a client that may only append cannot remove it; the retention "
        "forgets it before it counts, as long as there is a better one of that host and tag.",
        (65, 0),
        FAILED,
        "Look at the volume or the dump.",
    ),
    Fault(
        "vanishing-files",
        "Files go away while they are read: journals, temporary files, rotated logs.",
        "That is no failure, if restic complains of nothing else and the sources are still there. "
        "`backup_vanished_files` says how many.",
        (0,),
        "",
        NOTHING,
    ),
    Fault(
        "dump-fails",
        "A dump's command fails midway.",
        "What it wrote is thrown away, and the run fails with 78 in the app's pod, with 1 where restic runs it. The "
        "command's own exit code is in the log and in `backup_step_status`. The dump before it stays.",
        (78, 1),
        FAILED,
        "Look at the log: it has what the command said.",
    ),
    Fault(
        "dump-cut",
        "The stream of a dump in the app's pod breaks off, and kubectl ends with 0.",
        "The shell in the pod prints a mark of this run after the command has succeeded. A dump without it is thrown "
        "away, and the run fails with 78. The dump before it stays. So does one whose SQL trailer is missing, or that "
        "does not begin as its kind does.",
        (78,),
        FAILED,
        "Run the job again. If it comes at the same size each time: the API server's or its proxy's limits.",
    ),
    Fault(
        "two-dumps",
        "Two dumps are made at once to one file: a Job by hand beside the CronJob's.",
        "Each writes a file of its own, which only its owner can read, and moves it into place when it is complete.",
        (0,),
        "",
        NOTHING,
    ),
    Fault(
        "hook-fails",
        "The hook `before` fails.",
        "Nothing is backed up, `after` is run, and the run fails with 68.",
        (68,),
        FAILED,
        "Mend the command.",
    ),
    Fault(
        "slow-after",
        "The hook `after` takes long.",
        "It has what is left of the deadline, and `hook_timeout` when nothing is left or the pod has to go. A hook "
        "that is ended makes a run that was good fail with 68.",
        (0, 68),
        FAILED,
        "Raise `deadline`; or `hook_timeout`, if it was needed there.",
    ),
    Fault(
        "pushgateway-down",
        "The Pushgateway is down.",
        "The run keeps its result. Its metrics are lost, its notification is not.",
        (0, 66),
        "BackupOverdue",
        "Bring it back. The next run reports again.",
    ),
    Fault(
        "pushgateway-slow",
        "The Pushgateway or ntfy takes the connection and does not answer.",
        "Each is given up after 15 seconds. The run keeps its result, and the other one gets its report.",
        (0, 66),
        "BackupOverdue",
        "Mend it.",
    ),
    Fault(
        "pushgateway-refuses",
        "The Pushgateway answers 400.",
        "The run keeps its result, and its log says that the metrics were not taken.",
        (0,),
        "BackupOverdue",
        "Look at its log: another client has pushed the same metric with another type.",
    ),
    Fault(
        "ntfy-down",
        "ntfy is down, or refuses the message.",
        "The run keeps its result and its metrics.",
        (66,),
        FAILED,
        "Bring it back.",
    ),
    Fault(
        "sink-redirects",
        "The Pushgateway or ntfy answers with a redirect: an ingress that wants https, a login page.",
        "Only an answer of 2xx is a delivery. The log says what the answer was; the other one gets its report.",
        (66,),
        "BackupOverdue",
        "Write the URL to which it is redirected.",
    ),
    Fault(
        "tmp-full",
        "The folder for temporary files is full: the node's disk.",
        "A run that cannot work without it fails with 70. Metrics and messages need no file, and arrive.",
        (70,),
        FAILED,
        "Make room on the node.",
    ),
    Fault(
        "long-log",
        "A run prints megabytes.",
        "The pod's log has all of it, the notification the last 4,000 bytes.",
        (68,),
        FAILED,
        NOTHING,
    ),
    Fault(
        "odd-names",
        "Paths, excludes, tags and host names have spaces, quotes, line breaks, `$(…)`, umlauts.",
        "They arrive as they are, and nothing of them is run.",
        (0,),
        "",
        NOTHING,
    ),
    Fault(
        "many-files",
        "A source has 100,000 files.",
        "Backup and restore test take them.",
        (0,),
        "",
        NOTHING,
    ),
    Fault(
        "two-jobs",
        "Two backups run at once, and a prune begins in the middle of them.",
        "The backups share the lock. The prune waits, and removes nothing that they need.",
        (0,),
        "",
        NOTHING,
    ),
    Fault(
        "nothing-removed",
        "The retention reaches a server that only appends.",
        "restic 0.18 says 0 and removes nothing. The retention counts again and fails with 71; restic 0.19 says 3.",
        (71,),
        FAILED,
        "Let it use the maintenance port, as it is rendered.",
    ),
    Fault(
        "old-restic",
        "The image has a restic older than 0.17.1.",
        "Every job refuses it with 69: its exit codes would not tell these faults apart.",
        (69,),
        FAILED,
        "Take a newer image.",
    ),
    Fault(
        "mirror-interrupted",
        "A mirror run is killed.",
        "What it had copied can be used at every moment, as far as it has snapshots. The next run copies the rest.",
        (143, 0),
        COPY,
        NOTHING,
    ),
    Fault(
        "mirror-of-another",
        "The mirror's place holds another repository, or something else.",
        "The run fails with 66 and changes nothing there.",
        (66,),
        COPY,
        "Name a place of its own.",
    ),
    Fault(
        "mirror-keeps-a-key",
        "The password was changed, perhaps because it leaked.",
        "A key that the repository no longer has is removed from the copy, after the copy was opened with the new "
        "password. Where that is not allowed, the run fails with 71 and names the key.",
        (0,),
        "",
        "Remove the key that is named by hand.",
    ),
    Fault(
        "mirror-of-nothing",
        "The source has been emptied, or made anew.",
        "The run fails with 10, 66 or 65, and the copy stays as it was.",
        (10, 65),
        COPY,
        "Restore the repository from the copy.",
    ),
    Fault(
        "mirror-damaged",
        "A file of the copy is damaged.",
        "`read_data` reads the copy back in turn and finds it (1); so does a restore from the copy that needs it.",
        (1,),
        COPY,
        "Remove the damaged file from the copy: the next run copies it again.",
    ),
    Fault(
        "parts-in-turn",
        "`read_data: 1/7` goes with a schedule that leaves days out.",
        "The runs are numbered by the times at which the schedule fires, so seven runs read everything.",
        (0,),
        "",
        NOTHING,
    ),
    Fault(
        "garbage",
        "What is restored is worthless: zeros, a cut dump, a broken database, empty folders.",
        "The rule of its kind refuses it with 72. The other tags are tested all the same.",
        (72,),
        DRILL,
        "Find out since when (`restic snapshots`), and restore an older one.",
    ),
    Fault(
        "dump-of-all-cut",
        "A pg_dumpall was cut off after its first database.",
        "The end has to be that of its beginning: 72, and 78 when the dump is made.",
        (72,),
        DRILL,
        "Restore the one before it.",
    ),
    Fault(
        "device-nodes",
        "A source holds device nodes, which only root may make.",
        "What was restored is verified all the same; the log says how many are missing. Any other error is a failure.",
        (0,),
        "",
        NOTHING,
    ),
    Fault(
        "sqlite-not-judged",
        "A SQLite database needs its app: a collation, a function or a module of its own.",
        "That is no word about the data. The tag fails with 79, not with 72. Where a program is missing in the image "
        "it is 69.",
        (79,),
        DRILL,
        "Verify it by another rule.",
    ),
    Fault(
        "sparse-files",
        "A source holds sparse files that are far longer than what is in them.",
        "Their holes are restored as holes, and take no room.",
        (0, 77),
        "",
        NOTHING,
    ),
    Fault(
        "old-snapshot",
        "The newest snapshot is older than two runs, or there is none.",
        "The restore test fails with 75.",
        (75,),
        DRILL,
        "Look why no backup has been made.",
    ),
    Fault(
        "forged",
        "Somebody who may only append writes snapshots in a target's name, dated back, so that counts keep those.",
        "The retention refuses its plan with 74 and removes none of the target's snapshots; nothing is pruned. "
        "[retention.md](retention.md) says what it looks at, and what such a thief can do all the same.",
        (74, 0),
        "BackupRetentionRefused, BackupFailed",
        "Remove the forged ones, change the credentials: the alert's page has the commands.",
    ),
    Fault(
        "from-the-future",
        "A snapshot has a date in the future: a clock that was wrong, or a forged one.",
        "The retention refuses its plan with 74, until it is removed or past.",
        (74, 0),
        "BackupRetentionRefused, BackupFailed",
        "Remove it, as the alert's page says.",
    ),
    Fault(
        "released",
        "The retention does not know what to make of an old repository, or of many backups by hand.",
        "It refuses with 74 until somebody has looked and released what was there then, and only that.",
        (74, 0),
        "BackupRetentionRefused, BackupFailed",
        "Look, then release it: the log's last lines have the command.",
    ),
    Fault(
        "future-snapshot",
        "A snapshot lies in the future: the clock of a node was wrong once.",
        "The newest of those that do not is verified, and its age reported; the tag fails with 75 as long as the "
        "other is there, since a restore of `latest` takes it.",
        (75,),
        DRILL,
        "Set the clock, and forget that snapshot by its id.",
    ),
    Fault(
        "no-room",
        "The restore test's scratch volume is too small.",
        "It is not filled: the tag fails with 77 before anything is restored, and the next one is tested.",
        (77,),
        DRILL,
        "Raise `scratch`.",
    ),
)
