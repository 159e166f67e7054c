"""The codes about out/: what was written, what is committed, and where it is compared with. BG551 and up."""

from typing import Final

from backupgen.diagnostics import CodeInfo, Severity, declared

OUT_STALE: Final = CodeInfo(
    code="BG551",
    slug="out-stale",
    severity=Severity.ERROR,
    summary="A rendered file is not what fleet.yaml says today.",
    why="The cluster runs what is committed: a change of fleet.yaml that is not rendered never happens.",
    fix="Run `backupgen render` and commit out/ together with fleet.yaml.",
    bad='# changed, but not rendered\ntargets:\n  grafana:\n    at: ":25"\n',
    good='# changed, rendered, and committed together\ntargets:\n  grafana:\n    at: ":25"\n',
)
OUT_EDITED: Final = CodeInfo(
    code="BG552",
    slug="out-edited",
    severity=Severity.ERROR,
    summary="A rendered file was changed by hand.",
    why="The next render would undo the change, so `render` refuses to: somebody's work is in it.",
    fix="Move the change into fleet.yaml or into a template (`--templates`), delete the file, and render again.",
    bad="# out/media/cronjob.backup-emby.yaml, edited\nspec:\n  suspend: true\n",
    good="# fleet.yaml\ntargets:\n  emby:\n    suspend: true\n",
)
OUT_MISSING: Final = CodeInfo(
    code="BG553",
    slug="out-missing",
    severity=Severity.ERROR,
    summary="A file that fleet.yaml asks for was not rendered, or was deleted.",
    why="The object does not exist in the cluster: a target without its CronJob is never backed up.",
    fix="Run `backupgen render` and commit out/.",
    bad="# a new target, not rendered\ntargets:\n  emby:\n    namespace: media\n",
    good="# a new target, rendered and committed\ntargets:\n  emby:\n    namespace: media\n",
)
OUT_ORPHAN: Final = CodeInfo(
    code="BG554",
    slug="out-orphan",
    severity=Severity.ERROR,
    summary="A rendered file belongs to nothing in fleet.yaml any more.",
    why="The cluster goes on running a job that the fleet no longer knows, and that no proof covers.",
    fix="Run `backupgen render`, which removes it. A sealed Secret you delete yourself: it may be the only copy.",
    bad="# emby was removed, out/media/cronjob.backup-emby.yaml is still there\ntargets: {}\n",
    good="# removed from both\ntargets: {}\n",
)
OUT_UNKNOWN: Final = CodeInfo(
    code="BG555",
    slug="out-unknown",
    severity=Severity.WARNING,
    summary="A YAML file in out/ that backupgen did not write.",
    why="It is deployed with the fleet, but nothing checks it; a plain Secret among them would be public.",
    fix="Keep your own manifests in a folder beside out/.",
    bad="# out/media/my-own.yaml\nkind: ConfigMap\n",
    good="# apps/media/my-own.yaml\nkind: ConfigMap\n",
)
OUT_FOREIGN: Final = CodeInfo(
    code="BG556",
    slug="out-foreign",
    severity=Severity.ERROR,
    summary="Something that backupgen did not write stands where a file would be rendered.",
    why="It would be lost, so `render` writes nothing at all.",
    fix="Move or delete it, or name another folder with `--out`.",
    bad="# backupgen render --out apps, where apps/media/kustomization.yaml is your own\nfleet: home\n",
    good="# backupgen render --out apps/backup\nfleet: home\n",
)
OUT_SYMLINK: Final = CodeInfo(
    code="BG557",
    slug="out-symlink",
    severity=Severity.ERROR,
    summary="A symbolic link stands in the way to a rendered file.",
    why="Through a link, files outside of out/ would be read, overwritten or removed.",
    fix="Replace the link by a folder or file, or name the folder that it leads to with `--out`.",
    bad="# out/media -> /srv/media\nfleet: home\n",
    good="# out/media is a folder\nfleet: home\n",
)
OUT_UNREADABLE: Final = CodeInfo(
    code="BG558",
    slug="out-unreadable",
    severity=Severity.ERROR,
    summary="A file in out/ cannot be read.",
    why="What is committed cannot be compared with what fleet.yaml says.",
    fix="See to it that the file may be read and is UTF-8 text; or delete it and run `backupgen render`.",
    bad="# out/media/cronjob.backup-emby.yaml, saved as UTF-16\nkind: CronJob\n",
    good="# out/media/cronjob.backup-emby.yaml, as it was rendered\nkind: CronJob\n",
)
INVENTORY_DAMAGED: Final = CodeInfo(
    code="BG559",
    slug="inventory-damaged",
    severity=Severity.ERROR,
    summary="The inventory of out/ is not what backupgen wrote.",
    why="Without it, backupgen does not know which files are its own, and neither overwrites nor removes any.",
    fix="Restore it from Git. After a merge conflict, delete it and run `backupgen render`: files that are what "
    "would be rendered are taken over, each other one is named.",
    bad="# out/.backupgen-inventory.json with `<<<<<<<` in it\nfleet: home\n",
    good="# out/.backupgen-inventory.json, written anew by `backupgen render`\nfleet: home\n",
)
OUT_NOT_WRITABLE: Final = CodeInfo(
    code="BG560",
    slug="out-not-writable",
    severity=Severity.ERROR,
    summary="A rendered file cannot be written or removed.",
    why="What the cluster runs would stay as it was.",
    fix="See to the permissions and the free space, and run `backupgen render` again: it goes on where it stopped.",
    bad="# out/ belongs to another user\nfleet: home\n",
    good="# out/ belongs to you\nfleet: home\n",
)
REVISION_UNREADABLE: Final = CodeInfo(
    code="BG562",
    slug="revision-unreadable",
    severity=Severity.ERROR,
    summary="The revision to compare with cannot be read from Git.",
    why="A comparison with nothing would call everything new.",
    fix="Name a commit, branch or tag that exists here; in CI, fetch it first (`git fetch origin main`).",
    bad="# backupgen diff --against orign/main\nfleet: home\n",
    good="# backupgen diff --against origin/main\nfleet: home\n",
)

CODES: Final = declared(globals())
