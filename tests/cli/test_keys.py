"""`posequeue keys` on a real store."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from typer.testing import CliRunner

from worker.cli.main import app, main
from worker.contract.plans import Plan
from worker.embedded.processes import free_port
from worker.settings import Settings, settings
from worker.storage.stores import Stores
from worker.storage.tenants.cells import cell_of


def run(*arguments: str, code: int = 0) -> str:
    ran = CliRunner().invoke(app, ["keys", *arguments])
    assert ran.exit_code == code, ran.output
    return ran.stdout.strip()


def test_a_key_is_shown_once_listed_and_revoked(stores: Stores) -> None:
    key = run("create", "--tenant", "acme", "--plan", "developer", "--name", "laptop")
    found = stores.keys.find(key)
    assert found is not None
    assert (found.tenant, found.plan) == ("acme", Plan.DEVELOPER)
    listed = run("list")
    assert found.keyId in listed
    assert key not in listed
    run("revoke", "key_", code=2)
    run("revoke", found.keyId)
    assert stores.keys.find(key) is None
    run("revoke", found.keyId, code=2)
    assert run("list") == ""


def test_a_new_tenants_key_is_made_by_its_cell(
    stores: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = ("https://a.example", "https://b.example")
    homes = {name: cell_of(name, cells) for name in map(str, range(400))}
    assert 150 < sum(home == cells[0] for home in homes.values()) < 250
    more = (*cells, "https://c.example")
    assert all(cell_of(name, more) in (home, more[2]) for name, home in homes.items())
    here = stores.settings.model_copy(update={"cells": ",".join(cells), "cell": cells[0]})
    mine, other = (next(name for name, home in homes.items() if home == cell) for cell in cells)
    run("create", "--tenant", other)
    monkeypatch.setattr("worker.settings.settings", lambda: here)
    assert stores.keys.find(run("create", "--tenant", mine))
    assert stores.keys.find(run("create", "--tenant", other))  # it was here before
    for one in stores.keys.list():
        stores.keys.revoke(one.keyId)
    assert run("create", "--tenant", other, code=2) == ""
    with pytest.raises(ValueError, match="not one of the cells"):
        Settings.model_validate({"cells": "https://a.example", "cell": "https://b.example"})


def test_a_key_with_scopes_and_an_end(stores: Stores) -> None:
    key = run(
        "create", "--tenant", "acme", "--scopes", "jobs:read,jobs:write", "--expires-in", "2h"
    )
    found = stores.keys.find(key)
    assert found is not None and found.scopes == ("jobs:write", "jobs:read")
    assert found.expiresAt is not None and found.expiresAt > found.createdAt
    assert found.expiresAt in run("list")
    whole = stores.keys.find(run("create", "--tenant", "acme"))
    assert whole is not None and "admin" in whole.scopes and whole.expiresAt is None
    for wrong in (("--scopes", "jobs:all"), ("--scopes", ""), ("--expires-in", "2"),
                  ("--expires-in", "0h"), ("--expires-in", "soon")):  # fmt: skip
        run("create", "--tenant", "acme", *wrong, code=2)
    assert len(stores.keys.list()) == 2


@pytest.fixture
def elsewhere(stores: Stores, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """An environment that names no Redis; the folder in which `up` would have left its address."""
    monkeypatch.delenv("POSEQUEUE_REDIS_URL")
    monkeypatch.setenv("POSEQUEUE_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


def test_the_system_that_up_started_is_found(
    stores: Stores, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = stores.settings.redis_url.get_secret_value()
    others = {"POSEQUEUE_S3_BUCKET": "theirs", "POSEQUEUE_MODELS_DIR": "/x", "LD_PRELOAD": "x.so"}
    servers = {"POSEQUEUE_REDIS_URL": url, **others}
    (elsewhere / "client.json").write_text(json.dumps({"environment": servers}))
    environment = {**os.environ, "POSEQUEUE_S3_BUCKET": "ours"}
    monkeypatch.setattr(os, "environ", environment)
    before = set(environment)
    assert stores.keys.find(run("create", "--tenant", "acme"))
    # a folder that somebody gave away names servers at most, and none that are set
    assert set(environment) - before == {"POSEQUEUE_REDIS_URL"}
    assert environment["POSEQUEUE_S3_BUCKET"] == "ours"


def test_without_redis_one_line_says_what_to_set(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POSEQUEUE_REDIS_URL", f"redis://127.0.0.1:{free_port()}/0")
    settings.cache_clear()
    monkeypatch.setattr(sys, "argv", ["posequeue", "keys", "list"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("Redis: ") and "POSEQUEUE_REDIS_URL" in line


def test_an_error_of_ours_in_redis_is_told_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong() -> None:
        raise redis.ResponseError("WRONGTYPE")

    monkeypatch.setattr(sys.modules[main.__module__], "app", wrong)
    with pytest.raises(redis.ResponseError):
        main()
