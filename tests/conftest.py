"""Fixtures shared by all rooms' tests."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from tests.support.watchdog import watched
from worker.settings import Settings
from worker.settings import settings as settings_of_process
from worker.storage.stores import Stores

if TYPE_CHECKING:
    from worker.pose.engine import PoseEngine

ROOT = Path(__file__).resolve().parent.parent

# tests and modules are compiled once, not by every process that collects or is started by a test
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A slow machine is no failure. Where a change is judged, the same examples are tried each time;
# elsewhere new ones are.
hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.register_profile("ci", deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "local")


# what a test needs follows from its fixtures, so that `-m "not servers"` leaves out what it says
NEEDS = {"servers": "servers", "models_dir": "models", "browser": "browser"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks each test by what its fixtures need."""
    for item in items:
        for fixture in set(NEEDS) & set(getattr(item, "fixturenames", ())):
            item.add_marker(NEEDS[fixture])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says in one line for each reason how many tests were left out."""
    reasons = Counter(
        report.longrepr[2].removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple)
    )
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"skipped {count}: {reason}")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """With set-up and clean-up, whether it failed or not."""
    with watched(item):
        return (yield)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real clips beside the project; skips where it is missing."""
    folder = Path(os.environ.get("POSEQUEUE_SHARED", ROOT.parent / "shared"))
    if not (folder / "media").is_dir():
        pytest.skip("needs the real clips of ../shared/media, which are not here")
    return folder


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """A folder with the default models installed (`make` puts them there)."""
    folder = Path(os.environ.get("POSEQUEUE_MODELS_DIR", ROOT / ".posequeue" / "models"))
    if not (folder / "movenet_thunder_int8.onnx").is_file():
        pytest.fail(f"no pose models in {folder}; run `make models`")
    return folder


@pytest.fixture(scope="session")
def engine(models_dir: Path) -> PoseEngine:
    """The default models on one thread; its state is in the chunks that it is given."""
    from worker.pose.engine import PoseEngine

    return PoseEngine(models_dir, "cpu")


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a real Valkey and a real S3 server, started for this run on free ports."""
    from worker.embedded.servers import s3_settings, start_redis, start_s3

    folder = tmp_path_factory.mktemp("servers")
    redis_server, s3_server = start_redis(folder / "redis"), start_s3(folder / "s3")
    values = {
        "redis_url": redis_server.url,
        **s3_settings(s3_server),
        "data_dir": str(folder / "data"),
        "models_dir": str(os.environ.get("POSEQUEUE_MODELS_DIR", ROOT / ".posequeue" / "models")),
        "lease_ttl_s": "3",
        "allow_private_urls": "true",
        # schemathesis tries a wrong key with every call; the limit has a test of its own
        "refused_keys_per_minute": "0",
    }
    for name, value in values.items():
        os.environ[f"POSEQUEUE_{name.upper()}"] = value
    settings_of_process.cache_clear()
    yield settings_of_process()
    redis_server.process.stop()
    s3_server.process.stop()


@pytest.fixture
def settings(servers: Settings) -> Settings:
    """Settings that reach the test servers."""
    return servers


@pytest.fixture
def stores(servers: Settings) -> Iterator[Stores]:
    """All stores on the test servers, Redis empty."""
    opened = Stores(servers)
    opened.redis.flushall()
    yield opened
    opened.redis.close()


@pytest.fixture(scope="session")
def squats() -> list[bytes]:
    """A complete pose log: two squats of the synthetic athlete in three chunks."""
    from tests.synthetic.perform import Script, perform, split
    from worker.contract.pose_log import END
    from worker.contract.poses import encode_chunk, encode_head

    head, chunk = perform(Script(move="squat", depths=(1.0, 1.0), fps=20.0))
    return [encode_head(head), *map(encode_chunk, split(chunk, [50, 50])), END]


@pytest.fixture(scope="session")
def walking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of real people walking, 640 pixels wide, with sound (cut from a longer clip)."""
    from tests.support.walking import walking_clip
    from worker.media.probing.ffmpeg_tools import find_tools

    source = walking_clip(ROOT / ".posequeue" / "sample")
    clip = tmp_path_factory.mktemp("clips") / "walking.mp4"
    command = [find_tools().ffmpeg, "-v", "error", "-i", source, "-t", "2", "-vf", "scale=640:-2",
               "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", clip]  # fmt: skip
    subprocess.run(command, check=True)
    return clip


@pytest.fixture(scope="session")
def photo(walking: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of them, sent sideways with the EXIF orientation that puts it right."""
    from PIL import Image

    from worker.media.probing.ffmpeg_tools import find_tools

    frame = tmp_path_factory.mktemp("photos") / "frame.png"
    command = [find_tools().ffmpeg, "-v", "error", "-i", walking, "-frames:v", "1", frame]
    subprocess.run(command, check=True)
    image = Image.open(frame).rotate(90, expand=True)
    exif = Image.Exif()
    exif[0x0112] = 6
    path = frame.with_name("photo.jpg")
    image.save(path, exif=exif, quality=92)
    return path
