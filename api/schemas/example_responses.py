"""Example responses by method and path, for the OpenAPI document.

A test checks that every operation has one, and that each fits the schema of its operation.
"""

from __future__ import annotations

from typing import Any

from worker.contract.editions import Edition
from worker.contract.errors import (
    BAD_TOKEN,
    PLAN_REFUSED,
)
from worker.contract.examples import EXAMPLES
from worker.contract.messages import ExerciseSummary
from worker.contract.schema import message_schema
from worker.contract.scopes import ALL_SCOPES, PAGE_SCOPES

Json = dict[str, Any]

_SUMMARY = EXAMPLES["exercise_summary"]
assert isinstance(_SUMMARY, ExerciseSummary)
_JOB = "job_5f0c9a7d2b1e4c38a6d0f1b2"
_UPLOAD = "upl_0123456789abcdef01234567"
_BATCH = "bat_8c1d2e3f405162738495a6b7"
_REFERENCE = "ref_7b6a59483726150f4e3d2c1b"
_HOOK = "we_1a2b3c4d5e6f708192a3b4c5"
_MADE, _BEGUN, _ENDED = (f"2026-11-26T08:00:{s}Z" for s in ("00.000", "01.250", "09.800"))
_LATER = "2026-11-27T08:00:00.000Z"
_LINKS = {"self": f"/v1/jobs/{_JOB}", "messages": f"/v1/jobs/{_JOB}/messages",
          "cancel": f"/v1/jobs/{_JOB}/cancel"}  # fmt: skip

QUEUED: Json = {
    "id": _JOB, "status": "queued", "progress": 0.0, "attempt": 0, "queuePosition": 3,
    "estimatedStartAt": _BEGUN, "source": "video",
    "options": {"exercise": "squat", "export": True}, "metadata": {"athlete": 17},
    "createdAt": _MADE, "exports": [], "usage": {"mediaSeconds": 0.0, "computeSeconds": 0.0},
    "links": _LINKS,
}  # fmt: skip
DONE: Json = {
    **{name: value for name, value in QUEUED.items()
       if name not in ("queuePosition", "estimatedStartAt")},
    "status": "succeeded", "progress": 1.0, "attempt": 1, "startedAt": _BEGUN,
    "finishedAt": _ENDED,
    "media": {"durationMs": 12_166.7, "width": 1280, "height": 720, "fps": 30.0, "frames": 365,
              "codec": "h264", "rotation": 0},
    "result": {"count": _SUMMARY.counter, "avgScore": _SUMMARY.avg_rep_score,
               "grade": _SUMMARY.grade, "personFrames": 365, "frames": 365},
    "exports": [{"kind": "video", "url": "https://s3.example.com/…", "mimeType": "video/mp4",
                 "bytes": 4_812_345, "expiresAt": _LATER}],
    "usage": {"mediaSeconds": 12.167, "computeSeconds": 19.4},
}  # fmt: skip
_CANCELED: Json = {
    **DONE, "status": "canceled", "progress": 0.4, "exports": [], "result": None,
    "error": {"code": "canceled", "message": "The job was canceled."},
}  # fmt: skip
_BATCH_VIEW: Json = {
    "id": _BATCH, "status": "running", "createdAt": _MADE, "accepted": 3, "rejected": 0,
    "canceled": False, "progress": 0.33,
    "counts": {"queued": 1, "running": 1, "succeeded": 1, "failed": 0, "canceled": 0},
    "errors": [],
    "links": {"self": f"/v1/batches/{_BATCH}", "jobs": f"/v1/jobs?batch={_BATCH}",
              "cancel": f"/v1/batches/{_BATCH}/cancel"},
}  # fmt: skip
_REFERENCE_VIEW: Json = {
    "id": _REFERENCE, "status": "processing", "name": "coach's squat", "createdAt": _MADE,
    "links": {"self": f"/v1/references/{_REFERENCE}"},
}  # fmt: skip
_READY: Json = {**_REFERENCE_VIEW, "status": "ready", "durationMs": 2400.0}
_WEBHOOK: Json = {
    "id": _HOOK, "url": "https://app.example.com/hooks/pose",
    "events": ["job.succeeded", "job.failed", "message.counter"], "description": "production",
    "enabled": True, "adhoc": False, "createdAt": _MADE,
    "links": {"self": f"/v1/webhooks/{_HOOK}", "deliveries": f"/v1/webhooks/{_HOOK}/deliveries"},
}  # fmt: skip
_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="  # noqa: S105
_DELIVERY: Json = {
    "id": "msg_0123456789abcdef0123456789a", "type": "job.succeeded", "subject": _JOB,
    "status": "delivered", "createdAt": _ENDED,
    "attempts": [{"at": _ENDED, "latencyMs": 42, "status": 200, "excerpt": "ok"}],
}  # fmt: skip
_TEST: Json = {
    **_DELIVERY, "type": "webhook.test", "subject": _HOOK, "status": "pending", "attempts": [],
    "nextAttemptAt": _ENDED,
}  # fmt: skip
_LIMITS: Json = {"runningJobs": 32, "queuedJobs": 20_000, "requestsPerMinute": 6000}

