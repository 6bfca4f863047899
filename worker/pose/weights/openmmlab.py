"""Models of OpenMMLab by URL, one for each decoding: RTMPose (SimCC), RTMO (one stage) and YOLOX.

`POSEQUEUE_POSE_MODEL=yolox_m+rtmpose_m` or `yolox_m+rtmo_l` switches them on. They are in no
package registry; the hashes are those that several public projects pin, and are checked at the
first download. Accuracy as published in mmpose's projects/rtmpose and projects/rtmo (keypoints:
COCO val AP with body7 training; detectors: box AP on Human-Art).
"""

from __future__ import annotations

from worker.pose.weights.converters import as_it_is
from worker.pose.weights.packages import Package
from worker.pose.weights.spec import Decoding, Kind, ModelSpec, Pixels

BASE = "https://download.openmmlab.com/mmpose/v1/projects/"
MEMBER = "end2end.onnx"
# mmpose's PoseDataPreprocessor for RTMPose: ImageNet's mean and deviation, bgr_to_rgb=True.
_IMAGENET = Pixels("rgb", (123.675, 116.28, 103.53), (58.395, 57.12, 57.375))
# mmdet's and mmpose's preprocessors for YOLOX and RTMO leave OpenCV's order and the values alone.
_PLAIN = Pixels("bgr")


def _model(
    name: str,
    path: str,
    kind: Kind,
    decoding: Decoding,
    size: tuple[int, int],
    ap: float,
    sha256: str,
) -> ModelSpec:
    return ModelSpec(
        name=name,
        file=f"{name}.onnx",
        package=Package("url", BASE + path, "", "", 0, {MEMBER: sha256}),
        members=(MEMBER,),
        converter=as_it_is,
        input_size=size,
        multiple_of=None,
        kind=kind,
        licence="Apache-2.0",
        origin=f"OpenMMLab {name.replace('_', '-')}",
        sha256=sha256,
        bytes=None,
        decoding=decoding,
        pixels=_IMAGENET if decoding == "simcc" else _PLAIN,
        ap=ap,
    )


MODELS = (
    _model(
        "rtmpose_m",
        "rtmposev1/onnx_sdk/rtmpose-m_simcc-body7_pt-body7_420e-256x192-e48f03d0_20230504.zip",
        "single_pose",
        "simcc",
        (256, 192),
        74.9,
        "5c0a4bf67953e6d2ac43ce15e77dc9d5d354ae18430a47d2c5963a7bc5683e3c",
    ),
    _model(
        "rtmo_l",
        "rtmo/onnx_sdk/rtmo-l_16xb16-600e_body7-640x640-b37118ce_20231211.zip",
        "multi_pose",
        "rtmo",
        (640, 640),
        74.8,
        "090096ca90f29163cc4f67137dcc0cd4b2ee95ea0af11764fbfda88dd2ae1140",
    ),
    _model(
        "yolox_m",
        "rtmposev1/onnx_sdk/yolox_m_8xb8-300e_humanart-c2c7a14a.zip",
        "person_detector",
        "yolox",
        (640, 640),
        59.1,
        "3dea6513388889f0fff4b77bf7a26013600321b9eb9ceb0e9a400a82572f5f23",
    ),
)
