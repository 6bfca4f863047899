"""On a slow line a person sees the page as soon as its document is there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.page.browser import Tab
from tests.page.conftest import Site
from tests.page.hosts import Guest
from worker.storage.stores import Stores

pytestmark = pytest.mark.slow
REQUEST_MS = 1200
PAINT_MS = 600
"""Half the time of a second answer: on a free machine it takes 100 to 300, on a busy one more."""


def slow(tab: Tab) -> Tab:
    """The tab behind a slow line."""
    tab.call("Network.emulateNetworkConditions", offline=False, latency=REQUEST_MS,
             downloadThroughput=-1, uploadThroughput=-1)  # fmt: skip
    return tab


def test_the_console_asks_for_its_key_after_two_answers(
    tabs: Callable[..., Tab], site: Site
) -> None:
    tab = slow(tabs())
    tab.open(f"{site.address}/")
    tab.wait("document.querySelector('#app').dataset.state === 'out'")
    scripts = tab.run("performance.getEntriesByType('resource').map((one) => one.responseEnd)")
    assert min(scripts) < 3 * REQUEST_MS
    assert len([url for url in tab.requests if url.endswith((".js", ".css"))]) == 1


def test_the_first_paint_waits_for_the_document_alone(
    tabs: Callable[..., Tab], site: Site, key: str, stores: Stores
) -> None:
    tab = slow(tabs())
    tab.call("Page.navigate", url=site.page(key, exercise="squat"))
    tab.wait("performance.getEntriesByName('first-contentful-paint').length > 0")
    painted = tab.run("""performance.getEntriesByName('first-contentful-paint')[0].startTime -
      performance.getEntriesByType('navigation')[0].responseEnd""")
    assert painted < PAINT_MS
    # what is seen is the shell: a title and a sign that something comes
    assert tab.run("document.querySelector('#app').dataset.state") == "loading"
    assert tab.text("#heading") == "Movement analysis"
    assert tab.run("document.querySelector('#spinner').getBoundingClientRect().width") > 20
    Guest(tab).state("pick")
    # its document, its script and the answer about its options follow each other; nothing else does
    usable = tab.run("""performance.getEntriesByType('resource')
      .filter((entry) => entry.name.includes('/options'))[0].responseEnd""")
    assert usable < 4 * REQUEST_MS
