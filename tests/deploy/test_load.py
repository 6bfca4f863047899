"""The sizing guide says what its program says, and the program what the arithmetic does."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

import pytest

from tests.bench import report, targets
from tests.deploy.conftest import ROOT


@pytest.fixture(scope="module")
def sizing() -> ModuleType:
    """`deploy/load/sizing.py`."""
    spec = importlib.util.spec_from_file_location("sizing", ROOT / "deploy/load/sizing.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["sizing"] = module  # its dataclasses look for themselves there
    spec.loader.exec_module(module)
    return module


def test_guide_is_computed_from_the_results(sizing: ModuleType) -> None:
    text = sizing.guide(sizing.Given())
    assert text in (ROOT / "k8s/README.md").read_text(), "run sizing.py --write"


def test_figures_are_those_of_the_results(sizing: ModuleType) -> None:
    given, text = sizing.Given(), (ROOT / "tests/bench/RESULTS.md").read_text()
    for value in (given.analysis, given.analysis_keypoints):
        assert f"| · all | {value:.3f} CPU-s a media s |" in text
    assert f"| overlay export, a media second | {given.export:.2f} CPU-s |" in text
    assert f"| · server | {given.redis_us:.2f} CPU-µs/message |" in text


def test_each_target_has_its_figure_or_none_was_measured() -> None:
    found = report.figures()
    for target in targets.TARGETS:
        for what in target.rows if target.section in found else ():
            assert what in found[target.section], (target.section, what)
    lines = targets.table(found).splitlines()
    assert all(line in (ROOT / "tests/bench/RESULTS.md").read_text() for line in lines)


def test_needs_follow_from_the_load(sizing: ModuleType) -> None:
    given = sizing.Given(
        media_s=10, analysis=2, keypoints=0, export=1, exports=0.5, peak=1, use=0.5
    )
    sized = sizing.size(86_400, given)
    assert sized.arrivals_per_s == pytest.approx(1)
    assert (sized.pose_slots, sized.export_slots) == (40, 10)
    assert sized.s3_requests_per_s == pytest.approx(given.requests_s3)
    assert sizing.size(864_000, given).pose_slots == 400


def test_too_few_slots_are_seen_in_the_simulation(sizing: ModuleType) -> None:
    given = sizing.Given(use=1.2)  # a fifth less than the work needs
    waits, _ = sizing.simulate(sizing.size(1e5, given), given)
    enough = sizing.Given()
    calm, done = sizing.simulate(sizing.size(1e5, enough), enough)
    assert sizing.quantile(waits, 0.5) > 60 > sizing.quantile(calm, 0.99)
    assert sizing.quantile(done, 0.5) >= 5 * (enough.analysis + enough.export)
