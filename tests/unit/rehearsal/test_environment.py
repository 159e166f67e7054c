"""What kubelet makes of references in a container."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backupgen.manifests.filters import k8s
from backupgen.rehearsal.cluster import Cluster
from backupgen.rehearsal.environment import ConfigError, arguments_of, environment_of, expand
from tests.unit.manifests import kubernetes

SECRET = {"metadata": {"name": "s", "namespace": "n"}, "stringData": {"A": "<backupgen value: x>", "B": "plain"}}
CONFIG = {"metadata": {"name": "c", "namespace": "n"}, "data": {"D": "from c"}}
CLUSTER = Cluster({("Secret", "n", "s"): SECRET, ("ConfigMap", "n", "c"): CONFIG})


def environment(container: dict[str, object], **changes: str) -> dict[str, str]:
    return environment_of(container, "n", CLUSTER, lambda name: f"value of {name}", changes)


@given(st.text(alphabet="$()ab{}", max_size=12), st.dictionaries(st.sampled_from(["a", "b", "ab"]), st.text("xy$(a)")))
def test_variables_are_expanded_as_kubernetes_does(text: str, variables: dict[str, str]) -> None:
    assert expand(text, variables) == kubernetes.expand(text, variables)


@given(st.text(max_size=20))
def test_what_is_rendered_arrives_as_it_was(text: str) -> None:
    assert expand(k8s(text), {"a": "b"}) == text


def test_a_variable_of_ones_own_wins_over_one_of_a_whole_secret_and_a_change_over_both() -> None:
    container = {
        "envFrom": [{"secretRef": {"name": "s"}}, {"configMapRef": {"name": "c"}}],
        "env": [
            {"name": "B", "value": "own"},
            {"name": "C", "value": "$(B) $(A) $$(B)"},
            {"name": "E", "valueFrom": {"secretKeyRef": {"name": "s", "key": "B"}}},
        ],
    }
    found = environment(container, D="changed")
    assert found == {"A": "value of x", "B": "own", "C": "own $(A) $(B)", "D": "changed", "E": "plain"}
    assert arguments_of({"command": ["$(B)"], "args": ["$(F) $$x"]}, found) == ("own", "$(F) $x")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"secretKeyRef": {"name": "t", "key": "A"}}, "there is no Secret `t` in the namespace `n`"),
        ({"secretKeyRef": {"name": "s", "key": "Z"}}, "Secret `s` in `n` has no key `Z`"),
        ({"configMapKeyRef": {"name": "c", "key": "Z"}}, "ConfigMap `c` in `n` has no key `Z`"),
    ],
)
def test_what_is_not_there_keeps_the_container_from_starting(source: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        environment({"env": [{"name": "X", "valueFrom": source}]})
