"""The console's forms: a new job, page tokens, webhooks, and what the server refuses."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.api.webhook_play import delivered
from tests.page.browser import Tab
from tests.page.conftest import Host, Site
from tests.page.console_play import SQUAT, signed_in
from tests.page.played import next_job
from tests.synthetic import figures
from worker.contract.exercises import CATALOGUE
from worker.contract.webhooks import DeliveryStatus
from worker.storage.stores import Stores

pytestmark = pytest.mark.slow


def test_a_file_chosen_while_another_is_sent_stays_chosen(
    tab: Tab, site: Site, key: str, stores: Stores, tmp_path: Path
) -> None:
    signed_in(tab, site, key)
    tab.choose("#media", SQUAT)
    other = tmp_path / "other.mp4"
    other.write_bytes(SQUAT.read_bytes())
    tab.run("document.querySelector('#submit').requestSubmit()")
    tab.choose("#media", other)
    job = next_job(stores).id
    tab.wait("!document.querySelector('#submit button').disabled")
    tab.wait(f"document.querySelector('#job-head').innerText === '{job}'")
    assert tab.run("document.querySelector('#media').files[0]?.name") == "other.mp4"


def test_each_exercise_has_its_picture_and_what_it_needs(
    tab: Tab, site: Site, key: str, stores: Stores
) -> None:
    signed_in(tab, site, key)

    def choose(exercise: str) -> None:
        tab.run(
            f"(() => {{ const s = document.querySelector('#exercise'); s.value = '{exercise}'; s.onchange(); }})()"
        )

    for exercise, entry in CATALOGUE.items():
        choose(exercise)
        assert tab.run("document.querySelectorAll('#exercise-about .figure line').length") == 24
        text = tab.text("#exercise-about")
        assert text.startswith(f"Counts {entry.unit}")
        assert entry.view in text
        assert tab.run("document.querySelector('#height').hidden") == (not entry.requires)
    choose("jump_analysis")
    tab.run("document.querySelector('#height').value = '181'")
    tab.choose("#media", SQUAT)
    tab.run("document.querySelector('#submit').requestSubmit()")
    options = stores.jobs.get(next_job(stores).id).options
    assert (options.exercise, options.userHeightCm) == ("jump_analysis", 181)
    choose("auto")
    tab.choose("#media", SQUAT)
    tab.run("document.querySelector('#submit').requestSubmit()")
    options = stores.jobs.get(next_job(stores, 1).id).options
    assert (options.exercise, options.userHeightCm) == ("auto", None)


def test_the_pictures_are_the_athletes() -> None:
    assert figures.FILE.read_text() == figures.rendered(), "run python -m tests.synthetic.figures"


def test_a_page_token_opens_the_page(tab: Tab, site: Site, key: str, stores: Stores) -> None:
    signed_in(tab, site, key)
    tab.click("#page-token")
    tab.wait("document.querySelector('#page-link a')")
    assert "acme" not in tab.text("#key-facts")
    assert "developer" in tab.text("#key-facts")
    tab.open(tab.text("#page-link a"))
    tab.wait("document.querySelector('#app').dataset.state === 'pick'")


def test_what_the_server_refuses_is_told(
    tab: Tab, site: Site, free_key: str, stores: Stores
) -> None:
    signed_in(tab, site, free_key)
    assert tab.run("[...document.querySelectorAll('#flags input')].every((box) => box.disabled)")
    tab.run("document.querySelector('#submit').requestSubmit()")
    tab.wait(
        "document.querySelector('#submit-problem').innerText === 'Choose a file, or give an address.'"
    )
    tab.run("document.querySelector('#url').value = 'https://media.example/a.mp4';"
            "document.querySelector('#more').value = '{\"export\": true}';"
            "document.querySelector('#submit').requestSubmit()")  # fmt: skip
    tab.wait(
        "document.querySelector('#submit-problem').innerText.startsWith('developer_features_not_allowed')"
    )


def test_webhooks_and_their_deliveries(
    tab: Tab, site: Site, host: Host, key: str, stores: Stores
) -> None:
    headers = {"Authorization": f"Bearer {key}"}
    url = f"{host.address}/hook"
    body = {"url": url, "events": ["job.succeeded"]}
    made = httpx.post(f"{site.address}/v1/webhooks", json=body, headers=headers)
    assert made.status_code == 201, made.text
    delivered(stores, made.json(), "msg_1")
    signed_in(tab, site, key)
    tab.wait(f"document.querySelector('#hooks').innerText.includes('{url}')")
    tab.click("#hooks .pick")
    tab.wait("!document.querySelector('#deliveries').hidden")
    tab.run(
        "[...document.querySelectorAll('#hook-actions button')].find((b) => b.innerText === 'Send a test').click()"
    )
    tab.wait("document.querySelector('#delivery-rows').innerText.includes('webhook.test')")
    row = "[...document.querySelectorAll('#delivery-rows tr')].find((one) => one.innerText.includes('job.succeeded'))"
    assert "delivered" in tab.run(f"{row}.innerText")
    tab.run(f"{row}.querySelector('button').click()")
    tab.wait(f"{row}.innerText.includes('pending')")
    assert stores.deliveries.get("msg_1", made.json()["id"]).status is DeliveryStatus.PENDING
