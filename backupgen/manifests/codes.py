"""The codes that rendering can yield: BG501 and up."""

from typing import Final

from backupgen.diagnostics import CodeInfo, Severity, declared

_CRONJOB: Final = '# templates/cronjob.yaml.j2\n{% extends "builtin/cronjob.yaml.j2" %}\n'
_OVERRIDE: Final = '# templates/service.yaml.j2\n{% extends "builtin/service.yaml.j2" %}\n'

TEMPLATE_ERROR: Final = CodeInfo(
    code="BG501",
    slug="template-error",
    severity=Severity.ERROR,
    summary="A template of yours cannot be read or rendered.",
    why="Nothing is written as long as one file cannot be rendered; the manifests in Git stay as they were.",
    fix="Mend the line that the finding names. The facts that a template gets are those of the built-in one.",
    bad=_OVERRIDE + "{% block metadata %}{{ nmae }}{% endblock %}\n",
    good=_OVERRIDE + "{% block metadata %}{{ super() }}{% endblock %}\n",
)
UNUSED_TEMPLATE: Final = CodeInfo(
    code="BG502",
    slug="unused-template",
    severity=Severity.ERROR,
    summary="A file in your folder of templates overrides nothing.",
    why="It was written to change what is rendered, and changes nothing: most often its name is misspelt.",
    fix="Give it the name of the built-in template that it replaces, or include it from one that does.",
    bad="# templates/cron-job.yaml.j2 overrides nothing\n",
    good="# templates/cronjob.yaml.j2 overrides the CronJob\n",
)
UNREADABLE_TEMPLATE: Final = CodeInfo(
    code="BG503",
    slug="unreadable-template",
    severity=Severity.ERROR,
    summary="The folder of templates, or a file in it, cannot be read.",
    why="What was meant to be overridden would be rendered as built in.",
    fix="Name a folder of files in UTF-8.",
    bad="# backupgen render --templates templatse\n",
    good="# backupgen render --templates templates\n",
)
UNSOUND_MANIFEST: Final = CodeInfo(
    code="BG504",
    slug="unsound-manifest",
    severity=Severity.ERROR,
    summary="A rendered file does not hold the object that was planned.",
    why="The cluster would get another object, or none, and the old one would be pruned.",
    fix="Mend the override of the template: one object a file, with the kind, name and namespace that it was given.",
    bad=_OVERRIDE + "{% block metadata %}{% endblock %}\n",
    good=_OVERRIDE + "{% block metadata %}{{ super() }}{% endblock %}\n",
)

OVERSIZED_OBJECT: Final = CodeInfo(
    code="BG505",
    slug="oversized-object",
    severity=Severity.ERROR,
    summary="A rendered object is larger than the cluster takes.",
    why="The API server, or Prometheus Operator, refuses it, and what it held before stays: new targets have no "
    "restore test, no way through the policies, no alert.",
    fix="Split the fleet, or its repository; of alerts of your own, write fewer or shorter ones.",
    bad="# a fleet with 5,000 targets\n",
    good="# five fleets with 1,000 targets each\n",
)
LARGE_OBJECT: Final = CodeInfo(
    code="BG506",
    slug="large-object",
    severity=Severity.INFO,
    summary="A rendered object is too large for a client-side apply.",
    why="`kubectl apply` and Argo CD keep a copy of the object in an annotation, which may hold 256 KiB.",
    fix="Apply on the server's side: `kubectl apply --server-side`, or Argo CD's sync option `ServerSideApply=true`.",
    bad="# kubectl apply -k out/monitoring\n",
    good="# kubectl apply --server-side -k out/monitoring\n",
)

TEMPLATE_DEPARTS: Final = CodeInfo(
    code="BG507",
    slug="template-departs",
    severity=Severity.ERROR,
    summary="A template of your own changes what was planned.",
    why="The proof of the schedule, the deadlines, the alerts and the security of the pods rest on the plan: a job "
    "that runs at another time, longer or with other rights is none of those that were judged.",
    fix="Write it in fleet.yaml, where it is judged with everything else. A template may change resources, history, "
    "tolerations, priority and the like, and add labels, annotations, volumes, mounts, and variables that no script "
    "reads.",
    bad=_CRONJOB + '{% block schedule %}\n  schedule: "5 * * * *"\n{% endblock %}\n',
    good=_CRONJOB + "{% block schedule %}\n{{ super() }}{% endblock %}\n",
)
OWN_SCRIPT: Final = CodeInfo(
    code="BG508",
    slug="own-script",
    severity=Severity.INFO,
    summary="A folder given with `--templates` replaces a script of the jobs.",
    why="The scripts take and wait for the locks, keep the deadline and report. What another one does cannot be read "
    "from it, so nothing is proved about the schedule, and no test of backupgen says how it ends.",
    fix="Use hooks, `backup_args` or `dump.command` where they suffice.",
    bad="# templates/scripts/retention.sh\nrestic forget --prune --keep-last 5\n",
    good='# fleet.yaml\nretention: {at: "03:00", deadline: 1h, keep: {last: 5}}\n',
    voids_proof=True,
)

CODES: Final = declared(globals())
