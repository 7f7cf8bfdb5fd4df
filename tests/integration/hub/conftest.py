"""Our Hub client and a real Hub on loopback."""

from collections.abc import Iterator

import pytest
from tests.integration.hub.loopback import TOKEN
from tests.localhub_server import LocalHub

from spaceport.hub import Hub, NewSpace, transport


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalHub]:
    transport.install_client()
    hub = LocalHub(tmp_path_factory.mktemp("hub") / "data", "--token", "local:hf_reads:read")
    yield hub
    hub.stop()


@pytest.fixture
def hub(server: LocalHub) -> Iterator[Hub]:
    yield Hub(server.url, TOKEN)
    server.clear_faults()


@pytest.fixture
def repo_id(hub: Hub, request: pytest.FixtureRequest) -> str:
    name = f"local/{abs(hash(request.node.name))}"
    hub.create(NewSpace(name, "static", "public"))
    return name
