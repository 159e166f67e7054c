"""BG320: two URLs that differ only in the port, which may be two ports of one server."""

from collections.abc import Iterator

from backupgen.diagnostics import CodeInfo, Finding, NodePath, Severity
from backupgen.integrations.identity import names_of, portless_names_of
from backupgen.integrations.location import Location
from backupgen.rules.base import Rule, RuleContext, finding

INFO = CodeInfo(
    code="BG320",
    slug="same-repository-by-port",
    severity=Severity.WARNING,
    summary="Two URLs differ only in their port, and may lead to one repository.",
    why="A server often has two ports for one repository. Locks, slots and mirrors are then judged as if it were two.",
    fix="Give both their `id`, as `restic cat config` prints it: equal ids are refused, different ones are two places.",
    bad='repository: {url: "rest:http://nas.example.com:8000/"}\n'
    'repositories:\n  second: {url: "rest:http://nas.example.com:8001/"}',
    good='repository: {url: "rest:http://nas.example.com:8000/", id: 5f…}\n'
    'repositories:\n  second: {url: "rest:http://nas.example.com:8001/", id: a7…}',
    voids_proof=True,
)


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each repository or mirror that differs from an earlier one in the port alone, unless both have an id."""
    taken: dict[str, tuple[Location, str | None, NodePath]] = {}
    for location, id_, path in _places(context):
        for name in sorted(portless_names_of(location)):
            other = taken.setdefault(name, (location, id_, path))
            if other[2] == path or not names_of(location).isdisjoint(names_of(other[0])):
                continue
            if id_ is None or other[1] is None:
                where = ".".join(str(part) for part in other[2])
                message = f"this differs from `{where}` only in the port, and may be the same repository"
                yield finding(INFO, message, path, "give both their `id`, as `restic cat config` prints it")
                break


def _places(context: RuleContext) -> Iterator[tuple[Location, str | None, NodePath]]:
    for repository in context.fleet.repositories:
        yield repository.location, repository.id, (*repository.path, "url")
        for mirror in repository.mirrors:
            yield mirror.to, mirror.id, (*mirror.job.path, "to")


RULE = Rule(INFO, check)
