"""Real servers for a fleet that is watched. Each module gets a Pushgateway and a repository of its own."""

from collections.abc import Iterator

import pytest

from tests.observing.cluster import Cluster
from tests.observing.gateway import Gateway
from tests.observing.observed import FLEET, Observed
from tests.observing.rehearsal import Rehearsal
from tests.scripts.conftest import paths, rest_server, tools
from tests.scripts.jobs import OPENS_WITH, REPOSITORY_ID, Fleet, RestServer, new_repository

__all__ = ["paths", "rest_server", "tools"]


@pytest.fixture(scope="session")
def observed() -> Observed:
    return Observed(FLEET.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def gateway(tools: dict[str, str]) -> Iterator[Gateway]:
    made = Gateway(tools["prometheus-pushgateway"])
    yield made
    made.stop()


@pytest.fixture(scope="module")
def cluster(observed: Observed) -> Iterator[Cluster]:
    made = Cluster(observed)
    with made.served():
        yield made


@pytest.fixture(scope="module")
def rehearsal(
    tmp_path_factory: pytest.TempPathFactory,
    rest_server: RestServer,
    paths: dict[str, str],
    gateway: Gateway,
    request: pytest.FixtureRequest,
) -> Rehearsal:
    folder = tmp_path_factory.mktemp("rehearsal")
    name = request.module.__name__.rpartition(".")[2]
    fleet = Fleet(folder, new_repository(rest_server.root / name), paths, gateway.url, rest_server, name)
    fleet.environment = {
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "RESTIC_REPOSITORY": f"rest:{rest_server.append_only_url}{name}/",
        "RESTIC_REST_USERNAME": "fleet",
        "RESTIC_REST_PASSWORD": "rest",
        "RESTIC_PASSWORD": OPENS_WITH,
        "RESTIC_REPOSITORY_ID": REPOSITORY_ID,
        "PUSHGATEWAY_ENABLED": "true",
        "PUSHGATEWAY_URL": gateway.url,
    }
    clock = folder / "clock"
    clock.mkdir()
    return Rehearsal(fleet, clock)
