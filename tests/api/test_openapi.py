"""The API keeps what its OpenAPI document says, for requests that nobody thought of."""

from __future__ import annotations

from typing import Any

import hypothesis
import jsonschema
import pytest
import schemathesis
from schemathesis import BaseSchema, Case
from schemathesis.specs.openapi.checks import negative_data_rejection

from api.app import create_app
from api.middleware.errors import job_error
from api.schemas.example_responses import PROBLEMS
from worker.contract.errors import ErrorCode, JobError
from worker.contract.plans import Plan
from worker.settings import Settings
from worker.storage.stores import Stores

# not read before the test runs: every process that collects tests would build every request
operations = schemathesis.pytest.from_fixture("schema")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The OpenAPI document of the API."""
    return create_app(Settings()).openapi()


@pytest.fixture
def schema(document: dict[str, Any], request: pytest.FixtureRequest) -> BaseSchema:
    """The same as schemathesis reads it."""
    request.node._nodeid = (
        request.node.nodeid
    )  # its name until pytest 9.1, by which schemathesis asks
    read = schemathesis.openapi.from_dict(document)
    # 422 and 413 say also what no schema can: an exercise that is none, a cursor of another list, a
    # size that is beyond the plan
    acceptance = read.config.checks.positive_data_acceptance
    acceptance.expected_statuses = [*acceptance.expected_statuses, "413", "422"]
    return read


@pytest.fixture(scope="module")
def key(servers: Settings, address: str) -> str:
    """A key that no other test takes away."""
    stores = Stores(servers)
    stores.redis.flushall()
    return stores.keys.create("openapi", Plan.DEVELOPER)


@pytest.mark.servers  # schemathesis asks for its fixtures when it runs
@operations.parametrize()
@hypothesis.settings(max_examples=15, deadline=None)
def test_every_operation(case: Case, address: str, key: str) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    case.call_and_validate(base_url=address, headers=headers, excluded_checks=mended(case))


def mended(case: Case) -> list[Any]:
    """The check that a broken request is refused, where a broken key was among what broke it: the
    test sends the right one. Other tests refuse wrong keys (test_refusals.py)."""
    said = case.meta.phase.data.description if case.meta else None
    return [negative_data_rejection] if "Authorization" in (said or "") else []


def test_every_answer_has_an_example_of_its_schema(document: dict[str, Any]) -> None:
    components = {"components": document["components"]}
    shown = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for status, response in operation["responses"].items():
                for kind, content in response.get("content", {}).items():
                    where = (method, path, status, kind)
                    examples: dict[str, Any] = content.get("examples", {})
                    values = [one["value"] for one in examples.values()]
                    values += [content["example"]] if "example" in content else []
                    assert values, where
                    check = jsonschema.Draft202012Validator({**content["schema"], **components})
                    for value in values:
                        shown += 1
                        assert not list(check.iter_errors(value)), (where, value)
    assert shown > 400


def test_every_refusal_has_an_example() -> None:
    jobs_own = {"video_load_error", "image_load_error", "media_decode_error", "media_unsupported",
                "no_person_detected", "backend_fallback_cpu", "canceled", "deadline_exceeded",
                "worker_lost", "internal"}  # fmt: skip
    assert set(ErrorCode) - set(PROBLEMS) == jobs_own
    for code, (status, _, _) in PROBLEMS.items():
        if code in set(ErrorCode):
            assert job_error(JobError(code, "")).status_code == status, code
