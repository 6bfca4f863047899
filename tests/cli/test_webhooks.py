"""`posequeue webhooks` against a real API."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from api.server import make_server
from worker.cli.main import app
from worker.contract.plans import Plan
from worker.settings import Settings
from worker.store.bundle import Stores

URL = "https://app.example.com/hooks"


@pytest.fixture
def _server(settings: Settings, stores: Stores, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    server = make_server(settings.model_copy(update={"api_port": 0}))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        thread.join(0.02)
    host, port = server.servers[0].sockets[0].getsockname()
    monkeypatch.setenv("POSEQUEUE_SERVER", f"http://{host}:{port}")
    monkeypatch.setenv("POSEQUEUE_KEY", stores.keys.create("acme", Plan.DEVELOPER))
    yield
    server.should_exit = True
    thread.join(10)


def run(*arguments: str, code: int = 0) -> str:
    ran = CliRunner().invoke(app, ["webhooks", *arguments])
    assert ran.exit_code == code, ran.output
    return ran.stdout.strip()


@pytest.mark.usefixtures("_server")
def test_a_webhooks_life(stores: Stores) -> None:
    made = json.loads(run("create", URL, "--events", "job.failed, message.counter"))
    name, secret = made["id"], made["secret"]
    assert made["events"] == ["job.failed", "message.counter"] and secret.startswith("whsec_")
    listed = run("list")
    assert name in listed and "enabled" in listed and URL in listed and secret not in listed
    test = json.loads(run("test", name))
    shown = run("deliveries", name, "--status", "pending")
    assert test["id"] in shown and "webhook.test" in shown
    assert run("deliveries", name, "--status", "dead") == ""
    assert json.loads(run("rotate", name))["secret"] != secret
    assert run("replay", name, "--delivery", test["id"]) == "1 deliveries"
    assert run("replay", name, "--since", "2026-01-01T00:00:00Z") == "1 deliveries"
    run("replay", name, code=2)
    stores.endpoints.change(stores.endpoints.get(name), enabled=False)
    assert "disabled" in run("list")
    assert json.loads(run("enable", name))["enabled"]
    assert run("delete", name) == "" and run("list") == ""
    run("delete", name, code=1)
    run("create", URL, "--events", "nothing", code=1)
