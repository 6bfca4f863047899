"""The bill of materials and the audit of the lock."""

from __future__ import annotations

import importlib.util
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import httpx
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def supply() -> ModuleType:
    """deploy/supply.py, which lies in no package."""
    import sys

    spec = importlib.util.spec_from_file_location("supply", ROOT / "deploy" / "supply.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["supply"] = module
    spec.loader.exec_module(module)
    return module


def test_every_locked_package_is_in_the_bill(supply: ModuleType, tmp_path: Path) -> None:
    out = tmp_path / "sbom.json"
    assert supply.main(["sbom", str(out)]) == 0
    bill = json.loads(out.read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pinned = {line.split()[0].rstrip("\\").split(";")[0] for line in lines if line[:1].isalnum()}
    assert {f"{one['name']}=={one['version']}" for one in bill["components"]} == pinned
    assert all(one["properties"] for one in bill["components"]), "each with its hashes"
    named = {one["name"]: one["licenses"] for one in bill["components"]}
    assert named["fastapi"]
    references = [one["bom-ref"] for one in bill["components"]]
    assert len(set(references)) == len(references)


@pytest.fixture
def osv() -> Iterator[str]:
    """OSV as it answers, with one advisory for celery."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
            hit = {"vulns": [{"id": "GHSA-test", "modified": "2026-01-01T00:00:00Z"}]}
            rows = [hit if one["package"]["name"] == "celery" else {} for one in asked]
            body = json.dumps({"results": rows}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_an_open_advisory_fails_the_audit(
    supply: ModuleType,
    osv: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked = supply.advisories
    monkeypatch.setattr(supply, "advisories", lambda packages: asked(packages, osv))
    assert supply.main(["audit"]) == 1
    assert "celery" in capsys.readouterr().out
    monkeypatch.setitem(supply.ACCEPTED, "GHSA-test", "of a test")
    assert supply.main(["audit"]) == 0


def test_an_audit_without_osv_says_so(
    supply: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def silent(_: object) -> object:
        raise httpx.ConnectError("no route")

    monkeypatch.setattr(supply, "advisories", silent)
    assert supply.main(["audit"]) == 0
    assert "not audited" in capsys.readouterr().err
