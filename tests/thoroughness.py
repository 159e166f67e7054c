"""How much of what is drawn or sampled a run of the tests tries.

Hypothesis' profile says it: `quick` for `make test`, `all` for `make test-all`, `nightly` for `make nightly`. The first
two draw the same each time, so that nobody's change is red by luck; what a nightly draw finds becomes an example of
its test.
"""

from collections.abc import Collection, Sequence
from typing import TypeVar

from hypothesis import HealthCheck, settings

Item = TypeVar("Item")

QUICK, ALL, NIGHTLY = "quick", "all", "nightly"
DRAWN = {QUICK: 15, ALL: 100, NIGHTLY: 1000}
"""The profile -> how many examples a test draws that asks for no number."""


# Time says nothing on a shared machine, and whether a strategy is wasteful shall not depend on what is drawn first.
UNJUDGED = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)

for _name, _number in DRAWN.items():
    settings.register_profile(
        _name,
        max_examples=_number,
        derandomize=_name != NIGHTLY,
        deadline=None,
        suppress_health_check=UNJUDGED,
    )
# What holds unless pytest is called with --hypothesis-profile.
settings.load_profile(QUICK)


def examples(number: int, *, quick: int = DRAWN[QUICK], suppress: Collection[HealthCheck] = ()) -> settings:
    """Settings of a property that draws so many examples in `make test-all`; at most `quick` in `make test`."""
    drawn = {QUICK: min(number, quick), ALL: number, NIGHTLY: 10 * number}[settings.get_current_profile_name()]
    return settings(max_examples=drawn, suppress_health_check={*UNJUDGED, *suppress})


def is_quick() -> bool:
    """Whether this is `make test`, which tries a sample of what `make test-all` tries."""
    return settings.get_current_profile_name() == QUICK


def sample(items: Sequence[Item], quick: Collection[Item]) -> Sequence[Item]:
    """All of the items, in `make test` only those that are named, each of which there has to be."""
    assert set(quick) <= set(items), "the sample has what is not there"
    return [item for item in items if item in quick] if is_quick() else items
