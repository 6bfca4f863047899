"""The known models: sources of their weights, and hashes of the installed files.

Every model that is converted here takes `image`, uint8 RGB [n, height, width, 3] with any n, and
includes its own scaling and decoding; MoveNet also takes the middle of its square input. Its `ap`
was measured on 163 annotated COCO images with square crops around the true boxes (NanoDet: whole
images), its `cost_ms` on one thread of a server core.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from worker.pose.weights import openmmlab
from worker.pose.weights.converters import to_blazepose, to_movenet, to_nanodet
from worker.pose.weights.packages import HUMAN_MODELS, MEDIAPIPE_POSE, plain_name
from worker.pose.weights.spec import ModelSpec


def _tfjs(stem: str) -> tuple[str, ...]:
    return f"package/models/{stem}.json", f"package/models/{stem}.bin"


def _movenet(
    variant: str, side: int, sha256: str, size: int, measured: tuple[float, float]
) -> ModelSpec:
    stem = f"movenet-{variant}"
    return ModelSpec(
        name=f"movenet_{variant}",
        file=f"movenet_{variant}.onnx",
        package=HUMAN_MODELS,
        members=_tfjs(stem),
        converter=partial(to_movenet, model=f"{stem}.json"),
        input_size=(side, side),
        multiple_of=None,
        kind="single_pose",
        licence="Apache-2.0",
        origin=f"Google MoveNet SinglePose {variant.title()}, version 4",
        sha256=sha256,
        bytes=size,
        decoding="movenet",
        ap=measured[0],
        cost_ms=measured[1],
    )


def _blazepose(
    variant: str, member: str, sha256: str, size: int, measured: tuple[float | None, float]
) -> ModelSpec:
    detector = variant == "detector"
    return ModelSpec(
        name=f"blazepose_{variant}",
        file=f"blazepose_{variant}.onnx",
        package=MEDIAPIPE_POSE,
        members=(member,),
        converter=partial(to_blazepose, model=plain_name(member), detector=detector),
        input_size=(224, 224) if detector else (256, 256),
        multiple_of=None,
        kind="body_detector" if detector else "body_landmarks",
        licence="Apache-2.0",
        origin=f"Google MediaPipe BlazePose, {variant}",
        sha256=sha256,
        bytes=size,
        decoding="blazepose",
        ap=measured[0],
        cost_ms=measured[1],
    )


_NANODET = ModelSpec(
    name="nanodet_person",
    file="nanodet_person.onnx",
    package=HUMAN_MODELS,
    members=_tfjs("nanodet"),
    converter=partial(to_nanodet, model="nanodet.json"),
    input_size=(416, 416),
    multiple_of=32,
    kind="person_detector",
    licence="Apache-2.0",
    origin="RangiLyu NanoDet-g 416, COCO person class",
    sha256="d3070c9c03b05145bb752243a9a30a1932f273a05eebc3b38f7bd3f748e520f4",
    bytes=7_527_127,
    decoding="nanodet",
    ap=37.1,
    cost_ms=19.7,
)
# Thunder in 8 bits: what a CPU runs for the profiles balanced and accurate.
_THUNDER_INT8 = replace(
    _movenet("thunder", 256, "", 0, (0.0, 0.0)),
    name="movenet_thunder_int8",
    file="movenet_thunder_int8.onnx",
    converter=partial(to_movenet, model="movenet-thunder.json", numbers="int8"),
    origin="Google MoveNet SinglePose Thunder, version 4, quantised here",
    sha256="c536ae74387f16fc7f83a7362654f1c23551c58ff82f89b3bde9404b59908714",
    bytes=6_813_257,
    ap=None,
    cost_ms=7.4,
    # blocked channels suit float layers: the few here cost more to reorder than to run
    entries=(("optimization.disable_specified_optimizers", "NchwcTransformer"),),
)


def _half(single: ModelSpec, sha256: str, size: int) -> ModelSpec:
    """A MoveNet in float16, for GPUs that are set to compute in half precision."""
    variant = single.name.removeprefix("movenet_")
    return replace(
        single,
        name=f"{single.name}_fp16",
        file=f"{single.name}_fp16.onnx",
        converter=partial(to_movenet, model=f"movenet-{variant}.json", numbers="float16"),
        origin=f"{single.origin}, in float16",
        sha256=sha256,
        bytes=size,
        ap=None,
        cost_ms=None,
    )


_THUNDER = _movenet(
    "thunder",
    256,
    "a99a32c2fe1903e75260a294b00df0261da96634dc463b81a7e3947b20fe5949",
    12_537_479,
    (44.4, 15.2),
)
_LIGHTNING = _movenet(
    "lightning",
    192,
    "37273b2b2185eea0f1ae3c487dd3120d26964c2868f920d25427abce5ee4a76f",
    4_699_800,
    (34.8, 3.7),
)

MODELS: dict[str, ModelSpec] = {
    spec.name: spec
    for spec in (
        _NANODET,
        _THUNDER,
        _LIGHTNING,
        _THUNDER_INT8,
        _half(
            _THUNDER, "859b71bde8067940ec20e05096ee75f6b10f1df80193d399225c80abaaf31cf3", 12_531_386
        ),
        _half(
            _LIGHTNING,
            "28af411634cc7044703bbfb73c695da4ed3596686118962ac23a0b06ace55891",
            4_693_701,
        ),
        _blazepose(
            "detector",
            "package/pose_solution_packed_assets.data",
            "e5425f89c95113af0ea2addcb0e551887432091a80bb53c58e657769b49de494",
            6_060_844,
            (None, 5.8),
        ),
        _blazepose(
            "lite",
            "package/pose_landmark_lite.tflite",
            "d3b4aaff86b40d1d9853ea39a39294b9ebddf041b26cf40b428d51568fb884f8",
            2_753_141,
            (16.2, 7.1),
        ),
        _blazepose(
            "full",
            "package/pose_landmark_full.tflite",
            "c79192e9fa41f922c1692dcdedffc26503381f9e253810708db7d4f9da147e6c",
            6_368_491,
            (18.4, 9.0),
        ),
        _blazepose(
            "heavy",
            "package/pose_landmark_heavy.tflite",
            "4524dd1933c304b64686868689c3521d39b826c28d59fbc9c86e209feaa49486",
            27_561_657,
            (22.8, 27.3),
        ),
        *openmmlab.MODELS,
    )
}
DEFAULT_MODELS = (
    "nanodet_person",
    "movenet_thunder",
    "movenet_thunder_int8",
    "movenet_lightning",
    "movenet_thunder_fp16",
    "movenet_lightning_fp16",
    "blazepose_detector",
    "blazepose_full",
)
