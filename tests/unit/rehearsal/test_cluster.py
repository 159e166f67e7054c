"""The rendered files as a cluster would hold them."""

import pytest

from backupgen.rehearsal.cluster import read_cluster
from backupgen.rehearsal.metrics import pushed
from backupgen.rehearsal.values import htpasswd_line, secret_data, throw_away
from tests.compiled import compiled

REFERENCE = read_cluster(compiled("reference").manifests.files)


def test_reflector_copies_the_scripts_into_the_namespaces_of_its_list_only() -> None:
    own = REFERENCE.find("ConfigMap", "longhorn", "crontab-backup-script")
    assert own is not None
    assert REFERENCE.find("ConfigMap", "media", "crontab-backup-script") is own
    assert REFERENCE.find("ConfigMap", "elsewhere", "crontab-backup-script") is None
    assert REFERENCE.find("ConfigMap", "media", "backup-restore-test-plan") is None, "is reflected nowhere"


def test_every_namespace_has_its_own_scripts_without_reflector() -> None:
    found = read_cluster(compiled("everything").manifests.files)
    scripts = [key for key in found.objects if key[0] == "ConfigMap" and key[2] == "crontab-backup-script"]
    assert len(scripts) > 3


@pytest.mark.parametrize(
    ("account", "verb", "resource", "may"),
    [
        ("backup-mariadb", "list", "pods", True),
        ("backup-mariadb", "create", "pods/exec", True),
        ("backup-mariadb", "delete", "pods", False),
        ("default", "list", "pods", False),
    ],
)
def test_who_may_do_what(account: str, verb: str, resource: str, *, may: bool) -> None:
    assert REFERENCE.may("databases", account, verb, resource) is may


def test_placeholders_become_values_and_lines_of_htpasswd() -> None:
    secret = REFERENCE.objects[("Secret", "backup", "rest-server-htpasswd")]
    assert secret_data(secret, lambda name: f"<{name}>") == {
        "append-only": f"{htpasswd_line('backup', '<restic-rest-password>')}\n",
        "maintenance": f"{htpasswd_line('maintenance', '<restic-rest-maintenance-password>')}\n",
    }
    # As `htpasswd -s` prints it.
    assert htpasswd_line("u", "pw1") == "u:{SHA}AsWT/Zr4JUuFnUJqdrbNQoR/vsE="
    assert secret_data({"data": {"A": "eA=="}, "stringData": {"B": "y"}}, str.upper) == {"A": "x", "B": "y"}


def test_values_have_the_form_that_their_reader_expects() -> None:
    assert throw_away("restic-password", lambda: "chance", {"restic-password": "known"}) == "known"
    assert throw_away("restic-password", lambda: "chance", {}) == "chance"
    assert throw_away("ntfy-credentials", lambda: "chance", {}) == "rehearsal:chance"


def test_a_group_of_the_pushgateway() -> None:
    text = (
        "# TYPE backup_status gauge\n"
        'backup_status{instance="it\\"s",job="backup",status="success"} 0\n'
        'backup_duration_seconds{instance="it\\"s",job="backup"} 1.5e+01\n'
        'push_time_seconds{instance="it\\"s",job="backup"} 1.7e+09\n'
        'backup_duration_seconds{instance="other",job="backup"} 3\n'
        'backup_duration_seconds{instance="it\\"s",job="other"} 4\n'
        "go_goroutines 9\n"
    )
    found = pushed(text, 'it"s')
    assert found.series == {'backup_status{status="success"}': 0.0, "backup_duration_seconds": 15.0}
    assert found.time == 1.7e9
    assert pushed(text, "nobody") == ({}, 0.0)
