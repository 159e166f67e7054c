"""The one type of everything that backupgen has to say about a fleet, and how stages hand it on."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from backupgen.diagnostics.code import CodeInfo, Severity
from backupgen.diagnostics.span import Spot

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that explains a finding: "first defined here"."""

    message: str
    spot: Spot


@dataclass(frozen=True, slots=True)
class Finding:
    """One diagnostic.

    `message` is lower case, without a final period, quotes the user's value in backticks, and says what was found and
    what was expected; `help` is the remedy. None of the texts ever holds a secret value.
    """

    info: CodeInfo
    message: str
    spot: Spot
    help: str = ""
    target: str | None = None
    """The target that the finding is about, if it is about one."""
    related: tuple[Related, ...] = ()
    cause: str = ""
    """Which values of the fleet led to it, where the message cannot say so shortly."""

    @property
    def severity(self) -> Severity:
        """The severity of the finding's code."""
        return self.info.severity


@dataclass(frozen=True, slots=True)
class Checked(Generic[T_co]):
    """The result of a stage: its value, or the findings that keep it from having one.

    A value may come with findings of severity warning and info; without a value at least one finding is an error.
    """

    value: T_co | None
    findings: tuple[Finding, ...] = ()


def has_errors(findings: Iterable[Finding]) -> bool:
    """Whether any of the findings stops the compile."""
    return any(finding.severity is Severity.ERROR for finding in findings)
