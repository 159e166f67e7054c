"""Which job became which: the same object, or, where that is certain, one that goes by another name or namespace."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from backupgen.conventions.roles import PodRole
from backupgen.diff.compare import Change
from backupgen.diff.jobs import RenderedJob, job_of


class Pair(NamedTuple):
    """A job before and after; None: it did not exist, or does not any more."""

    old: RenderedJob | None
    new: RenderedJob | None


def pair_up(changes: Iterable[Change]) -> tuple[Pair, ...]:
    """Return the changed jobs of the fleet.

    A job that goes and one that comes are the same if one thing says so that only they have in common: the name, the
    tag and host of their snapshots, or everything that they read.
    """
    pairs = [Pair(job_of(change.old), job_of(change.new)) for change in changes if change.identity.kind == "CronJob"]
    pairs = [pair for pair in pairs if pair != Pair(None, None)]
    for mark in _MARKS:
        pairs = _joined(pairs, mark)
    return tuple(pairs)


_Mark = Callable[[RenderedJob], object]


def _snapshots(job: RenderedJob) -> object:
    return (
        (job.repository, job.tag, job.instance) if job.role == PodRole.BACKUP and job.tag and job.repository else None
    )


def _data(job: RenderedJob) -> object:
    return (job.namespace, job.node, frozenset(job.sources.values())) if job.sources else None


_MARKS: Final[tuple[_Mark, ...]] = (lambda job: (job.role, job.name), _snapshots, _data)


def _joined(pairs: list[Pair], mark: _Mark) -> list[Pair]:
    gone = {mark(job): job for job in _only(pairs, mark, lambda pair: pair.old if pair.new is None else None)}
    come = {mark(job): job for job in _only(pairs, mark, lambda pair: pair.new if pair.old is None else None)}
    same = [Pair(gone[key], come[key]) for key in gone if key in come]
    taken = {id(job) for pair in same for job in pair}
    return [pair for pair in pairs if id(pair.old or pair.new) not in taken] + same


def _only(pairs: list[Pair], mark: _Mark, side: Callable[[Pair], RenderedJob | None]) -> list[RenderedJob]:
    """The jobs of one side whose mark no other of them has."""
    jobs = [job for pair in pairs if (job := side(pair)) is not None and mark(job) is not None]
    count = Counter(map(mark, jobs))
    return [job for job in jobs if count[mark(job)] == 1]
