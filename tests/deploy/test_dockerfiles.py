"""The Dockerfiles: what they copy is there, what they build on is pinned, nobody runs as root."""

from __future__ import annotations

import fnmatch
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.deploy.conftest import ROOT, Run, not_settings, variables

CONVERT = """
from worker.pose.weights import install, registry
for spec in registry.MODELS.values():
    try:
        spec.converter({})
    except (KeyError, ValueError):  # no files are given
        pass
"""
"""Imports all that a conversion needs."""

FILES = sorted((ROOT / "deploy/docker").glob("*.Dockerfile"))
NAMES = [path.name for path in FILES]
PINNED = re.compile(r"^[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}$")


def lines(path: Path) -> list[str]:
    """Instructions, continued ones joined."""
    text = re.sub(r"^\s*#.*\n", "", path.read_text(), flags=re.MULTILINE)
    return [line for line in re.sub(r"\\\n", " ", text).splitlines() if line.strip()]


def copied(path: Path) -> list[str]:
    """What is copied out of the repository."""
    found = []
    for line in lines(path):
        if line.startswith("COPY ") and "--from=" not in line:
            found += line.split()[1:-1]
    return found


def test_there_are_three() -> None:
    assert NAMES == ["api.Dockerfile", "worker-cpu.Dockerfile", "worker-gpu.Dockerfile"]


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_copies_what_is_there_and_the_build_may_see(path: Path) -> None:
    ignore = path.with_name(path.name + ".dockerignore").read_text().splitlines()
    seen = [line[1:] for line in ignore if line.startswith("!")]
    assert "*" in ignore
    for source in copied(path):
        assert (ROOT / source).exists(), source
        assert any(source == one or fnmatch.fnmatch(source, one + "/*") for one in seen), source


@pytest.mark.parametrize("path", FILES[1:], ids=NAMES[1:])
def test_copies_all_that_makes_the_weights(path: Path, tmp_path: Path) -> None:
    stage = path.read_text().partition(" AS models\n")[2].partition("\nFROM ")[0]
    for source, target in re.findall(r"^COPY (\S+) (\S+)$", stage, re.MULTILINE):
        place = tmp_path / target / (Path(source).name if target.endswith("/") else "")
        place.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (ROOT / source).is_dir() else shutil.copy)(ROOT / source, place)
    # -S: without the editable install, which would find the rest of the project
    environment = {"PYTHONPATH": sysconfig.get_path("purelib")}
    done = subprocess.run(
        [sys.executable, "-S", "-c", CONVERT], cwd=tmp_path, env=environment, capture_output=True,
        text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_bases_are_one_digest() -> None:
    given = set()
    for path in FILES:
        bases = {line.split()[1] for line in lines(path) if line.startswith("FROM ")}
        stages = {line.split()[3] for line in lines(path) if re.match(r"FROM .* AS ", line)}
        assert bases - stages == {"${PYTHON}"}
        given |= {line.partition("=")[2] for line in lines(path) if line.startswith("ARG PYTHON=")}
    assert len(given) == 1
    assert PINNED.match(given.pop())


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_runs_without_root_and_gets_its_signals(path: Path) -> None:
    last = path.read_text().rpartition("\nFROM ")[2].splitlines()
    assert "USER 10001:10001" in last
    assert "STOPSIGNAL SIGTERM" in last
    assert 'ENTRYPOINT ["posequeue"]' in last  # no shell in between
    assert any(line.startswith("HEALTHCHECK ") for line in last)


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_installs_with_hashes_alone(path: Path) -> None:
    for command in re.findall(r"pip [^&]*install[^&]*", " && ".join(lines(path))):
        own = re.search(r"--no-deps wheels/\*\.whl", command)
        assert own or "--require-hashes --only-binary=:all:" in command, command


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_sets_only_settings(path: Path) -> None:
    assert not_settings(variables(path.read_text())) == set()


def test_hadolint_is_content(run: Run) -> None:
    done = run("hadolint", *FILES)
    assert done.returncode == 0, done.stdout
