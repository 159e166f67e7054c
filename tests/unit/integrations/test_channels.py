"""A channel is one record: what its kind says is what the channel of a job does."""

import pytest

from backupgen.integrations.channels import CHANNELS, ChannelKind
from backupgen.language.schema import Fleet, JobSettings
from backupgen.rehearsal.values import throw_away
from backupgen.resolve.resolved import ResolvedFleet
from backupgen.sealing.references import references, secrets_of
from tests.compiled import compiled

KINDS = pytest.mark.parametrize("kind", CHANNELS, ids=lambda kind: kind.key)


def fleet() -> ResolvedFleet:
    return compiled("everything").fleet


@KINDS
def test_the_language_has_its_key(kind: ChannelKind) -> None:
    assert kind.key in Fleet.model_fields
    assert not kind.overridable or kind.key in JobSettings.model_fields


@KINDS
def test_a_fleet_with_every_axis_has_one(kind: ChannelKind) -> None:
    assert [channel.kind.key for channel in fleet().channels].count(kind.key) == 1


@KINDS
def test_variables_begin_as_the_kind_says_and_credentials_are_known_to_it(kind: ChannelKind) -> None:
    assert kind.switch.startswith(kind.prefix)
    known = {credential.value for credential in kind.credentials}
    for job in fleet().jobs():
        for channel in job.channels:
            if channel.kind is kind:
                names = {*channel.variables(), *channel.credentials()}
                assert names <= {*kind.variables}
                assert all(name.startswith(kind.prefix) for name in names)
                assert set(channel.credentials().values()) <= known


@KINDS
def test_a_rehearsal_listens_where_the_channel_is(kind: ChannelKind) -> None:
    for job in fleet().jobs():
        for channel in job.channels:
            if channel.kind is kind:
                values = {name: throw_away(value, lambda: "word", {}) for name, value in channel.credentials().items()}
                place = kind.stand_in({**channel.variables(), **values})
                assert place.url == channel.server.text
                assert bool(place.password) <= bool(values)


@KINDS
def test_the_values_file_says_what_each_credential_is_for(kind: ChannelKind) -> None:
    asked = references(fleet(), secrets_of(compiled("everything").plan))
    used = {value for job in fleet().jobs() for channel in job.channels for value in channel.credentials().values()}
    for credential in kind.credentials:
        if credential.value in used:
            assert asked[credential.value] == (credential.path, credential.purpose)
