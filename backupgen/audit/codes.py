"""The codes about the rest of a GitOps tree: BG450 to BG469."""

from typing import Final

from backupgen.diagnostics import CodeInfo, Severity, declared

UNSEEN_OBJECTS: Final = CodeInfo(
    code="BG450",
    slug="unseen-objects",
    severity=Severity.INFO,
    summary="The tree names charts or remote sources, whose objects it does not hold.",
    why="Volumes that they make are not compared with the fleet: nobody says whether they are backed up.",
    fix="Render the charts into files (`helm template`), or look at their volumes yourself.",
    bad="kind: HelmRelease\nmetadata: {name: redis, namespace: databases}",
    good="kind: StatefulSet\nmetadata: {name: redis, namespace: databases}",
)
UNSEEN_FILES: Final = CodeInfo(
    code="BG451",
    slug="unseen-files",
    severity=Severity.INFO,
    summary="Files of the tree are templates, or hold names that are filled in elsewhere.",
    why="What they become is not known here, so it is not compared with the fleet.",
    fix="Render the templates into files, or look at their volumes yourself.",
    bad='kind: PersistentVolumeClaim\nmetadata: {name: "{{ .Release.Name }}-data"}',
    good="kind: PersistentVolumeClaim\nmetadata: {name: wiki-data}",
)
UNLISTED_FILES: Final = CodeInfo(
    code="BG452",
    slug="unlisted-files",
    severity=Severity.INFO,
    summary="Manifests lie beside a kustomization that does not list them.",
    why="Kustomize leaves them out, and so does the audit. Perhaps they were forgotten.",
    fix="List them under `resources`, or remove them.",
    bad="# kustomization.yaml, beside pvc.yaml\nresources: [deployment.yaml]",
    good="# kustomization.yaml, beside pvc.yaml\nresources: [deployment.yaml, pvc.yaml]",
)
UNREADABLE_MANIFEST: Final = CodeInfo(
    code="BG453",
    slug="unreadable-manifest",
    severity=Severity.WARNING,
    summary="A file or folder of the tree cannot be read.",
    why="The volumes in it are not compared with the fleet.",
    fix="Mend it, as Kubernetes could not read it either.",
    bad="kind: PersistentVolumeClaim\nmetadata: {name: wiki",
    good="kind: PersistentVolumeClaim\nmetadata: {name: wiki}",
)
UNREADABLE_TREE: Final = CodeInfo(
    code="BG454",
    slug="unreadable-tree",
    severity=Severity.ERROR,
    summary="The folder given with `--repo` cannot be read.",
    why="Nothing was compared with the fleet.",
    fix="Name the folder that holds the manifests of the cluster.",
    bad="# backupgen check --repo cluster, without such a folder",
    good="# backupgen check --repo .",
)
UNPROTECTED_CLAIM: Final = CodeInfo(
    code="BG455",
    slug="unprotected-claim",
    severity=Severity.ERROR,
    summary="A PersistentVolumeClaim of the tree is in no target.",
    why="Its data is gone with the disk. Nobody decided that: it was forgotten.",
    fix="Add a target for it, or say under `unprotected` why it needs none.",
    bad="# the tree has the claim media/cache, the fleet says nothing of it\ntargets: {…}",
    good="unprotected: {media/cache: made anew by the app}\ntargets: {…}",
)
UNPROTECTED_TEMPLATE: Final = CodeInfo(
    code="BG456",
    slug="unprotected-template",
    severity=Severity.ERROR,
    summary="A StatefulSet of the tree, or a database cluster, makes claims that are in no target.",
    why="Their data is gone with the disk. Nobody decided that: it was forgotten.",
    fix="Add a target that names the claims (`<template>-<set>-<number>`), or say under `unprotected` why not.",
    bad="# the tree has the StatefulSet databases/redis with the template `data`\ntargets: {…}",
    good="targets:\n  redis: {namespace: databases, volume: {pvc: data-redis-0}, …}",
)
UNPROTECTED_FOLDER: Final = CodeInfo(
    code="BG457",
    slug="unprotected-folder",
    severity=Severity.ERROR,
    summary="A workload of the tree mounts a folder of its node that is in no target.",
    why="Its data is gone with the node. Nobody decided that: it was forgotten.",
    fix="Add a target for it, or say under `unprotected` why it needs none.",
    bad="# a Deployment of the tree mounts the hostPath /vol/films\ntargets: {…}",
    good="unprotected: {/vol/films: bought on disc}\ntargets: {…}",
)
IDLE_UNPROTECTED: Final = CodeInfo(
    code="BG458",
    slug="idle-unprotected",
    severity=Severity.WARNING,
    summary="An entry of `unprotected` is for nothing in the tree.",
    why="It hides a volume that gets that name some day, or that was meant to be backed up.",
    fix="Remove it, or correct its name.",
    bad="unprotected: {media/cahce: made anew by the app}",
    good="unprotected: {media/cache: made anew by the app}",
)
MISSING_CLAIM: Final = CodeInfo(
    code="BG459",
    slug="missing-claim",
    severity=Severity.WARNING,
    summary="A claim that the fleet names is not in the tree.",
    why="The backup's pod waits for the claim until its deadline, and nothing is backed up.",
    fix="Correct the name or the namespace.",
    bad="grafana: {namespace: monitoring, volume: {pvc: graphana}, …}",
    good="grafana: {namespace: monitoring, volume: {pvc: grafana}, …}",
)
MISSING_POD: Final = CodeInfo(
    code="BG460",
    slug="missing-pod",
    severity=Severity.WARNING,
    summary="No workload of the tree has pods with the labels that a target names.",
    why="The backup's pod is never scheduled, or the dump finds nothing to run in.",
    fix="Write the labels of the pod template, not those of the workload.",
    bad="with_pod: {app: graphana}",
    good="with_pod: {app: grafana}",
)
ACCESS_DIFFERS: Final = CodeInfo(
    code="BG461",
    slug="access-differs",
    severity=Severity.WARNING,
    summary="A claim of the tree has another access mode than the fleet says.",
    why="The compiler decides by it whether a backup may run on any node: there, the claim cannot be attached.",
    fix="Write the claim's own access mode.",
    bad="volume: {pvc: grafana, access: ReadWriteMany}",
    good="volume: {pvc: grafana}",
)
USER_DIFFERS: Final = CodeInfo(
    code="BG462",
    slug="user-differs",
    severity=Severity.WARNING,
    summary="A backup runs as another user than the workload that writes the volume.",
    why="It skips what it cannot read, and what is restored belongs to somebody else.",
    fix="Write `run_as:` as the workload's securityContext has it.",
    bad="grafana: {run_as: 1000, …}",
    good="grafana: {run_as: 472, …}",
)
LABELS_OVERWRITTEN: Final = CodeInfo(
    code="BG463",
    slug="labels-overwritten",
    severity=Severity.WARNING,
    summary="The Pushgateway is scraped without `honorLabels`.",
    why="Prometheus then replaces the labels `job` and `instance`, by which every alert knows its target.",
    fix="Write `honorLabels: true` at the monitor's endpoint.",
    bad="kind: ServiceMonitor\nspec: {endpoints: [{port: http}]}",
    good="kind: ServiceMonitor\nspec: {endpoints: [{port: http, honorLabels: true}]}",
)
RULES_NOT_SELECTED: Final = CodeInfo(
    code="BG464",
    slug="rules-not-selected",
    severity=Severity.WARNING,
    summary="No Prometheus of the tree selects the labels of the fleet's alerts.",
    why="Prometheus never loads the rules, and no alert is ever raised.",
    fix="Write the labels of its `ruleSelector` under `alerts.labels`.",
    bad="alerts: {namespace: monitoring}",
    good="alerts: {namespace: monitoring, labels: {release: kube-prometheus-stack}}",
)

