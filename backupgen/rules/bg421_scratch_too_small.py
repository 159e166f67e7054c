"""BG421: a restore test without the room for what it has to restore."""

from collections.abc import Iterator
from dataclasses import replace

from backupgen.conventions.units import quantity_value
from backupgen.diagnostics import CodeInfo, Finding, Related, Severity, Spot
from backupgen.resolve.resolved import Repository, RestoreTest, Target
from backupgen.rules.base import Rule, RuleContext, finding

INFO = CodeInfo(
    code="BG421",
    slug="scratch-too-small",
    severity=Severity.ERROR,
    summary="A restore test's `scratch` is smaller than a verify rule wants a target to be.",
    why="The target does not fit, or it is too small for its rule: the restore test fails every time.",
    fix="Make `scratch` as large as the largest target, or correct `min_size`.",
    bad="restore_test: {scratch: 1Gi, …}\nverify: [{dir: grafana, min_size: 20Gi}]",
    good="restore_test: {scratch: 50Gi, …}\nverify: [{dir: grafana, min_size: 20Gi}]",
)


def check(context: RuleContext) -> Iterator[Finding]:
    """Report each restore test, of a repository or of a mirror, with the largest that does not fit."""
    for operation in context.fleet.operations():
        if operation.restore_test is not None:
            yield from _judge(context, operation.repository, operation.restore_test)


def _judge(context: RuleContext, repository: Repository, test: RestoreTest) -> Iterator[Finding]:
    wanted: list[tuple[int, Target | None, int]] = [
        (rule.min_bytes, target, index)
        for target in context.fleet.targets_of(repository.name)
        for index, rule in enumerate(target.verify)
    ]
    size, target, index = max(wanted, key=lambda each: each[0], default=(0, None, 0))
    if target is not None and size > quantity_value(test.scratch_size):
        file = target.verify[index].file
        message = f"there is no room for `{file}`, which has to have {size:,} bytes: `scratch` is {test.scratch_size}"
        found = finding(INFO, message, (*test.job.path, "scratch"), "make it as large as the largest target")
        place = Spot(path=(*target.job.path, "verify", index, "min_size"))
        yield replace(found, related=(Related("said here", place),))


RULE = Rule(INFO, check)
