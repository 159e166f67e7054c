"""What two parts of a fleet would share without wanting to is refused."""

import pytest

from tests.judging import judged, lines_of

BASE = """\
fleet: home
home_namespace: backup
timezone: UTC
images: {restic: a/b:1, kubectl: a/c:1, rest_server: a/d:1}
repository:
  url: rest:http://rest.storage.svc:8000/
  server: {volume: {pvc: restic}}
  mirrors:
    away: {at: "05:00", deadline: 1h, to: "s3:s3.example.com/b/away"}
"""
DUMP = "dump: {{in_pod: {{app: {0}}}, command: [c], file: f, staging: {{pvc: stage}}}}"
TARGET = '  {0}: {{namespace: {1}, at: ":20", deadline: 10m, run_as: 1, {2}}}\n'


def errors(text: str) -> list[str]:
    return [line for line in lines_of(judged(text.encode())) if " BG207 " in line or " BG210 " in line]


@pytest.mark.parametrize(
    "targets",
    [
        [("a", "x", DUMP.format("a")), ("b", "x", DUMP.format("b"))],
        [("a", "x", DUMP.format("a")), ("b", "x", "volume: {pvc: stage}")],
        [("a", "x", f"volume: {{pvc: stage}}, {DUMP.format('a')}")],
        [("a", "storage", DUMP.format("a").replace("stage", "restic"))],
        [("a", "x", "volumes: {p: {pvc: stage}, q: {pvc: other}}"), ("b", "x", DUMP.format("b"))],
    ],
)
def test_a_claim_for_a_dump_is_its_jobs_alone(targets: list[tuple[str, str, str]]) -> None:
    text = BASE + "targets:\n" + "".join(TARGET.format(*target) for target in targets)
    (line,) = errors(text)
    assert "is used by" in line


def test_claims_of_one_name_in_two_namespaces_are_two() -> None:
    targets = [("a", "x", DUMP.format("a")), ("b", "y", DUMP.format("b")), ("c", "z", "volume: {pvc: stage}")]
    assert errors(BASE + "targets:\n" + "".join(TARGET.format(*target) for target in targets)) == []


def test_a_mirror_and_a_repository_have_values_of_their_own() -> None:
    targets = "targets:\n" + TARGET.format("a", "x", "volume: {pvc: a}")
    assert errors(BASE + targets) == []
    twin = 'repositories: {mirror-away: {url: "s3:s3.example.com/b/other"}}\n'
    (line,) = errors(BASE + twin + targets)
    assert "its value `mirror-away-aws-access-key-id` is that of `repository.mirrors.away` already" in line
    assert errors(BASE + twin.replace("mirror-away", "mirror-far") + targets) == []
    named = twin.replace('"}', '", credentials: {AWS_ACCESS_KEY_ID: k, AWS_SECRET_ACCESS_KEY: s}}')
    assert errors(BASE + named + targets) == []


@pytest.mark.parametrize("path", ["../../etc/", "a//b/", "my%20repo/", "./a", "a/..", "-x/"])
def test_a_servers_path_is_one_of_folders(path: str) -> None:
    text = BASE.replace(":8000/", f":8000/{path}") + "targets:\n" + TARGET.format("a", "x", "volume: {pvc: a}")
    assert any("BG209 the path" in line for line in lines_of(judged(text.encode())))
