"""Secrets: what has to be sealed, and which values somebody has to give."""

from collections.abc import Iterable, Iterator

from backupgen.conventions import naming
from backupgen.diagnostics.wording import listed
from backupgen.diff.compare import Change
from backupgen.diff.impact.kinds import ConsequenceKind
from backupgen.diff.impact.model import Impact, Situation
from backupgen.diff.objects import OTHER_VALUE
from backupgen.sealing.sealed import secret_keys


def of_secret(change: Change) -> Iterator[Impact]:
    """Compare the keys of a Secret."""
    before, after = secret_keys((change.old,)), secret_keys((change.new,))
    owner = change.identity.name.removeprefix(naming.secret(""))
    secret = f"the Secret of `{owner}`" if owner != change.identity.name else f"the Secret `{owner}`"
    if change.new is None:
        return
    if added := [key for key in after if key not in before]:
        new = "is new and" if change.old is None else "now"
        message = f"{secret} {new} needs {listed(added)}: `render` seals it, or `secrets seal`"
        yield Impact(ConsequenceKind.SECRET_KEYS_ADDED, owner, message)
    if removed := [key for key in before if key not in after]:
        yield Impact(ConsequenceKind.SECRET_KEYS_REMOVED, owner, f"{secret} no longer needs {listed(removed)}")
    changed = [str(one.steps[-1]) for one in change.fields if one.steps[0] == "stringData" and one.new == OTHER_VALUE]
    if changed:
        message = f"{secret} is sealed with another value of {listed(changed)}"
        yield Impact(ConsequenceKind.SECRET_VALUES_CHANGED, owner, message)
    elif change.old is not None and "sops" in change.old and not added:
        message = f"{secret} is sealed anew, though its values stay: `render` needs a key for that"
        yield Impact(ConsequenceKind.SECRET_RESEALED, owner, message)


def of_credentials(changes: Iterable[Change], situation: Situation) -> Iterator[Impact]:
    """Name the values that Secrets need now, that none of them needed before, and that nobody has given yet."""
    had: dict[tuple[str, str], tuple[str, ...]] = {}
    for change in changes:
        if change.identity.kind == "Secret":
            had[change.identity.namespace, change.identity.name] = secret_keys((change.old,))
    known = set(situation.given)
    missing: set[str] = set()
    for secret, keys in situation.needed.items():
        for key, names in keys.items():
            (known if key in had.get(secret, keys) else missing).update(names)
    if new := sorted(missing - known):
        message = (
            f"values are needed that nobody has given yet: {listed(new)}; the first command adds their names, the "
            "second takes them"
        )
        yield Impact(ConsequenceKind.CREDENTIALS_MISSING, "", message, (situation.secrets, f"{situation.secrets} edit"))
