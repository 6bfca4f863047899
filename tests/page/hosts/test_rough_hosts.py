"""Hosts that are rough with the page: it is loaded twice, talked to, slowed down, its clock wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.page.browser import Tab
from tests.page.conftest import Host, Site
from tests.page.hosts import Guest
from tests.page.hosts.embedding import SQUAT, TAKES_ALL, check, embedded, played_through
from tests.page.played import REPS, Player, jobs_of, next_job
from worker.storage.stores import Stores

pytestmark = pytest.mark.slow
A_DAY_OFF = "const now = Date.now; Date.now = () => now() SIGN 864e5;"
NO_AUTOPLAY = """
HTMLMediaElement.prototype.play = function () {
  window.plays = (window.plays ?? 0) + 1;
  return Promise.reject(new DOMException('a click first', 'NotAllowedError'));
};
"""
CHATTER = """
setInterval(() => {
  const frame = document.querySelector('#pose').contentWindow;
  for (const said of ['hello', '{"type": "done"}', {type: 'counter', current_count: 99}, null, 7]) {
    frame.postMessage(said, '*');
  }
}, 50);
"""


def begun(guest: Guest, stores: Stores) -> Player:
    """A file is chosen, and its job has told some."""
    guest.state("pick")
    guest.tab.choose("#file", SQUAT, frame=guest.frame)
    player = next_job(stores)
    player.squat(60)
    guest.wait("document.querySelector('#percent').innerText !== ''")
    return player


def ended(guest: Guest, player: Player) -> None:
    """The rest of the job, its result on the page and with the host."""
    player.squat()
    player.export(SQUAT.read_bytes())
    player.finish()
    guest.state("done")
    assert guest.tab.text(".total strong", guest.frame) == f"{REPS} reps"
    check(guest.got)


def test_the_address_set_twice_before_it_is_loaded(
    tab: Tab, site: Site, host: Host, key: str, stores: Stores
) -> None:
    """As frameworks do that render twice."""
    url = site.page(key, exercise="squat", export="true")
    twice = """addEventListener('DOMContentLoaded', () => {
      const frame = document.querySelector('#pose');
      for (let time = 0; time < 2; time += 1) frame.src = frame.src;
    });"""
    guest = embedded(tab, host, url, script=twice + TAKES_ALL)
    played_through(guest, stores)
    check(guest.got)


def test_the_address_set_again_in_mid_job(
    tab: Tab, site: Site, host: Host, key: str, stores: Stores
) -> None:
    guest = embedded(tab, host, site.page(key, exercise="squat", export="true"))
    player = begun(guest, stores)
    tab.run("(() => { const f = document.querySelector('#pose'); f.src = f.src; })()")
    guest.wait("document.querySelector('#app')?.dataset.state === 'work'")
    ended(guest, player)
    assert len(jobs_of(stores)) == 1
    ids = [one["id"] for one in guest.heard if one["id"] != "0-0"]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("sign", ["+", "-"])
def test_a_clock_that_is_a_day_off(
    tabs: Callable[..., Tab], site: Site, host: Host, key: str, stores: Stores, sign: str
) -> None:
    tab = tabs(script=A_DAY_OFF.replace("SIGN", sign))
    guest = embedded(tab, host, site.page(key, exercise="squat", export="true"))
    player = begun(guest, stores)
    tab.run("window.was = true; location.reload()", guest.frame)
    guest.wait("!window.was && document.readyState === 'complete'")
    guest.state("work")
    guest.wait("document.querySelector('#video').videoWidth > 0")  # the file that is kept
    ended(guest, player)


def test_a_slow_line(tab: Tab, site: Site, host: Host, key: str, stores: Stores) -> None:
    """Slow 3G as browsers' tools have it: 400 kbit/s and 400 ms."""
    tab.call("Network.emulateNetworkConditions", offline=False, latency=400,
             downloadThroughput=50_000, uploadThroughput=50_000)  # fmt: skip
    guest = embedded(tab, host, site.page(key, exercise="squat", keypoints="true", export="true"))
    ended(guest, begun(guest, stores))


def test_nothing_may_play_by_itself(
    tabs: Callable[..., Tab], site: Site, host: Host, key: str, stores: Stores
) -> None:
    """As in apps that want a tap first: it is tried once and the result is there all the same."""
    tab = tabs(script=NO_AUTOPLAY)
    guest = embedded(tab, host, site.page(key, exercise="squat", export="true"))
    ended(guest, begun(guest, stores))
    assert tab.run("window.plays", guest.frame) == 1
    assert tab.console == []


def test_a_host_that_talks_to_the_page(
    tab: Tab, site: Site, host: Host, key: str, stores: Stores
) -> None:
    url = site.page(key, exercise="squat", export="true")
    guest = embedded(tab, host, url, script=TAKES_ALL + CHATTER)
    ended(guest, begun(guest, stores))
    assert tab.console == []
