"""The API as a real server on the real stores, and clients of two tenants."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.api.api_play import plain_client
from tests.api.server_play import serving
from worker.contract.plans import Plan
from worker.queueing import celery_app
from worker.settings import Settings
from worker.storage.stores import Stores

Client = httpx.Client


@pytest.fixture(scope="session")
def address(servers: Settings) -> Iterator[str]:
    """The base address of a server that runs on its own port in this process."""
    celery_app.app.conf.broker_url = servers.redis_url.get_secret_value()
    with serving(servers) as found:
        yield found


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readiness and metrics are looked at for each request."""
    monkeypatch.setattr("api.services.shared_call.AGAIN_S", 0.0)


@pytest.fixture
def connect(stores: Stores, address: str) -> Iterator[Callable[..., Client]]:
    """Makes clients: `connect("acme", Plan.FREE)`."""
    opened: list[Client] = []

    def make(tenant: str = "acme", plan: Plan = Plan.DEVELOPER) -> Client:
        key = stores.keys.create(tenant, plan)
        headers = {"Authorization": f"Bearer {key}"}
        opened.append(plain_client(base_url=f"{address}/v1", headers=headers))
        return opened[-1]

    yield make
    for client in opened:
        client.close()


@pytest.fixture
def client(connect: Callable[..., Client]) -> Client:
    """A client of the tenant acme on the developer plan."""
    return connect()


@pytest.fixture
def reach(address: str, client: Client) -> tuple[str, str]:
    """Address and key of the tenant acme."""
    return address, client.headers["Authorization"].removeprefix("Bearer ")


@pytest.fixture
def public(address: str, stores: Stores) -> Iterator[Client]:
    """A client without a key, outside /v1."""
    with plain_client(base_url=address) as opened:
        yield opened
