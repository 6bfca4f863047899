"""The snippets of api/page/README.md, as far as Node and Chromium can run them."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from api.frontend.assets import FOLDER
from tests.page.browser import Tab
from tests.page.conftest import CLIPS, Host, Site
from tests.page.hosts import Guest
from tests.page.node import find_node
from tests.page.played import REPS, next_job, superset
from worker.contract.examples import EXAMPLES
from worker.storage.stores import Stores


def snippets(kind: str) -> list[str]:
    """The code of the README's blocks of a kind."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.S | re.M)


@pytest.mark.slow
def test_the_web_page(tab: Tab, site: Site, host: Host, key: str, stores: Stores) -> None:
    (script,) = snippets("js run-in-a-page")
    frame = f'<iframe src="{site.page(key, exercise="squat")}" width="400" height="700"></iframe>'
    html = f'<!doctype html><link rel="icon" href="data:,">{frame}<script>{script}</script>'
    tab.open(host.put("/app.html", "text/html", html.encode()))
    guest = Guest(tab, tab.frame("/pose_tracker/"))
    guest.state("pick")
    tab.choose("#file", CLIPS / "squat_5.mp4", frame=guest.frame)
    player = next_job(stores)
    player.squat()
    player.finish()
    guest.state("done")
    tab.wait(f"window.reps === {REPS} && window.grade === 'A'")


@pytest.mark.parametrize("kind", ["js run-in-node", "js run-in-a-page"])
def test_the_scripts_are_whole(kind: str, tmp_path: Path) -> None:
    node = find_node()
    if node is None:
        pytest.skip("no node here")
    (script,) = snippets(kind)
    file = tmp_path / "snippet.mjs"
    file.write_text(script, encoding="utf-8")
    assert subprocess.run([node, "--check", file]).returncode == 0


def test_the_reader_of_react_native(tmp_path: Path) -> None:
    node = find_node()
    if node is None:
        pytest.skip("no node here")
    (script,) = snippets("js run-in-node")
    said = [one for example in EXAMPLES.values() for one in superset(example)]
    read = f"console.log(JSON.stringify({json.dumps(said)}.map((one) => readMessage({{data: JSON.stringify(one)}}))));"
    file = tmp_path / "snippet.mjs"
    file.write_text(f"{script}\n{read}", encoding="utf-8")
    ran = subprocess.run([node, file], capture_output=True, text=True, check=True)
    found = dict(zip([one["type"] for one in said], json.loads(ran.stdout), strict=True))
    assert found["counter"] == {"count": 1, "final": False}
    assert found["exercise_summary"] == {"count": 1, "grade": "A"}
    assert found["export_ready"]["download"].startswith("https://")
    assert found["error"] == {"failed": "invalid_exercise"}
    assert found["posture"] == {}


def test_every_host_of_the_contract_has_its_snippet() -> None:
    assert all(snippets(kind) for kind in ("tsx", "swift", "kotlin", "dart"))
