"""Plans and what they refuse."""

from __future__ import annotations

from enum import StrEnum

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
"""Options that the free plan refuses."""


def blocked_options(options: JobOptions, plan: Plan) -> tuple[str, ...]:
    """The options that are asked for and that `plan` does not allow."""
    if plan is not Plan.FREE:
        return ()
    return tuple(name for name in GATED if getattr(options, name))


def check_plan(options: JobOptions, plan: Plan) -> None:
    """Raises JobError `developer_features_not_allowed` naming every blocked option."""
    blocked = blocked_options(options, plan)
    if blocked:
        raise JobError(
            ErrorCode.DEVELOPER_FEATURES_NOT_ALLOWED,
            f"{PLAN_REFUSED} Your plan does not include: {', '.join(blocked)}.",
            {"blocked": list(blocked)},
        )
