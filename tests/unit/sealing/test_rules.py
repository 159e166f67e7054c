"""sops' rules, and how they compare with what sops wrote into a sealed file."""

import json
from typing import Any

import pytest
import yaml

from backupgen.sealing.envelope import Selection, read_envelope
from backupgen.sealing.rules import Rule, RulesSource, judge_rule, read_rules

ONE, TWO = "age1one", "age1two"
SEALED_WITH: dict[str, dict[str, Any]] = {
    # The rule's own words -> the entry that sops makes of it (stores/stores.go).
    "age: age1one": {"age": [{"recipient": ONE, "enc": "…"}]},
    "age: 'age1two, age1one,'": {"age": [{"recipient": ONE}, {"recipient": TWO}]},
    "age: [age1one, age1two]": {"age": [{"recipient": TWO}, {"recipient": ONE}]},
    "age: 'ssh-ed25519 AAAA anna@home'": {"age": [{"recipient": "ssh-ed25519 AAAA"}]},
    "pgp: 85D7 7543 B3D6 24b6": {"pgp": [{"fp": "85D77543B3D624B6", "created_at": "…"}]},
    "kms: arn:aws:kms:eu:1:key/a+arn:aws:iam::1:role/r": {"kms": [{"arn": "arn:aws:kms:eu:1:key/a", "role": "…"}]},
    "gcp_kms: projects/p/cryptoKeys/k": {"gcp_kms": [{"resource_id": "projects/p/cryptoKeys/k"}]},
    "hckms: ['tr-west-1:uuid']": {"hckms": [{"key_id": "tr-west-1:uuid"}]},
    "azure_keyvault: https://v.vault.azure.net/keys/k/0123": {
        "azure_kv": [{"vault_url": "https://v.vault.azure.net", "name": "k", "version": "4567"}]
    },
    "azure_keyvault: https://v.vault.azure.net/keys/k/": {
        "azure_kv": [{"vault_url": "https://v.vault.azure.net/", "name": "k", "version": "4567"}]
    },
    "hc_vault_transit_uri: https://vault:8200/v1/sops/keys/first": {
        "hc_vault": [{"vault_address": "https://vault:8200", "engine_path": "sops", "key_name": "first"}]
    },
    "age: age1one\npgp: FP": {"age": [{"recipient": ONE}], "pgp": [{"fp": "FP"}]},
    "key_groups: [{age: [age1one]}, {pgp: [FP], hc_vault: ['https://v/v1/e/keys/k']}]": {
        "shamir_threshold": 2,
        "key_groups": [
            {"hc_vault": [], "age": [{"recipient": ONE}]},
            {"pgp": [{"fp": "FP"}], "hc_vault": [{"vault_address": "https://v", "engine_path": "e", "key_name": "k"}]},
        ],
    },
    "key_groups: [{merge: [{age: [age1one]}], kms: [{arn: a, role: r}], azure_keyvault: [{vaultUrl: u, key: k}]}]": {
        "age": [{"recipient": ONE}],
        "kms": [{"arn": "a"}],
        "azure_kv": [{"vault_url": "u", "name": "k"}],
    },
    "key_groups: [{gcp_kms: [{resource_id: r}], hckms: [{key_id: h}]}]": {
        "gcp_kms": [{"resource_id": "r"}],
        "hckms": [{"key_id": "h"}],
    },
}


def rule(text: str) -> Rule:
    """The one rule with these fields."""
    read = read_rules(RulesSource(".sops.yaml", "/srv", json.dumps({"creation_rules": [yaml.safe_load(text)]})))
    assert read.value is not None, read.findings
    (found,) = read.value.rules
    return found


@pytest.mark.parametrize("written", SEALED_WITH)
def test_the_recipients_of_a_rule_are_those_of_what_it_seals(written: str) -> None:
    envelope = read_envelope({"sops": SEALED_WITH[written] | {"lastmodified": "…", "mac": "…"}})
    assert envelope is not None
    assert envelope.recipients.names()
    assert envelope.recipients == rule(written).envelope.recipients


@pytest.mark.parametrize("written", SEALED_WITH)
def test_another_rule_has_other_recipients(written: str) -> None:
    others = [rule(other).envelope.recipients for other in SEALED_WITH if other != written]
    same = {"age: 'age1two, age1one,'", "age: [age1one, age1two]"}
    azure = {one for one in SEALED_WITH if one.startswith("azure")}
    mine = rule(written).envelope.recipients
    assert others.count(mine) == (1 if written in same | azure else 0)


