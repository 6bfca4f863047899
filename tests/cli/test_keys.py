"""`posequeue keys` on a real store."""

from __future__ import annotations

from typer.testing import CliRunner

from worker.cli.main import app
from worker.contract.plans import Plan
from worker.storage.stores import Stores


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
