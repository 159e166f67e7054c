"""What the API server refuses for its size is told before it gets there."""

import pytest

from backupgen.manifests import ManifestSet, judge_sizes
from tests.compiled import FLEETS, compiled


def judged(path: str, size: int, *, client_side: bool = True) -> list[str]:
    text = "ü" * (size // 2) + "x" * (size % 2)
    return [finding.info.code for finding in judge_sizes(ManifestSet({path: text}), client_side=client_side)]


@pytest.mark.parametrize(
    ("path", "size", "codes"),
    [
        ("monitoring/prometheusrule.backup-alerts.yaml", 2**18, []),
        ("monitoring/prometheusrule.backup-alerts.yaml", 2**18 + 1, ["BG506"]),
        ("monitoring/prometheusrule.backup-alerts.yaml", 2**19, ["BG506"]),
        ("monitoring/prometheusrule.backup-alerts.yaml", 2**19 + 1, ["BG505"]),
        ("storage/networkpolicy.rest-server.yaml", 3 * 2**19, ["BG506"]),
        ("storage/networkpolicy.rest-server.yaml", 3 * 2**19 + 1, ["BG505"]),
        ("backup/configmap.backup-restore-test-plan.yaml", 2**20, ["BG506"]),
        ("backup/configmap.backup-restore-test-plan.yaml", 2**20 + 1, ["BG505"]),
        ("backup/secret.rest-server-htpasswd.enc.yaml", 2**20 + 1, ["BG505"]),
    ],
)
def test_the_limits(path: str, size: int, codes: list[str]) -> None:
    assert judged(path, size) == codes
    assert judged(path, size, client_side=False) == [code for code in codes if code != "BG506"]


def test_the_finding_names_the_file_and_both_sizes() -> None:
    (finding,) = judge_sizes(ManifestSet({"a/configmap.x.yaml": "x" * 2**21}), client_side=False)
    assert finding.spot.file == "a/configmap.x.yaml"
    assert finding.message == "the object has about 2.0 MiB, the API server takes 1.0 MiB"


@pytest.mark.parametrize("name", FLEETS)
def test_everyday_fleets_are_small(name: str) -> None:
    assert list(judge_sizes(compiled(name).manifests, client_side=True)) == []
