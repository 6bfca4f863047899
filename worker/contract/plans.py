"""Plans: which options they refuse, and how much they allow."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from worker.contract.errors import PLAN_REFUSED, ErrorCode, JobError
from worker.contract.options import JobOptions


class Plan(StrEnum):
    """A tenant's plan."""

    FREE = "free"
    DEVELOPER = "developer"
    CUSTOM = "custom"
    COMPANY = "company"


GATED: tuple[str, ...] = (
    "keypoints",
    "angles",
    "blazepose",
    "recommendations",
    "progression",
    "export",
)
"""Options that the free plan refuses; `keypoints` only beside an exercise or a reference."""


class PlanLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits of a plan; None = none of its own, the system's apply.

    `mediaSeconds` and `frames` are of one file, `pixels` of one frame or image,
    `mediaMinutesPerMonth` of all jobs of a calendar month in UTC. `storedBytes` are of uploads that
    exist or are announced, `jobWebhooks` the receivers that recent jobs named, `openStreams` the
    streams followed at once through one API process. Uploads, exports and records (with messages
    and poses) are kept for `uploadDays`, `exportDays` and `recordDays`.
    """

    runningJobs: int | None = None
    queuedJobs: int | None = None
    mediaMinutesPerMonth: float | None = None
    requestsPerMinute: int | None = None
    storedBytes: int | None = None
    jobWebhooks: int | None = None
    openStreams: int | None = None
    uploadBytes: int | None = None
    mediaSeconds: float | None = None
    pixels: int | None = None
    frames: int | None = None
    uploadDays: float | None = None
    exportDays: float | None = None
    recordDays: float | None = None

    def most(self, name: str, of_system: float) -> float:
        """The lower of the plan's limit `name` and the system's, `of_system`."""
        own: float | None = getattr(self, name)
        return of_system if own is None else min(own, of_system)


LIMITS: Mapping[Plan, PlanLimits] = {
    Plan.FREE: PlanLimits(
        runningJobs=2,
        queuedJobs=100,
        mediaMinutesPerMonth=60,
        requestsPerMinute=600,
        storedBytes=5 * 1024**3,
        jobWebhooks=20,
        openStreams=20,
        uploadBytes=512 * 1024**2,
        mediaSeconds=600,
        uploadDays=1,
        exportDays=7,
        recordDays=7,
    ),
    Plan.DEVELOPER: PlanLimits(
        runningJobs=32,
        queuedJobs=20_000,
        mediaMinutesPerMonth=6_000,
        requestsPerMinute=6_000,
        storedBytes=500 * 1024**3,
        jobWebhooks=500,
        openStreams=500,
        uploadDays=7,
        exportDays=30,
        recordDays=30,
    ),
    Plan.CUSTOM: PlanLimits(
        runningJobs=256,
        queuedJobs=200_000,
        mediaMinutesPerMonth=200_000,
        requestsPerMinute=60_000,
        storedBytes=20 * 1024**4,
        jobWebhooks=5_000,
        openStreams=2_000,
        uploadDays=30,
        exportDays=90,
        recordDays=90,
    ),
    Plan.COMPANY: PlanLimits(uploadDays=30, exportDays=365, recordDays=365),
}
"""Default limits of each plan; the setting `plan_limits` changes them."""


def limits_of(plan: Plan, changed: Mapping[str, Mapping[str, Any]]) -> PlanLimits:
    """The limits of `plan`, with those in `changed` (by plan and limit) in place of the default.

    Raises ValueError for an unknown plan or limit, and for a limit that is not positive.
    """
    unknown = sorted(set(changed) - set(Plan))
    if unknown:
        raise ValueError(f"no plan {unknown[0]}; there are {', '.join(Plan)}")
    values = msgspec.structs.asdict(LIMITS[plan]) | dict(changed.get(plan.value, {}))
    try:
        limits = msgspec.convert(values, PlanLimits)
    except msgspec.ValidationError as error:
        raise ValueError(f"limits of plan {plan}: {error}") from error
    low = [name for name, most in values.items() if most is not None and most <= 0]
    if low:
        raise ValueError(f"limits of plan {plan}: {low[0]} is to be above 0 (null = no limit)")
    return limits


def blocked_options(options: JobOptions, plan: Plan) -> tuple[str, ...]:
    """The requested options that `plan` does not allow.

    Without a tracked movement keypoints are all that a job gives, so every plan has them.
    """
    if plan is not Plan.FREE:
        return ()
    free = () if options.tracks_movement else ("keypoints",)
    return tuple(name for name in GATED if getattr(options, name) and name not in free)


def check_plan(options: JobOptions, plan: Plan) -> None:
    """Raises JobError `developer_features_not_allowed` naming every blocked option."""
    blocked = blocked_options(options, plan)
    if blocked:
        raise JobError(
            ErrorCode.DEVELOPER_FEATURES_NOT_ALLOWED,
            f"{PLAN_REFUSED} Your plan does not include: {', '.join(blocked)}.",
            {"blocked": list(blocked)},
        )
