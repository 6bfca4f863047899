"""Models of OpenMMLab by URL: RTMPose (SimCC), RTMO (one stage) and YOLOX person detectors.

They are not in any package registry; the hashes are those that several public projects pin, and
are checked at the first download. Accuracy as published in mmpose's projects/rtmpose and
projects/rtmo (keypoints: COCO val AP with body7 training; detectors: box AP on Human-Art).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from worker.pose.weights.package_sources import Package
from worker.pose.weights.spec import Decoding, Kind, ModelSpec, Pixels

BASE = "https://download.openmmlab.com/mmpose/v1/projects/"
MEMBER = "end2end.onnx"
# mmpose's PoseDataPreprocessor for RTMPose: ImageNet's mean and deviation, bgr_to_rgb=True.
_IMAGENET = Pixels("rgb", (123.675, 116.28, 103.53), (58.395, 57.12, 57.375))
# mmdet's and mmpose's preprocessors for YOLOX and RTMO leave OpenCV's order and the values alone.
_PLAIN = Pixels("bgr")

_Row = tuple[str, str, Kind, Decoding, tuple[int, int], float, str]
_ROWS: tuple[_Row, ...] = (
    (
        "rtmpose_s",
        "rtmposev1/onnx_sdk/rtmpose-s_simcc-body7_pt-body7_420e-256x192-acd4a1ef_20230504.zip",
        "single_pose", "simcc", (256, 192), 69.7,
        "9aeb635b83f86aea45cf45d85798f7eba1a162de8e0d721c44e54fe5eebaf47d",
    ),
    (
        "rtmpose_m",
        "rtmposev1/onnx_sdk/rtmpose-m_simcc-body7_pt-body7_420e-256x192-e48f03d0_20230504.zip",
        "single_pose", "simcc", (256, 192), 74.9,
        "5c0a4bf67953e6d2ac43ce15e77dc9d5d354ae18430a47d2c5963a7bc5683e3c",
    ),
    (
        "rtmpose_l",
        "rtmposev1/onnx_sdk/rtmpose-l_simcc-body7_pt-body7_420e-256x192-4dba18fc_20230504.zip",
        "single_pose", "simcc", (256, 192), 76.7,
        "cff059fd58a2c0d5fabaddcd66a96abcfb327563bcb0149ea59c9de4a8990fe2",
    ),
    (
        "rtmpose_l_384",
        "rtmposev1/onnx_sdk/rtmpose-l_simcc-body7_pt-body7_420e-384x288-3f5a1437_20230504.zip",
        "single_pose", "simcc", (384, 288), 78.3,
        "62425affc6b9edba8f8a65f55f5e278fec5d905d0c90578e0f8503bdf3954587",
    ),
    (
        "rtmpose_x_384",
        "rtmposev1/onnx_sdk/rtmpose-x_simcc-body7_pt-body7_700e-384x288-71d7b7e9_20230629.zip",
        "single_pose", "simcc", (384, 288), 78.8,
        "df0c0fa91e9870b1515dcaff741fd76cc753dcfb12786862f61b243bae81cd52",
    ),
    (
        "rtmo_l",
        "rtmo/onnx_sdk/rtmo-l_16xb16-600e_body7-640x640-b37118ce_20231211.zip",
        "multi_pose", "rtmo", (640, 640), 74.8,
        "090096ca90f29163cc4f67137dcc0cd4b2ee95ea0af11764fbfda88dd2ae1140",
    ),
    (
        "yolox_nano",
        "rtmposev1/onnx_sdk/yolox_nano_8xb8-300e_humanart-40f6f0d0.zip",
        "person_detector", "yolox", (416, 416), 38.9,
        "1450966de24902b18aada1a78913d7efd8fc8dcd51bd4d0d5591476bd4a38821",
    ),
    (
        "yolox_tiny",
        "rtmposev1/onnx_sdk/yolox_tiny_8xb8-300e_humanart-6f3252f9.zip",
        "person_detector", "yolox", (416, 416), 47.7,
        "ceb11c07298f95c50d7c5abeb906d03340c85f23aa79e3e66966e7fb6c307250",
    ),
    (
        "yolox_s",
        "rtmposev1/onnx_sdk/yolox_s_8xb8-300e_humanart-3ef259a7.zip",
        "person_detector", "yolox", (640, 640), 54.6,
        "332e09ea9696e3401049b6c5314851db020b6430f85da159e65f37034ab3aee8",
    ),
    (
        "yolox_m",
        "rtmposev1/onnx_sdk/yolox_m_8xb8-300e_humanart-c2c7a14a.zip",
        "person_detector", "yolox", (640, 640), 59.1,
        "3dea6513388889f0fff4b77bf7a26013600321b9eb9ceb0e9a400a82572f5f23",
    ),
    (
        "yolox_x",
        "rtmposev1/onnx_sdk/yolox_x_8xb8-300e_humanart-a39d44ed.zip",
        "person_detector", "yolox", (640, 640), 61.3,
        "8e9ea96a176bd48501eaaa77216e49ee30794d2f8ba80c7b9862beca4ea972da",
    ),
)  # fmt: skip


def as_it_is(files: Mapping[str, bytes]) -> bytes:
    """The archive's network, which needs no conversion."""
    return files[MEMBER]


def models() -> Iterator[ModelSpec]:
    """Each entry as the registry has it."""
    for name, path, kind, decoding, size, ap, sha256 in _ROWS:
        yield ModelSpec(
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
            pixels=_PLAIN if decoding != "simcc" else _IMAGENET,
            ap=ap,
        )
