"""What an address of the page means: its options, and what is refused before the upload."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from worker.contract.options import LAYOUT


def options(get: Callable[..., httpx.Response], key: str, **params: str) -> httpx.Response:
    """What the page asks before anything is uploaded."""
    headers = {"Authorization": f"Bearer {key}"}
    return get("/pose_tracker/options", params=params, headers=headers)


def test_the_page_reads_its_parameters_as_the_contract_does(
    get: Callable[..., httpx.Response], key: str
) -> None:
    given = {
        "exercise": "Face-Pushup", "minGrade": "b", "keypoints": "TRUE", "angles": "false",
        "progression": "true", "recommendations": "true", "export": "true", "blazepose": "true",
        "skeleton": "false", "poseBackend": "WASM", "userHeightCm": "181", "devicePitchDeg": "-3",
        "difficulty": "hard", "lang": "pt-BR", "source": "video",
    }  # fmt: skip
    answer = options(get, key, **given)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json() == {
        "options": {
            "exercise": "push_up", "minGrade": "B", "keypoints": True, "progression": True,
            "recommendations": True, "export": True, "blazepose": True, "skeleton": False,
            "poseBackend": "wasm", "userHeightCm": 181, "devicePitchDeg": -3,
            "difficulty": "pro", "language": "pt", "source": "video",
        },
        "exercise": {"id": "push_up", "unit": "reps", "view": "any"},
        "exercises": {},
        "blocked": [],
        "ignored": {},
        "uploadBytes": 2 * 1024**3,
    }  # fmt: skip


def test_unknown_parameters_are_ignored(get: Callable[..., httpx.Response], key: str) -> None:
    given = dict.fromkeys((*LAYOUT, "isMobile", "postureBox", "firehose", "nonsense"), "x")
    answer = options(get, key, difficulty="impossible", lang="klingon", **given)
    assert answer.json()["options"] == {}
    assert options(get, key, source="", exercise="").json()["options"] == {}


@pytest.mark.parametrize(
    ("params", "status", "code", "start"),
    [
        ({"exercise": "moonwalk"}, 422, "invalid_exercise", "Exercise 'moonwalk' is not available"),
        ({"exercise": "squat", "reference": "ref_1"}, 422, "invalid_parameter",
         "You cannot combine reference & exercise."),
        ({"exercise": "jump_analysis"}, 422, "jump_analysis_missing_height",
         "User height (userHeightCm) must be provided for jump_analysis exercise"),
        ({"exercise": "jump_analysis", "userHeightCm": "NaN"}, 422,
         "jump_analysis_missing_height", "User height (userHeightCm) must be provided"),
        ({"exercise": "squat", "reference_movement": "ref_1"}, 422, "invalid_parameter",
         "You cannot combine reference & exercise."),
        ({"reference": "ref_none"}, 422, "reference_not_found", "Reference 'ref_none'"),
    ],
)  # fmt: skip
def test_refusals_come_before_the_upload(
    get: Callable[..., httpx.Response], key: str, params: dict[str, str], status: int, code: str,
    start: str,
) -> None:  # fmt: skip
    answer = options(get, key, **params)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["detail"].startswith(start)


def test_keys_and_plans_are_checked(get: Callable[..., httpx.Response], free_key: str) -> None:
    answer = options(get, "pq_wrong")
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    assert answer.json()["detail"].startswith("Invalid params.")
    refused = options(get, free_key, angles="true").json()
    assert refused["code"] == "developer_features_not_allowed"
    assert "keypoints" in options(get, free_key, exercise="squat").json()["blocked"]
    assert "keypoints" not in options(get, free_key).json()["blocked"]
    assert options(get, free_key, keypoints="true").json()["options"] == {"keypoints": True}


def test_an_odd_value_costs_no_more_than_itself(
    get: Callable[..., httpx.Response], key: str
) -> None:
    odd = {
        "minGrade": "undefined",
        "poseBackend": "webgpu",
        "skeleton": "default",
        "source": "sound",
    }
    told = options(get, key, exercise="squats", keypoints="yes", **odd).json()
    assert told["options"] == {"exercise": "squat", "keypoints": True}
    assert set(told["ignored"]) == {"minGrade", "poseBackend", "source"}