def test_a_threshold_counts_where_there_are_groups() -> None:
    groups = "key_groups: [{age: [a]}, {age: [b]}, {age: [c]}]"
    assert rule(groups).envelope == rule(f"{groups}\nshamir_threshold: 3").envelope
    assert rule(groups).envelope != rule(f"{groups}\nshamir_threshold: 2").envelope
    assert rule("age: a").envelope == rule("age: a\nshamir_threshold: 2").envelope


@pytest.mark.parametrize(
    ("fields", "encrypted", "readable"),
    [
        ("encrypted_regex: ^(data|stringData)$", ["data.A", "stringData.A"], ["kind", "metadata.data1", "metadata"]),
        ("encrypted_regex: data", ["metadata.name", "data.A"], ["kind"]),
        ("unencrypted_regex: ^(kind|metadata)$", ["data.A", "type"], ["kind", "metadata.name"]),
        ("encrypted_suffix: Data", ["stringData.A"], ["data.A"]),
        ("unencrypted_suffix: _plain", ["data.A"], ["data.A_plain"]),
        ("age: a", ["data.A", "kind"], ["data.A_unencrypted"]),
    ],
)
def test_which_fields_a_rule_encrypts(fields: str, encrypted: list[str], readable: list[str]) -> None:
    selection = rule(fields).envelope.selection
    assert [path for path in [*encrypted, *readable] if selection.encrypts(tuple(path.split(".")))] == encrypted


def test_the_first_rule_that_matches_counts() -> None:
    text = (
        "creation_rules:\n"
        "  - {path_regex: ^infra/, age: a}\n"
        "  - {path_regex: 'apps/.*\\.enc\\.yaml$', age: b}\n"
        "  - {age: c}\n"
    )
    rules = read_rules(RulesSource(".sops.yaml", "/srv", text)).value
    assert rules is not None
    found = {
        path: rule.fields["age"]
        for path in ("/srv/infra/x.yaml", "/srv/apps/x.enc.yaml", "/srv/other/infra/x", "/infra/x")
        if (rule := rules.rule_for(path))
    }
    assert found == {
        "/srv/infra/x.yaml": "a",
        "/srv/apps/x.enc.yaml": "b",
        "/srv/other/infra/x": "c",
        "/infra/x": "c",
    }


def test_a_configuration_for_one_file_holds_its_rule_alone() -> None:
    own = rule("path_regex: x\nage: a\nencrypted_regex: ^data$\naws_profile: p\nmac_only_encrypted: true")
    assert json.loads(own.config())["creation_rules"] == [
        {"age": "a", "encrypted_regex": "^data$", "aws_profile": "p", "mac_only_encrypted": True}
    ]
    # Of a values file every value is encrypted, whatever the rule says of Secrets.
    (values,) = json.loads(own.values_config())["creation_rules"]
    assert values == {"age": "a", "encrypted_regex": "^.", "aws_profile": "p", "mac_only_encrypted": True}
    (other,) = json.loads(rule("age: a\nunencrypted_suffix: _x\nencrypted_comment_regex: y").values_config())[
        "creation_rules"
    ]
    assert other == {"age": "a", "encrypted_regex": "^."}


def test_what_is_wrong_with_a_rule_is_said_where_it_stands() -> None:
    for text, said in (
        ("a: [", "this is no YAML: "),
        ("a: &b [*b]", "this has no `creation_rules`"),
        ("", "this has no `creation_rules`"),
        ("creation_rules: [1]", "one of the `creation_rules` is not a mapping"),
        ("creation_rules: [{path_regex: '['}]", "`path_regex: [` is not a regular expression: "),
    ):
        (finding,) = read_rules(RulesSource("x/.sops.yaml", "/x", text)).findings
        assert finding.message.startswith(said)
        assert finding.spot.file == "x/.sops.yaml"
    rules = read_rules(RulesSource(".sops.yaml", "/x", "creation_rules: [{age: a, encrypted_regex: a}]")).value
    assert rules is not None
    (finding,) = judge_rule(rules, "/x/y", "y", iter([("kind",), ("metadata", "name")]))
    assert (
        finding.message == "the rule for `y` encrypts `metadata.name`, which has to stay readable (encrypted_regex: a)"
    )


def test_a_selection_shows_what_was_written() -> None:
    assert Selection("^data$", mac_only_encrypted=True).shown() == "encrypted_regex: ^data$"
