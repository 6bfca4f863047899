"""Every layout parameter does what its name says, and nothing that it does not say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.page.browser import Tab
from tests.page.conftest import CLIPS, Site
from worker.contract.options import LAYOUT
from worker.storage.stores import Stores

pytestmark = pytest.mark.slow


def opened(tab: Tab, site: Site, key: str, **params: str) -> Tab:
    """The page ready for a file."""
    tab.open(site.page(key, exercise="squat", **params))
    tab.wait("document.querySelector('#app').dataset.state === 'pick'")
    return tab


def working(tab: Tab) -> Tab:
    """The page with a video on it."""
    tab.choose("#file", CLIPS / "squat_5.mp4")
    tab.wait("document.querySelector('#video').videoWidth > 0")
    tab.wait("document.querySelector('#screen').style.getPropertyValue('--aspect') !== ''")
    return tab


def box(tab: Tab, selector: str) -> dict[str, float]:
    """Place and size of an element in CSS pixels."""
    found: dict[str, float] = tab.run(
        f"document.querySelector({selector!r}).getBoundingClientRect().toJSON()"
    )
    return found


def style(tab: Tab, selector: str, name: str) -> Any:
    """A computed style."""
    return tab.run(f"getComputedStyle(document.querySelector({selector!r}))[{name!r}]")


def test_width_and_height_are_the_pictures(tab: Tab, site: Site, key: str, stores: Stores) -> None:
    opened(tab, site, key, width="350", height="420px")
    assert box(tab, "#pick")["width"] == 350
    working(tab)
    found = box(tab, "#screen")
    assert (found["width"], found["height"]) == (350, 420)
    assert box(tab, "#overlay")["height"] == box(tab, "#video")["height"] == 420


def test_without_a_size_the_picture_has_the_videos_shape(
    tab: Tab, site: Site, key: str, stores: Stores
) -> None:
    working(opened(tab, site, key))
    found = box(tab, "#screen")
    shape = tab.run(
        "(() => { const v = document.querySelector('#video'); return v.videoWidth / v.videoHeight })()"
    )
    assert found["width"] / found["height"] == pytest.approx(shape, rel=0.01)
    assert found["height"] <= 800 - 2 * 16


def test_the_container(tab: Tab, site: Site, key: str, stores: Stores) -> None:
    opened(
        tab,
        site,
        key,
        containerMinHeight="90vh",
        containerMaxWidth="500",
        containerMaxHeight="750px",
    )
    found = box(tab, "#app")
    assert found["width"] == 500
    assert found["height"] == 0.9 * 800
    assert style(tab, "#app", "maxHeight") == "750px"
    working(tab)
    assert box(tab, "#app")["height"] <= 750
    assert style(tab, "#app", "overflowY") == "auto"


def test_the_picture_is_no_higher_than_the_container(
    tab: Tab, site: Site, key: str, stores: Stores
) -> None:
    working(opened(tab, site, key, containerMaxHeight="300px", height="900"))
    found = box(tab, "#screen")
    assert found["height"] <= 300 and found["bottom"] <= 300


@pytest.mark.parametrize("fit", ["contain", "cover", "fill", "none", "scale-down"])
def test_object_fit(tab: Tab, site: Site, key: str, stores: Stores, fit: str) -> None:
    opened(tab, site, key, objectFit=fit.upper())
    assert style(tab, "#video", "objectFit") == fit
    assert style(tab, "#image", "objectFit") == fit


@pytest.mark.parametrize(
    ("place", "down", "across"),
    [("top-left", 0, 0), ("bottom", 1, 0.5), ("center right", 0.5, 1), ("top", 0, 0.5)],
)
def test_where_the_button_is(
    tab: Tab, site: Site, key: str, stores: Stores, place: str, down: float, across: float
) -> None:
    opened(tab, site, key, uploadButtonPosition=place, uploadAreaPadding="10px")
    area, inner = box(tab, "#drop"), box(tab, ".choices")
    free_down, free_across = (
        area["height"] - inner["height"] - 20,
        area["width"] - inner["width"] - 20,
    )
    assert free_down > 20
    assert inner["y"] - area["y"] - 10 == pytest.approx(down * free_down, abs=2)
    assert inner["x"] - area["x"] - 10 == pytest.approx(across * free_across, abs=2)


def test_padding_of_the_area(tab: Tab, site: Site, key: str, stores: Stores) -> None:
    opened(tab, site, key, uploadAreaPadding="8 64px")
    assert style(tab, "#drop", "padding") == "8px 64px"


def test_the_label_is_text(tab: Tab, site: Site, key: str, stores: Stores) -> None:
    opened(tab, site, key, uploadLabel="<img src=x onerror=alert(1)> Deine Übung")
    assert tab.text("#pick-label") == "<img src=x onerror=alert(1)> Deine Übung"
    assert tab.run("document.querySelectorAll('#pick-label *').length") == 0
    assert style(tab, "#pick-label", "display") == "flex"


def test_no_upload(tab: Tab, site: Site, key: str, stores: Stores) -> None:
    opened(tab, site, key, showUpload="false")
    assert style(tab, "#pick", "display") == "none"
    assert tab.text("#lead") == "Waiting for the app to hand over a video."
    opened(tab, site, key, showUpload="true")
    assert style(tab, "#pick", "display") != "none"


def test_android_gets_a_button_to_record(
    tabs: Callable[..., Tab], site: Site, key: str, stores: Stores
) -> None:
    tab = opened(tabs(), site, key, isAndroid="true")
    assert style(tab, ".camera", "display") != "none"
    assert tab.run("document.querySelector('#camera').getAttribute('capture')") == "environment"
    assert style(tab, ".drop-hint", "display") == "none"
    desk = opened(tabs(), site, key, isAndroid="false")
    assert style(desk, ".camera", "display") == "none"
    phone = opened(tabs(phone=True, width=390, height=844), site, key)
    assert style(phone, ".camera", "display") != "none"


def test_what_is_no_length_changes_nothing(
    tabs: Callable[..., Tab], site: Site, key: str, stores: Stores
) -> None:
    evil = "1px;background:url(http://127.0.0.1:9/x)}*{color:red"
    names = ("width", "height", "containerMinHeight", "containerMaxWidth", "containerMaxHeight",
             "objectFit", "uploadButtonPosition", "uploadAreaPadding")  # fmt: skip
    tab = opened(tabs(), site, key, **dict.fromkeys(names, evil))
    assert tab.run("document.documentElement.getAttribute('style')") in (None, "")
    plain = opened(tabs(), site, key)
    assert box(tab, "#app") == box(plain, "#app")
    assert tab.console == []


def test_every_layout_parameter_was_tried() -> None:
    tests = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in LAYOUT if f"{name}=" not in tests] == []
