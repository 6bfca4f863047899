"""The three profiles (cost against accuracy of the joints), and the models of each.

The name of the models is written to the head of a job's log, so that other workers go on with the
same ones: `detector+estimator`, and `+flip` where mirrored crops are estimated too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from worker.contract.errors import ModelMissing
from worker.contract.options import Profile
from worker.pose.weights.registry import MODELS

Wanted = Literal["auto"] | Profile
"""A profile, or `auto`, which depends on the machine."""

FLIP = "flip"
_CPU: dict[Profile, str] = {
    "fast": "nanodet_person+movenet_lightning",
    "balanced": "nanodet_person+movenet_thunder_int8",
    # crop and mirror image in 8 bits cost what one crop in float32 does (AP 58.8 against 58.2)
    "accurate": "nanodet_person+movenet_thunder_int8+flip",
}
# integer kernels run on CPUs; a GPU runs the float network faster than a CPU the 8-bit one
_GPU: dict[Profile, str] = {
    "fast": _CPU["fast"],
    "balanced": "nanodet_person+movenet_thunder",
    "accurate": "nanodet_person+movenet_thunder+flip",
}
_HALF = ("movenet_thunder", "movenet_lightning")
"""Networks that exist in float16 too; NanoDet, one call in six frames, stays in float32."""
_RESTING = (_CPU["fast"], _CPU["balanced"])
PROFILES: tuple[Profile, ...] = get_args(Profile)


@dataclass(frozen=True)
class ModelName:
    """Parts of a name of models; `flip`: mirrored crops are estimated too."""

    people: str
    joints: str
    flip: bool = False

    @classmethod
    def parse(cls, name: str) -> ModelName:
        """Splits `name`; raises ModelMissing where the registry does not know a part of it."""
        people, _, rest = name.partition("+")
        joints, _, view = rest.partition("+")
        if people not in MODELS or joints not in MODELS or view not in ("", FLIP):
            unknown = next((part for part in (people, joints) if part not in MODELS), name)
            raise ModelMissing(unknown, f"This worker does not know the model {name}.")
        return cls(people, joints, view == FLIP)


def model_of(profile: Wanted, *, gpu: bool, half: bool = False) -> str:
    """Name of the models of a profile; with `half` a GPU estimates joints in float16.

    `auto` is `accurate` on a GPU. On a CPU it is Thunder in float32 without mirrored crops: with 8
    bits and a resting detector five clips of strangers in a hundred lose their count, dark ones
    first, and a jump of 52 cm measures 1 cm higher (jump_front_60fps in ACCURACY.md).
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
    """Whether keyframes skip the detector while the subject can be followed by its pose.

    Only the cheap models do: the others cost so much that it saves them less, for boxes that are
    less exact (the jump dev14 of ACCURACY.md measures 0.4 cm higher with it).
    """
    return model in _RESTING
