"""What changes mean, in the words of backups."""

from collections.abc import Iterable, Iterator

from backupgen.diff.compare import Change
from backupgen.diff.impact.alerts import of_alerts
from backupgen.diff.impact.contents import of_contents, of_images, of_rights
from backupgen.diff.impact.kinds import RANK, ConsequenceKind, Level
from backupgen.diff.impact.model import Holding, Impact, Situation
from backupgen.diff.impact.plans import known_tags, of_plans
from backupgen.diff.impact.reports import of_reports
from backupgen.diff.impact.repositories import of_repositories, of_server
from backupgen.diff.impact.secrets import of_credentials, of_secret
from backupgen.diff.impact.targets import of_jobs
from backupgen.diff.impact.timing import of_timing
from backupgen.diff.pairs import Pair, pair_up

__all__ = ["ConsequenceKind", "Holding", "Impact", "Level", "Situation", "impact"]


def impact(changes: tuple[Change, ...], situation: Situation) -> tuple[Impact, ...]:
    """Return what the changes mean, the most serious first."""
    pairs = pair_up(changes)
    found = [
        *_of_objects(changes),
        *_of_pairs(pairs, situation),
        *of_reports(pairs, situation),
        *of_repositories(pairs, situation),
        *of_plans(changes, known_tags(pairs)),
        *of_credentials(changes, situation),
        *of_alerts(changes),
    ]
    return tuple(sorted(dict.fromkeys(found), key=lambda one: (RANK[one.kind], one.target, one.message)))


def _of_pairs(pairs: Iterable[Pair], situation: Situation) -> Iterator[Impact]:
    for pair in pairs:
        yield from of_jobs(pair, situation)
        yield from of_timing(pair, situation)
        yield from of_contents(pair)


def _of_objects(changes: Iterable[Change]) -> Iterator[Impact]:
    for change in changes:
        match change.identity.kind:
            case "Secret":
                yield from of_secret(change)
            case "CronJob":
                yield from of_images(change)
            case "Deployment":
                yield from of_images(change)
                yield from of_server(change)
            case "Role":
                yield from of_rights(change)
            case _:
                pass
