"""For everybody: small screens, keyboards, screen readers, languages, either reading direction."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.page.browser import Tab
from tests.page.conftest import CLIPS, Site
from tests.page.contrast import weak_words
from tests.page.hosts import Guest
from tests.page.played import next_job
from worker.contract.errors import ErrorCode, JobError
from worker.storage.stores import Stores

pytestmark = pytest.mark.slow
SQUAT = CLIPS / "squat_5.mp4"


def done(tab: Tab, url: str, stores: Stores) -> Guest:
    """The page with its result."""
    tab.open(url)
    guest = Guest(tab)
    guest.state("pick")
    tab.choose("#file", SQUAT)
    player = next_job(stores)
    player.squat()
    player.export(SQUAT.read_bytes())
    player.finish()
    guest.state("done")
    return guest


def overflow(tab: Tab) -> list[str]:
    """Elements that reach beyond the screen's sides, those that scroll by themselves apart."""
    # not innerWidth: a phone zooms out until all of a page that is too wide is on its screen
    found: list[str] = tab.run("""[...document.querySelectorAll('main, main *')].filter((one) => {
      const box = one.getBoundingClientRect();
      return box.width > 0 && !one.closest('.scroll, .quiet, svg') &&
        (box.right > document.documentElement.clientWidth + 0.5 || box.left < -0.5);
    }).map((one) => one.outerHTML.slice(0, 120))""")
    if tab.run("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        found.append("the page itself")
    return found


@pytest.mark.parametrize("lang", ["en", "fr", "de", "es", "pt"])
def test_320_pixels_are_enough(
    tabs: Callable[..., Tab], site: Site, key: str, stores: Stores, lang: str
) -> None:
    tab = tabs(width=320, height=568, phone=True)
    tab.open(site.page(key, exercise="balance_leg_right", lang=lang))
    Guest(tab).state("pick")
    assert overflow(tab) == []
    done(tab, site.page(key, exercise="squat", lang=lang, recommendations="true"), stores)
    assert overflow(tab) == []
    assert tab.run("document.documentElement.lang") == lang
    small = tab.run("""[...document.querySelectorAll('button, a, label.button')].filter((one) => {
      const box = one.getBoundingClientRect();
      return box.width > 0 && !one.closest('table') && box.height < 43.5;
    }).map((one) => one.innerText)""")
    assert small == []


def test_it_reads_from_right_to_left_too(
    tabs: Callable[..., Tab], site: Site, key: str, stores: Stores
) -> None:
    tab = tabs(width=390, height=844, script="""document.addEventListener('DOMContentLoaded',
      () => { document.documentElement.dir = 'rtl'; });""")  # fmt: skip
    done(tab, site.page(key, exercise="squat"), stores)
    assert overflow(tab) == []
    hud = tab.run("document.querySelector('#hud').getBoundingClientRect().toJSON()")
    screen = tab.run("document.querySelector('#screen').getBoundingClientRect().toJSON()")
    assert screen["right"] - hud["right"] < hud["left"] - screen["left"]


def test_the_words_of_the_option(tab: Tab, site: Site, key: str, stores: Stores) -> None:
    tab.open(site.page(key, exercise="squat", lang="fr-CA"))
    Guest(tab).state("pick")
    assert tab.text("#pick-label") == "Choisir une vidéo"
    assert tab.run("document.title") == "Squat"
    tab.choose("#file", SQUAT)
    player = next_job(stores)
    assert stores.jobs.get(player.id).options.language == "fr"
    player.squat(50)
    tab.wait("document.querySelector('#status').innerText === 'Analyse'")


def test_a_keyboard_is_enough(tab: Tab, site: Site, key: str, stores: Stores) -> None:
    tab.open(site.page(key, exercise="squat"))
    Guest(tab).state("pick")
    tab.press("Tab", 9)
    assert tab.run("document.activeElement.id") == "file"
    outline = tab.run("getComputedStyle(document.querySelector('#pick-label')).outlineStyle")
    assert outline == "solid"
    guest = done(tab, site.page(key, exercise="squat"), stores)
    # the element that had the focus is gone: the heading has it now
    assert tab.run(
        "document.activeElement === document.body || document.activeElement.id === 'heading'"
    )
    tab.run("document.querySelector('.jump').focus()")
    tab.press("Enter", 13, "\r")
    guest.wait("document.querySelector('.reps tbody tr').classList.contains('playing')")


def test_a_screen_reader_is_told(tab: Tab, site: Site, key: str, stores: Stores) -> None:
    tab.open(site.page(key, exercise="squat"))
    guest = Guest(tab)
    guest.state("pick")
    tab.run("""window.told = []; new MutationObserver(() => {
      window.told.push(document.querySelector('#live').textContent);
    }).observe(document.querySelector('#live'), {childList: true, characterData: true, subtree: true})""")
    tab.choose("#file", SQUAT)
    player = next_job(stores)
    tab.wait("window.told.some((text) => text.startsWith('Waiting'))")
    player.squat(80)
    tab.wait("window.told.some((text) => text.startsWith('Analysing'))")
    player.squat()
    player.finish()
    guest.state("done")
    told = tab.run("window.told")
    assert told[-1] == "Analysis finished. 3 reps"
    assert len([text for text in told if text.startswith("Analysing")]) <= 5  # quarters, not frames
    assert tab.run("document.querySelector('#live').getAttribute('aria-live')") == "polite"


def test_everything_has_a_name(tab: Tab, site: Site, key: str, stores: Stores) -> None:
    done(tab, site.page(key, exercise="squat"), stores)
    nodes = tab.call("Accessibility.getFullAXTree")["nodes"]
    named = ("button", "link", "textbox", "progressbar", "img", "image", "table", "video")
    for node in nodes:
        role = node.get("role", {}).get("value")
        if role in named and not node.get("ignored"):
            assert node.get("name", {}).get("value"), node
    headings = [node for node in nodes if node.get("role", {}).get("value") == "heading"]
    levels = [
        p["value"]["value"] for node in headings for p in node["properties"] if p["name"] == "level"
    ]
    assert levels == [1, 2]


@pytest.mark.parametrize("dark", [False, True])
def test_words_stand_out_from_their_ground(
    tabs: Callable[..., Tab], site: Site, key: str, stores: Stores, dark: bool
) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1, for every text of each state."""
    tab = tabs(dark=dark)
    tab.open(site.page(key, exercise="squat"))
    guest = Guest(tab)
    guest.state("pick")
    assert weak_words(tab) == []
    tab.choose("#file", SQUAT)
    player = next_job(stores)
    player.squat(60)
    guest.wait("document.querySelector('#percent').innerText !== ''")
    assert weak_words(tab) == []
    player.squat()
    player.finish()
    guest.state("done")
    assert weak_words(tab) == []
    tab.click("#again")
    guest.state("pick")
    tab.choose("#file", SQUAT)
    next_job(stores, 1).finish(JobError(ErrorCode.INTERNAL, "No."))
    guest.state("failed")
    assert weak_words(tab) == []


SHIFTS = """window.shifts = [];
new PerformanceObserver((list) => { for (const one of list.getEntries()) {
  if (!one.hadRecentInput) window.shifts.push([one.value,
    one.sources.map((part) => part.node?.id || part.node?.className || part.node?.nodeName).join(' ')]);
} }).observe({type: 'layout-shift', buffered: true});"""


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "desktop"])
def test_nothing_shifts_from_load_to_done_and_nothing_is_logged(
    tabs: Callable[..., Tab], site: Site, key: str, stores: Stores, phone: bool
) -> None:
    """https://web.dev/articles/cls calls 0.1 good; all shifts count here, not the worst window."""
    size = {"width": 390, "height": 844} if phone else {"width": 1280, "height": 900}
    tab = tabs(**size, phone=phone, script=SHIFTS)
    tab.open(site.page(key, exercise="squat", recommendations="true", export="true"))
    guest = Guest(tab)
    guest.state("pick")
    tab.choose("#file", SQUAT)
    tab.wait("document.querySelector('#video').videoWidth > 0")
    player = next_job(stores)
    player.squat(100)
    tab.wait(
        "Number(document.querySelector('#hud-count').innerText) >= 0 && !document.querySelector('#hud').hidden"
    )
    player.squat()
    player.export(SQUAT.read_bytes())
    player.finish()
    guest.state("done")
    # two frames later the last shift was reported
    shifts = tab.run("""new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(
      () => setTimeout(() => done(window.shifts), 0))))""")
    assert sum(value for value, _ in shifts) < 0.1, shifts
    assert tab.console == []
    # a shift would have been seen: here is one
    tab.run("document.querySelector('#app').style.marginBlockStart = '200px'")
    tab.wait(f"window.shifts.length > {len(shifts)}")


def test_a_small_screen_is_enough_for_what_hosts_ask_for_and_for_failures(
    tabs: Callable[..., Tab], site: Site, key: str, stores: Stores
) -> None:
    tab = tabs(width=320, height=568, phone=True)
    wishes = {
        "width": "350", "height": "420", "containerMaxWidth": "500", "containerMinHeight": "90vh",
        "uploadAreaPadding": "24px", "uploadLabel": "Trainingsaufzeichnungsdateiauswahl" * 2,
    }  # fmt: skip
    tab.open(site.page(key, exercise="squat", **wishes))
    guest = Guest(tab)
    guest.state("pick")
    assert tab.run("document.documentElement.clientWidth") == 320
    assert overflow(tab) == []
    tab.choose("#file", SQUAT)
    player = next_job(stores)
    player.squat(60)
    guest.wait("document.querySelector('#percent').innerText !== ''")
    assert overflow(tab) == []
    player.finish(JobError(ErrorCode.MEDIA_DECODE_ERROR, "The file breaks off."))
    guest.state("failed")
    assert overflow(tab) == []
    assert tab.console == []
