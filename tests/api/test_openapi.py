"""The API keeps what its OpenAPI document says, for requests that nobody thought of."""

from __future__ import annotations

import hypothesis
import pytest
import schemathesis
from schemathesis import Case

from api.app import create_app
from worker.contract.plans import Plan
from worker.settings import Settings
from worker.store.bundle import open_stores

schema = schemathesis.openapi.from_dict(create_app(Settings()).openapi())
# 422 and 413 say also what no schema can: an exercise that is none, a cursor of another list, a
# size that is beyond the plan
_acceptance = schema.config.checks.positive_data_acceptance
_acceptance.expected_statuses = [*_acceptance.expected_statuses, "413", "422"]


@pytest.fixture(scope="module")
def key(servers: Settings, address: str) -> str:
    """A key that no other test takes away."""
    stores = open_stores(servers)
    stores.redis.flushall()
    return stores.keys.create("openapi", Plan.DEVELOPER)


@schema.parametrize()
@hypothesis.settings(max_examples=15, deadline=None)
def test_every_operation(case: Case, address: str, key: str) -> None:
    case.call_and_validate(base_url=address, headers={"Authorization": f"Bearer {key}"})
