"""What a job may pay for its joints: three profiles, and the models that each one names.

A name is written to the head of a job's log, so that whoever goes on with the job goes on with the
same models: `detector+estimator`, and `+flip` where each crop is looked at from both sides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from worker.contract.errors import ErrorCode, JobError
from worker.contract.options import Profile
from worker.pose.weights.registry import MODELS

Wanted = Literal["auto"] | Profile
"""A profile, or the one that suits the machine."""

FLIP = "flip"
_CPU: dict[Profile, str] = {
    "fast": "nanodet_person+movenet_lightning",
    "balanced": "nanodet_person+movenet_thunder_int8",
    # two looks in 8 bits cost what one in float does, and see better (AP 58.8 to 58.2)
    "accurate": "nanodet_person+movenet_thunder_int8+flip",
}
# integer kernels are the CPU's; a GPU runs the float network faster than the CPU the 8 bits
_GPU: dict[Profile, str] = {
    "fast": _CPU["fast"],
    "balanced": "nanodet_person+movenet_thunder",
    "accurate": "nanodet_person+movenet_thunder+flip",
}
_HALF = ("movenet_thunder", "movenet_lightning")
"""What there is in float16 too; NanoDet, one call in six frames, stays in float32."""
_RESTING = (_CPU["fast"], _CPU["balanced"])
PROFILES: tuple[Profile, ...] = get_args(Profile)


@dataclass(frozen=True)
class ModelName:
    """The parts of a name; `flip` asks for both sides."""

    people: str
    joints: str
    flip: bool = False

    @classmethod
    def parse(cls, name: str) -> ModelName:
        """The parts of `name`; raises JobError where the registry does not know one."""
        people, _, rest = name.partition("+")
        joints, _, view = rest.partition("+")
        if people not in MODELS or joints not in MODELS or view not in ("", FLIP):
            raise JobError(ErrorCode.INTERNAL, f"This worker does not know the model {name}.")
        return cls(people, joints, view == FLIP)


def model_of(profile: Wanted, *, gpu: bool, half: bool = False) -> str:
    """The models of a profile; `auto` is accurate on a GPU, on a CPU one look in float: 8 bits
    measure a jump of 52 cm 1 cm higher (ACCURACY.md's jump_front_60fps).

    With `half` a GPU gets the joints' network in float16.
    """
    if profile == "auto":
        name = _GPU["accurate" if gpu else "balanced"]
    else:
        name = (_GPU if gpu else _CPU)[profile]
    parts = ModelName.parse(name)
    if half and gpu and parts.joints in _HALF:
        return name.replace(parts.joints, f"{parts.joints}_fp16")
    return name


def skips_detector(model: str) -> bool:
    """Whether the detector rests while a subject can be followed by its pose: where cost is what
    counts. The other models cost so much more that it saves them less, for boxes less exact (the
    jump of ACCURACY.md's dev14 measures 0.4 cm higher with it)."""
    return model in _RESTING
