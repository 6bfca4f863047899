"""`posequeue webhooks` against a real API."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from worker.cli.main import app
from worker.storage.stores import Stores

URL = "https://app.example.com/hooks"


def run(*arguments: str, code: int = 0) -> str:
    ran = CliRunner().invoke(app, ["webhooks", *arguments])
    assert ran.exit_code == code, ran.output
    return ran.stdout.strip()


@pytest.mark.usefixtures("api_server")
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
