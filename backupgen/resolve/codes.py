"""The codes of the stage that resolves a fleet."""

from typing import Final

from backupgen.diagnostics import CodeInfo, Severity, declared

UNKNOWN_REPOSITORY = CodeInfo(
    code="BG204",
    slug="unknown-repository",
    severity=Severity.ERROR,
    summary="A target names a repository that the fleet does not have.",
    why="Its backups would have nowhere to go.",
    fix="Add the repository under `repositories`, or name one that is there; the first one is `main`.",
    bad="repository: clouds",
    good="repository: main",
)
NO_DEADLINE = CodeInfo(
    code="BG205",
    slug="no-deadline",
    severity=Severity.ERROR,
    summary="An operation has no deadline.",
    why="Without one a hung run holds its lock for ever, blocks every later run, and nothing can be proved about it.",
    fix="Write `deadline:` at the operation, or for all targets under `defaults`.",
    bad='grafana: {namespace: monitoring, at: ":20", run_as: 472, volume: {pvc: grafana}}',
    good='grafana: {namespace: monitoring, at: ":20", run_as: 472, volume: {pvc: grafana}, deadline: 9m}',
)
NO_USER = CodeInfo(
    code="BG206",
    slug="no-user",
    severity=Severity.ERROR,
    summary="A target reads volumes, but the fleet does not say as which user.",
    why="As the wrong user, the backup skips what it cannot read, and the restored files belong to somebody else.",
    fix="Write `run_as:` with the uid of the app.",
    bad='grafana: {namespace: monitoring, at: ":20", deadline: 9m, volume: {pvc: grafana}}',
    good='grafana: {namespace: monitoring, at: ":20", deadline: 9m, volume: {pvc: grafana}, run_as: 472}',
)
CONFLICTING_KEYS = CodeInfo(
    code="BG207",
    slug="conflicting-keys",
    severity=Severity.ERROR,
    summary="Two keys exclude each other, or one needs another.",
    why="Both cannot hold, and the compiler does not choose.",
    fix="Keep one of them, or add the one that is needed.",
    bad="volume: {pvc: a}\nvolumes: {b: {pvc: b}}",
    good="volumes: {a: {pvc: a}, b: {pvc: b}}",
)
MISSING_IMAGE = CodeInfo(
    code="BG208",
    slug="missing-image",
    severity=Severity.ERROR,
    summary="A job needs an image that the fleet does not name.",
    why="The compiler knows no image of its own: only you can say which one you trust.",
    fix="Add it under `images`.",
    bad="images: {restic: …}\ntargets:\n  db: {dump: {in_pod: {app: db}, tool: pg_dump}, …}",
    good="images: {restic: …, kubectl: …}\ntargets:\n  db: {dump: {in_pod: {app: db}, tool: pg_dump}, …}",
)
UNSUPPORTED_URL = CodeInfo(
    code="BG209",
    slug="unsupported-url",
    severity=Severity.ERROR,
    summary="A URL is not of a kind that the fleet can use there.",
    why="The job would fail at night, or a password would stand in Git.",
    fix="Write it as the finding says. Passwords belong into the Secrets.",
    bad="url: rest:http://user:password@rest-server:8000/",
    good="url: rest:http://rest-server.backup.svc.cluster.local:8000/",
)
BAD_NAME = CodeInfo(
    code="BG210",
    slug="bad-name",
    severity=Severity.ERROR,
    summary="A name makes an object's name too long, or two objects would share one.",
    why="Kubernetes refuses a CronJob's name of more than 52 characters, and of two objects of one name the last wins.",
    fix="Choose another name.",
    bad="targets:\n  restore-test: {…}",
    good="targets:\n  drill: {…}",
)

CODES: Final = declared(globals())
