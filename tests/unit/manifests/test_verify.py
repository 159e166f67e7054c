from types import MappingProxyType

import pytest

from backupgen.manifests import ManifestSet
from backupgen.manifests.verify import planned_id, verify
from backupgen.plan.facts import access, manifest
from tests.unit.manifests import samples

ACCOUNT = access.ServiceAccount(samples.meta("a", "b"))
GOOD = "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: a\n  namespace: b\n"


def messages(*texts: str, facts: tuple[manifest.Facts, ...] = (ACCOUNT,)) -> list[str]:
    files = {f"{number}.yaml": text for number, text in enumerate(texts)}
    return [finding.message for finding in verify(ManifestSet(MappingProxyType(files)), samples.plan(*facts))]


def test_a_sound_file() -> None:
    assert messages(GOOD) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace("name: a", "name: c"), "the file holds `ServiceAccount b/c` (v1), expected `ServiceAccount b/a`"),
        (GOOD.replace("v1", "v2"), "the file holds `ServiceAccount b/a` (v2), expected `ServiceAccount b/a`"),
        (GOOD + "---\n" + GOOD, "the file holds 2 documents, expected one mapping"),
        ("- a\n", "the file holds 1 documents, expected one mapping"),
        ("a: 1\n", "the file holds `` (no apiVersion), expected `ServiceAccount b/a`"),
        (GOOD + "kind: x\n", "the file is not plain YAML: duplicate key `kind`"),
    ],
)
def test_an_unsound_file(text: str, message: str) -> None:
    assert messages(text) == [message]


def test_two_files_of_one_object() -> None:
    assert messages(GOOD, GOOD, facts=(ACCOUNT, ACCOUNT)) == ["`ServiceAccount b/a` is in `0.yaml` as well"]


def test_files_too_few_and_too_many() -> None:
    assert messages(facts=(ACCOUNT,)) == ["the file was not rendered"]
    assert messages(GOOD, GOOD) == ["the file is not planned"]


def test_policies_have_two_kinds() -> None:
    policy = access.CiliumNetworkPolicy(samples.meta(), {}, (), (), dns=True, api_server=False)
    found = planned_id(policy)
    assert found is not None
    assert found[:2] == ("cilium.io/v2", "CiliumNetworkPolicy")