ANSWERS: dict[tuple[str, str], Any] = {
    ("post", "/v1/uploads"): {
        "id": _UPLOAD, "method": "PUT", "url": "https://s3.example.com/…",
        "headers": {"Content-Type": "video/mp4"}, "expiresAt": _LATER,
    },
    ("post", "/v1/uploads/{upload_id}/complete"): {"id": _UPLOAD, "bytes": 104_857_600},
    ("post", "/v1/jobs"): QUEUED,
    ("get", "/v1/jobs"): {"jobs": [DONE, _CANCELED], "next": None},
    ("get", "/v1/jobs/{job_id}"): DONE,
    ("post", "/v1/jobs/{job_id}/analyze"): {**QUEUED, "options": {"exercise": "lunge"}},
    ("post", "/v1/jobs/{job_id}/cancel"): _CANCELED,
    ("post", "/v1/batches"): _BATCH_VIEW,
    ("get", "/v1/batches"): {"batches": [_BATCH_VIEW], "next": None},
    ("get", "/v1/batches/{batch_id}"): _BATCH_VIEW,
    ("post", "/v1/batches/{batch_id}/cancel"): {**_BATCH_VIEW, "canceled": True},
    ("post", "/v1/references"): _REFERENCE_VIEW,
    ("get", "/v1/references"): {"references": [_READY], "next": None},
    ("get", "/v1/references/{reference_id}"): _READY,
    ("post", "/v1/webhooks"): {**_WEBHOOK, "secret": _SECRET},
    ("get", "/v1/webhooks"): {"webhooks": [_WEBHOOK], "next": None},
    ("get", "/v1/webhooks/{webhook_id}"): _WEBHOOK,
    ("patch", "/v1/webhooks/{webhook_id}"): _WEBHOOK,
    ("post", "/v1/webhooks/{webhook_id}/test"): _TEST,
    ("post", "/v1/webhooks/{webhook_id}/rotate"): {
        "id": _HOOK, "secret": _SECRET, "previousUntil": _LATER,
    },
    ("get", "/v1/webhooks/{webhook_id}/deliveries"): {"deliveries": [_DELIVERY], "next": None},
    ("post", "/v1/webhooks/{webhook_id}/replay"): {"replayed": 12, "next": None},
    ("get", "/v1/usage"): {
        "tenant": "acme",
        "months": [{"month": "2026-11", "jobs": 214, "mediaSeconds": 5120.4,
                    "computeSeconds": 8304.9}],
        "quota": {"mediaMinutes": 6000.0, "usedMinutes": 85.34,
                  "resetsAt": "2026-12-01T00:00:00Z"},
    },
    ("get", "/v1/exercises"): {
        "exercises": [{"id": "squat", "kind": "reps", "view": "any", "unit": "reps",
                       "requires": [], "aliases": ["face_squat", "side_squat"]}],
    },
    ("get", "/v1/schema/messages.json"): message_schema(Edition.V3),
    ("get", "/v1/me"): {
        "tenant": "acme", "plan": "developer", "keyId": "key_1", "name": "",
        "scopes": [*ALL_SCOPES], "expiresAt": None, "blocked": [],
        "limits": _LIMITS,
    },
    ("post", "/v1/page-tokens"): {
        "token": "pq_page_…", "expiresAt": _LATER, "scopes": [*PAGE_SCOPES],
    },
    ("get", "/healthz"): {"status": "ok"},
    ("get", "/readyz"): {
        "status": "ready", "checks": {"redis": "ok", "s3": "ok"},
        "workers": {"alive": 2, "resting": [{"name": "host:7", "fault": "disk"}]},
    },
}  # fmt: skip

PROBLEMS: dict[str, tuple[int, str, Json]] = {
    "missing_token": (401, f"{BAD_TOKEN} The header 'Authorization: Bearer <key>' is missing.",
                      {"parameter": "Authorization"}),
    "invalid_token": (401, f"{BAD_TOKEN} The key is unknown or was revoked.",
                      {"parameter": "Authorization"}),
    "developer_features_not_allowed": (
        403, f"{PLAN_REFUSED} Your plan does not include: keypoints.", {"blocked": ["keypoints"]}),
    "insufficient_scope": (403, "This key may not make this call.", {"scope": "jobs:write"}),
    "not_found": (404, f"no job {_JOB}", {}),
    "method_not_allowed": (405, "Method Not Allowed", {}),
    "conflict": (409, f"upload not finished: no bytes of {_UPLOAD} have arrived", {}),
    "payload_too_large": (413, "A request has at most 1048576 bytes.", {}),
    "media_too_large": (413, "The plan takes files of 512 MiB.", {"parameter": "bytes"}),
    "invalid_parameter": (422, "priority takes low, normal or high.",
                          {"parameter": "priority", "allowed": ["low", "normal", "high"]}),
    "invalid_exercise": (422, "Exercise 'moonwalk' is not available", {"exercise": "moonwalk"}),
    "jump_analysis_missing_height": (
        422, "User height (userHeightCm) must be provided for jump_analysis exercise", {}),
    "reference_not_found": (422, f"Reference '{_REFERENCE}' was not found.",
                            {"reference": _REFERENCE}),
    "rate_limited": (429, "The plan allows 6000 requests a minute.",
                     {"limit": "requestsPerMinute", "allowed": 6000}),
    "concurrency_limit_exceeded": (429, "The queue is full.",
                                   {"limit": "queuedJobs", "allowed": 20_000, "used": 20_000}),
    "quota_exceeded": (429, "The month's media minutes are used up.",
                       {"limit": "mediaMinutesPerMonth", "allowed": 6000, "used": 6000.2}),
    "unavailable": (503, "A server that is needed does not answer; try again.", {}),
}  # fmt: skip
"""Status, detail and details of every error that a request can be answered with, by its code."""
