"""The Pushgateway: which groups stay behind."""

from collections.abc import Iterable, Iterator

from backupgen.diff.groups import abandoned
from backupgen.diff.impact.kinds import ConsequenceKind
from backupgen.diff.impact.model import Impact, Situation
from backupgen.diff.pairs import Pair


def of_reports(pairs: Iterable[Pair], situation: Situation) -> Iterator[Impact]:
    """Name what nobody reports to any more, with the commands that delete it, and jobs that report elsewhere."""
    olds = []
    for old, new in pairs:
        olds += [old] if old is not None else []
        if old is not None and new is not None and old.pushgateway != new.pushgateway:
            where = f"to `{new.pushgateway}`" if new.pushgateway else "to no Pushgateway"
            before = f"`{old.pushgateway}`" if old.pushgateway else "none"
            message = (
                f"`{new.subject}` reports {where}, it was {before}: see to it that Prometheus scrapes what it should"
            )
            yield Impact(ConsequenceKind.PUSHGATEWAY_CHANGED, new.subject, message)
    for group in abandoned(olds, situation.reporting):
        message = (
            f"the Pushgateway goes on showing what `{group.instance}` reported last: once this is deployed, delete it"
        )
        yield Impact(ConsequenceKind.PUSHGATEWAY_GROUP, group.instance, message, group.deletion())
