"""A file that names another file, or an address, gets an error of the contract: nothing is opened,
nobody is called."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.chaos.looking import Left, look
from tests.chaos.pointers import pointers, traps
from worker.contract.errors import ErrorCode, JobError
from worker.media.decoding.still import read_still
from worker.media.encoding.export import export_video
from worker.media.probing.ffmpeg_tools import find_tools
from worker.media.probing.probe import VideoInfo

pytestmark = pytest.mark.slow

CLIP = Path(__file__).resolve().parent.parent / "clips" / "standing_5s.mp4"


@pytest.fixture(autouse=True)
def _own_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others' on this machine are not counted."""
    own = tmp_path / "temporary"
    own.mkdir()
    monkeypatch.setenv("TMPDIR", str(own))
    monkeypatch.setattr(tempfile, "tempdir", str(own))


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A clip that anybody may read: were it opened, it would be by name and not refused."""
    folder = tmp_path / "open"
    folder.mkdir()
    for place in (tmp_path, *tmp_path.parents[:2], folder):
        if place.name.startswith("pytest"):
            place.chmod(0o755)
    folder.chmod(0o755)
    path = folder / "target.mp4"
    shutil.copy(CLIP, path)
    path.chmod(0o644)
    return path


def test_no_pointer_is_followed(target: Path, tmp_path: Path) -> None:
    given = tmp_path / "upload"
    before = Left.now()
    with traps(target) as set_up:
        cases = list(pointers(target, set_up.port))
        set_up.sprung()  # one of the cases is made of the target
        for form, place, data in cases:
            given.write_bytes(data)
            outcome = look(given)
            assert outcome.code in set(ErrorCode), (form, place, outcome)
            assert set_up.sprung() == "", (form, place)
    assert Left.now().more_than(before) == ""


@pytest.mark.parametrize("place", ["local file", "listening port"])
def test_nor_by_readers_that_are_given_one_as_their_own_kind(
    target: Path, tmp_path: Path, place: str
) -> None:
    """Should what a file is be mistaken: the still and the export reader get it, too."""
    given = tmp_path / "upload"
    info = VideoInfo(kind="video", duration_ms=1000, width=64, height=64, fps=25, frames=25)
    with traps(target) as set_up:
        cases = [one for one in pointers(target, set_up.port) if one[1] == place][:4]
        set_up.sprung()
        for form, _, data in cases:
            given.write_bytes(data)
            with pytest.raises(JobError):
                read_still(given)
            with pytest.raises(JobError):
                export_video(given, info, tmp_path / "out.mp4", lambda: ())
            assert set_up.sprung() == "", form


def test_the_traps_spring(target: Path, tmp_path: Path) -> None:
    """On an open door: else the tests above would prove nothing."""
    ffmpeg = [str(find_tools().ffmpeg), "-nostdin", "-v", "quiet"]
    given = tmp_path / "upload.mp4"
    with traps(target) as set_up:
        found = {form: data for form, place, data in pointers(target, set_up.port)
                 if place == "local file"}  # fmt: skip
        set_up.sprung()
        for form, options in (
            ("ffconcat list", ["-safe", "0", "-f", "concat"]),
            ("MP4 with its media elsewhere (dref alias)", ["-use_absolute_path", "1",
                                                           "-enable_drefs", "1"]),
        ):  # fmt: skip
            given.write_bytes(found[form])
            subprocess.run([*ffmpeg, *options, "-i", str(given), "-f", "null", "-"])
            assert "read" in set_up.sprung(), form
        caller = [*ffmpeg, "-rw_timeout", "200000", "-i", f"http://127.0.0.1:{set_up.port}/x"]
        subprocess.run([*caller, "-f", "null", "-"])
        assert set_up.sprung() == "connected"
