"""The codes about out/: what was written, what is committed, and where it is compared with. BG551 and up."""

from typing import Final

from backupgen.diagnostics import CodeInfo, Severity


def _error(code: str, slug: str, summary: str, *, why: str, fix: str, bad: str, good: str) -> CodeInfo:
    return CodeInfo(code, slug, Severity.ERROR, summary, why, fix, bad, good)


OUT_STALE: Final = _error(
    "BG551",
    "out-stale",
    "a rendered file is not what fleet.yaml says today",
    why="The cluster runs what is committed: a change of fleet.yaml that is not rendered never happens.",
    fix="Run `backupgen render` and commit out/ together with fleet.yaml.",
    bad='# changed, but not rendered\ntargets:\n  grafana:\n    at: ":25"\n',
    good='# changed, rendered, and committed together\ntargets:\n  grafana:\n    at: ":25"\n',
)
OUT_EDITED: Final = _error(
    "BG552",
    "out-edited",
    "a rendered file was changed by hand",
    why="The next render would undo the change, so `render` refuses to: somebody's work is in it.",
    fix="Move the change into fleet.yaml or into a template (`--templates`), delete the file, and render again.",
    bad="# out/media/cronjob.backup-emby.yaml, edited\nspec:\n  suspend: true\n",
    good="# fleet.yaml\ntargets:\n  emby:\n    suspend: true\n",
)
OUT_MISSING: Final = _error(
    "BG553",
    "out-missing",
    "a file that fleet.yaml asks for was not rendered, or was deleted",
    why="The object does not exist in the cluster: a target without its CronJob is never backed up.",
    fix="Run `backupgen render` and commit out/.",
    bad="# a new target, not rendered\ntargets:\n  emby:\n    namespace: media\n",
    good="# a new target, rendered and committed\ntargets:\n  emby:\n    namespace: media\n",
)
OUT_ORPHAN: Final = _error(
    "BG554",
    "out-orphan",
    "a rendered file belongs to nothing in fleet.yaml any more",
    why="The cluster goes on running a job that the fleet no longer knows, and that no proof covers.",
    fix="Run `backupgen render`, which removes it. A sealed Secret you delete yourself: it may be the only copy.",
    bad="# emby was removed, out/media/cronjob.backup-emby.yaml is still there\ntargets: {}\n",
    good="# removed from both\ntargets: {}\n",
)
OUT_UNKNOWN: Final = CodeInfo(
    "BG555",
    "out-unknown",
    Severity.WARNING,
    "a YAML file in out/ that backupgen did not write",
    why="It is deployed with the fleet, but nothing checks it; a plain Secret among them would be public.",
    fix="Keep your own manifests in a folder beside out/.",
    bad="# out/media/my-own.yaml\nkind: ConfigMap\n",
    good="# apps/media/my-own.yaml\nkind: ConfigMap\n",
)
OUT_FOREIGN: Final = _error(
    "BG556",
    "out-foreign",
    "something that backupgen did not write stands where a file would be rendered",
    why="It would be lost, so `render` writes nothing at all.",
    fix="Move or delete it, or name another folder with `--out`.",
    bad="# backupgen render --out apps, where apps/media/kustomization.yaml is your own\nfleet: home\n",
    good="# backupgen render --out apps/backup\nfleet: home\n",
)
OUT_SYMLINK: Final = _error(
    "BG557",
    "out-symlink",
    "a symbolic link stands in the way to a rendered file",
    why="Through a link, files outside of out/ would be read, overwritten or removed.",
    fix="Replace the link by a folder or file, or name the folder that it leads to with `--out`.",
    bad="# out/media -> /srv/media\nfleet: home\n",
    good="# out/media is a folder\nfleet: home\n",
)
OUT_UNREADABLE: Final = _error(
    "BG558",
    "out-unreadable",
    "a file in out/ cannot be read",
    why="What is committed cannot be compared with what fleet.yaml says.",
    fix="See to it that the file may be read and is UTF-8 text; or delete it and run `backupgen render`.",
    bad="# out/media/cronjob.backup-emby.yaml, saved as UTF-16\nkind: CronJob\n",
    good="# out/media/cronjob.backup-emby.yaml, as it was rendered\nkind: CronJob\n",
)
INVENTORY_DAMAGED: Final = _error(
    "BG559",
    "inventory-damaged",
    "the inventory of out/ is not what backupgen wrote",
    why="Without it, backupgen does not know which files are its own, and neither overwrites nor removes any.",
    fix=(
        "Restore it from Git. After a merge conflict, delete it and run `backupgen render`: files that are what "
        "would be rendered are taken over, each other one is named."
    ),
    bad="# out/.backupgen-inventory.json with `<<<<<<<` in it\nfleet: home\n",
    good="# out/.backupgen-inventory.json, written anew by `backupgen render`\nfleet: home\n",
)
OUT_NOT_WRITABLE: Final = _error(
    "BG560",
    "out-not-writable",
    "a rendered file cannot be written or removed",
    why="What the cluster runs would stay as it was.",
    fix="See to the permissions and the free space, and run `backupgen render` again: it goes on where it stopped.",
    bad="# out/ belongs to another user\nfleet: home\n",
    good="# out/ belongs to you\nfleet: home\n",
)
REVISION_UNREADABLE: Final = _error(
    "BG562",
    "revision-unreadable",
    "the revision to compare with cannot be read from Git",
    why="A comparison with nothing would call everything new.",
    fix="Name a commit, branch or tag that exists here; in CI, fetch it first (`git fetch origin main`).",
    bad="# backupgen diff --against orign/main\nfleet: home\n",
    good="# backupgen diff --against origin/main\nfleet: home\n",
)

CODES: Final = (
    OUT_STALE,
    OUT_EDITED,
    OUT_MISSING,
    OUT_ORPHAN,
    OUT_UNKNOWN,
    OUT_FOREIGN,
    OUT_SYMLINK,
    OUT_UNREADABLE,
    INVENTORY_DAMAGED,
    OUT_NOT_WRITABLE,
    REVISION_UNREADABLE,
)
