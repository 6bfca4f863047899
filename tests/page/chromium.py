"""A Chromium for the page's tests: the system's, or one that npm carries and root need not install.

`@sparticuz/chromium` (MIT; Chromium itself BSD-3-Clause) packs a headless build with H.264 and the
few libraries and the font that bare systems lack, each compressed by Brotli.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from tests.page.node import find_node
from worker.pose.conversion.errors import WeightsError
from worker.pose.weights.package_sources import fetch, read_members
from worker.pose.weights.packages import Package

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FILES = {
    "chromium.br": "38e1e1649db20fa4ea644bf5987688ce81a4c9eb10e7eae8380b74fc0d699fea",
    "al2023.tar.br": "a166168dd3e3e9d8743689fff543c5cadb3025c1816c6a154c90dc68a59edd0a",
    "fonts.tar.br": "c1307fe5cd607092f0426742b4ab93755eec9a9b7752e47c56408c2bcf3e515b",
}
PACKAGE = Package(
    registry="npm",
    name="@sparticuz/chromium",
    version="153.0.0",
    integrity=(
        "sha512-jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+lCvE/Nq"
        "NO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA=="
    ),
    size=69_995_309,
    members={f"package/bin/{name}": pin for name, pin in _FILES.items()},
)
_FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>/usr/share/fonts</dir><dir>{folder}/fonts</dir>
<cachedir>{folder}/cache</cachedir></fontconfig>
"""
_START = """#!/bin/sh
LD_LIBRARY_PATH='{folder}/lib' FONTCONFIG_FILE='{folder}/fonts.conf' exec '{folder}/chromium' "$@"
"""
_DECOMPRESS = (
    "const z = require('zlib'), fs = require('fs'), {pipeline} = require('stream');"
    "const [from, to] = process.argv.slice(1);"
    "pipeline(fs.createReadStream(from), z.createBrotliDecompress(), fs.createWriteStream(to),"
    "  (error) => { if (error) throw error; });"
)


class NoChromium(RuntimeError):
    """There is no browser to be had; the text says why."""


def find_chromium(folder: Path) -> str:
    """The program named by POSEQUEUE_CHROMIUM, the system's, or that in `folder`, fetched once.

    Raises NoChromium.
    """
    given = os.environ.get("POSEQUEUE_CHROMIUM")
    return given or next(filter(None, map(shutil.which, NAMES)), None) or _own(folder)


def _own(folder: Path) -> str:
    place = folder.resolve() / PACKAGE.version
    start = place / "start"
    if not start.is_file():
        try:
            _install(folder, place)
        except (WeightsError, OSError, subprocess.SubprocessError) as error:
            raise NoChromium(f"no chromium here, and none could be fetched: {error}") from error
    if subprocess.run([start, "--version"], capture_output=True).returncode:
        raise NoChromium("the chromium of npm does not start here")
    return str(start)


def _install(folder: Path, place: Path) -> None:
    """Fetches it where no other process of the tests has done so meanwhile."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (place / "start").is_file():
            return
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            _unpacked(Path(scratch), place).rename(place)


def _unpacked(scratch: Path, place: Path) -> Path:
    """A folder to be moved to `place`."""
    node = find_node()
    if node is None:
        raise NoChromium("no chromium here, and no node to unpack one")
    download, made = scratch / "download", scratch / "made"
    download.mkdir()
    made.mkdir()
    files = read_members(PACKAGE, fetch(PACKAGE, download), PACKAGE.members)
    for name, data in files.items():
        packed, plain = scratch / name, made / name.removesuffix(".br")
        packed.write_bytes(data)
        subprocess.run([node, "-e", _DECOMPRESS, packed, plain], check=True, capture_output=True)
        if plain.suffix == ".tar":
            with tarfile.open(plain) as archive:
                archive.extractall(made, filter="data")
            plain.unlink()
    (made / "chromium").chmod(0o755)
    (made / "fonts.conf").write_text(_FONTS.format(folder=place))
    (made / "start").write_text(_START.format(folder=place))
    (made / "start").chmod(0o755)
    return made
