"""The API keeps what its OpenAPI document says, for requests that nobody thought of."""

from __future__ import annotations

from typing import Any

import hypothesis
import jsonschema
import pytest
import schemathesis
from schemathesis import Case

from api.app import create_app
from api.middleware.errors import job_error
from api.schemas.example_responses import PROBLEMS
from worker.contract.errors import ErrorCode, JobError
from worker.contract.plans import Plan
from worker.settings import Settings
from worker.storage.stores import open_stores

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


def test_every_answer_has_an_example_of_its_schema() -> None:
    document = create_app(Settings()).openapi()
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
