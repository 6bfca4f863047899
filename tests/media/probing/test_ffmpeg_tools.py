from __future__ import annotations

from pathlib import Path

import pytest

from worker.media.probing import ffmpeg_tools


@pytest.fixture(autouse=True)
def fresh() -> None:
    ffmpeg_tools.find_tools.cache_clear()


def program(folder: Path, text: str) -> Path:
    path = folder / "tool"
    path.write_text(f"#!/bin/sh\necho '{text}'\n")
    path.chmod(0o755)
    return path


def test_settings_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = program(tmp_path, "ffmpeg version 7.1.2 Copyright")
    monkeypatch.setenv("POSEQUEUE_FFMPEG", str(path))
    monkeypatch.setenv("POSEQUEUE_FFPROBE", str(path))
    found = ffmpeg_tools.find_tools()
    assert (found.ffmpeg, found.ffmpeg_version, found.source) == (path, "7.1.2", "settings")


@pytest.mark.parametrize("text", ["ffmpeg version 5.1.9-0+deb12u1", "ffmpeg version n4.4"])
def test_old_versions_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("POSEQUEUE_FFMPEG", str(program(tmp_path, text)))
    with pytest.raises(ffmpeg_tools.ToolsMissing, match="POSEQUEUE_FFMPEG"):
        ffmpeg_tools.find_tools()


def test_missing_program_says_how_to_mend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSEQUEUE_FFPROBE", str(tmp_path / "none"))
    with pytest.raises(ffmpeg_tools.ToolsMissing, match="install ffmpeg"):
        ffmpeg_tools.find_tools()


def test_an_old_system_yields_to_the_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("imageio_ffmpeg")
    old = program(tmp_path, "ffmpeg version 4.2")
    monkeypatch.setattr(ffmpeg_tools.shutil, "which", lambda name: str(old))
    assert ffmpeg_tools._find("ffmpeg")[0] == "wheel"


def test_filters_are_listed() -> None:
    assert {"scale", "metadata", "settb"} <= ffmpeg_tools.filters()


def teardown_module() -> None:
    ffmpeg_tools.find_tools.cache_clear()
