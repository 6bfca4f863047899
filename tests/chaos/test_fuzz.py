"""A few seconds of what `make fuzz` does for minutes, and that it would notice."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.chaos import fuzz as module
from tests.chaos.bombs import placed
from tests.chaos.looking import Left, look
from tests.chaos.mutations import MUTATIONS
from worker.media.sandbox import limits

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A scratch folder whose temporary files are nobody else's."""
    own = tmp_path / "temporary"
    own.mkdir()
    monkeypatch.setenv("TMPDIR", str(own))
    monkeypatch.setattr(tempfile, "tempdir", str(own))
    # the edge set has a test of its own, and there may be none
    monkeypatch.setattr("tests.chaos.seeds.edge_files", lambda: [])
    return tmp_path


def test_spoiled_files_end_in_order(folder: Path) -> None:
    tallies = module.fuzz(seed=7, seconds=120, folder=folder, most=len(MUTATIONS))
    assert sum(tally.files for tally in tallies.values()) == len(MUTATIONS)
    assert [one for tally in tallies.values() for one in tally.violations] == []


def test_the_same_seed_spoils_the_same_way() -> None:
    given = [("a", bytes(range(256)) * 8), ("b", b"moov" * 300)]
    first, second = module.cases(1, given), module.cases(1, given)
    found = [(next(first), next(second)) for _ in range(40)]
    assert all(one == other for one, other in found)
    assert len({data for (*_, data), _ in found}) > 30


def test_what_is_left_behind_is_noticed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = folder / "upload"
    given.write_bytes(b"junk")
    opened = []

    def careless(path: Path, **_: object) -> object:
        opened.append(path.open("rb"))
        opened.append(subprocess.Popen(["sleep", "60"]))
        Path(tempfile.gettempdir(), "forgotten").touch()
        return look(path)

    monkeypatch.setattr(module, "look", careless)
    _, wrong = module.watched(given)
    assert wrong == "left behind: 1 processes, 1 open files, 1 temporary files"
    opened[1].kill()
    opened[1].wait()
    opened[0].close()


def test_what_is_no_error_of_the_contract_is_noticed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> object:
        raise IndexError("list index out of range")

    monkeypatch.setattr("tests.chaos.looking.probe", broken)
    given = folder / "upload"
    given.write_bytes(b"junk")
    assert module.watched(given) == (None, "IndexError: list index out of range")


@pytest.mark.parametrize(
    ("bomb", "code"),
    [
        ("large_png", "media_too_large"),
        ("wordy_png", "media_decode_error"),
        ("large_tiff", "media_too_large"),
        ("long_header", "taken"),
        ("large_film", "media_too_large"),
        ("endless_table", "media_decode_error"),
        ("nested_boxes", "media_decode_error"),
    ],
)
def test_bombs_end_at_once(folder: Path, bomb: str, code: str) -> None:
    before = Left.now()
    outcome = look(placed(bomb, folder))
    assert outcome.code == code
    # of processor time, as the machine may be busy
    assert outcome.cpu_seconds < 10
    assert Left.now().more_than(before) == ""


def test_frames_are_limited(folder: Path) -> None:
    few = limits.MediaLimits(max_frames=5)
    assert look(placed("long_header", folder), limits=few).code == "media_too_large"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has privileges to drop")
def test_roots_children_are_nobodys(folder: Path) -> None:
    from worker.media.sandbox.child_process import ChildLimits, run
    from worker.media.sandbox.privileges import NOBODY, PROCESSES

    secret = folder / "secret"
    secret.write_text("of the house")
    secret.chmod(0o600)
    given = folder / "upload"
    given.write_bytes(b"handed over")
    script = f"id -u; id -G; ulimit -u 2>/dev/null || ulimit -p; pwd; cat {secret}; cat"
    _, output, tail = run(["/bin/sh", "-c", script], given, ChildLimits())
    assert output.decode().split("\n") == [
        str(NOBODY), str(NOBODY), str(PROCESSES), "/", "handed over",
    ]  # fmt: skip
    assert "ermission denied" in tail