FOREIGN_JOB: Final = CodeInfo(
    code="BG465",
    slug="foreign-job",
    severity=Severity.WARNING,
    summary="Something else in the tree works on a repository of the fleet.",
    why="Its locks meet those of the fleet's jobs at any time, and the fleet does not know what it forgets or prunes: "
    "that no two operations meet is proved of the fleet alone.",
    fix="Remove it in the commit that adds the fleet, or say with a reason why the two never meet.",
    bad="kind: CronJob\nmetadata: {name: old-prune}\n# … restic -r s3:s3.example.com/b forget --prune",
    good='retention: {at: "03:00", …}',
)
DUPLICATE_ALERT: Final = CodeInfo(
    code="BG466",
    slug="duplicate-alert",
    severity=Severity.WARNING,
    summary="Another PrometheusRule of the tree has an alert of the same name.",
    why="One fault is then two alerts with two thresholds, and silencing one hides the other.",
    fix="Remove the other one, or give it another name.",
    bad="kind: PrometheusRule\nspec: {groups: [{name: a, rules: [{alert: BackupFailed, expr: …}]}]}",
    good="alerts: {namespace: monitoring}",
)
SCALED_TO_ZERO: Final = CodeInfo(
    code="BG467",
    slug="scaled-to-zero",
    severity=Severity.WARNING,
    summary="A backup waits for the pod of a workload that has none.",
    why="`with_pod` and `in_pod` need the app's pod: until it runs, no backup is made, and each run fails.",
    fix="Scale the app up, or suspend the target while it rests.",
    bad="kind: Deployment\nspec: {replicas: 0}",
    good="suspend: true",
)
SEVERAL_PODS: Final = CodeInfo(
    code="BG468",
    slug="several-pods",
    severity=Severity.WARNING,
    summary="The labels of `in_pod` fit several pods.",
    why="Which of them is dumped cannot be said, so each run fails as soon as two of them are ready.",
    fix="Add a label that one pod alone has, such as `statefulset.kubernetes.io/pod-name`.",
    bad="dump: {in_pod: {app: redis}, …}",
    good="dump: {in_pod: {app: redis, statefulset.kubernetes.io/pod-name: redis-0}, …}",
)

CODES: Final = declared(globals())
