"""A browser, the API as a real server, hosts that embed the page, and workers, real or played."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.server_play import serving
from tests.conftest import ROOT
from tests.integration.conftest import api_url, running, start_worker  # noqa: F401
from tests.page.browser import Browser, Tab
from tests.page.chromium import NoChromium, find_chromium
from tests.page.line import BrokenLine
from worker.contract.plans import Plan
from worker.queueing import celery_app
from worker.settings import Settings
from worker.storage.stores import Stores

CLIPS = Path(__file__).resolve().parent.parent / "clips"


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One Chromium for all tests; skips where none can be had."""
    try:
        program = find_chromium(ROOT / ".posequeue" / "chromium")
    except NoChromium as error:
        pytest.skip(f"{error} (install chromium, or set POSEQUEUE_CHROMIUM)")
    with Browser(program, tmp_path_factory.mktemp("chromium")) as started:
        yield started


@pytest.fixture
def tab(browser: Browser) -> Iterator[Tab]:
    """A desktop tab."""
    opened = browser.tab()
    yield opened
    opened.close()


@pytest.fixture
def tabs(browser: Browser) -> Iterator[Callable[..., Tab]]:
    """Makes tabs; see `Tab.prepare` for what they can be."""
    opened: list[Tab] = []

    def make(**how: Any) -> Tab:
        opened.append(browser.tab(**how))
        return opened[-1]

    yield make
    for found in opened:
        found.close()


class Site:
    """An API server; `page(key, …)` is the upload page's address."""

    def __init__(self, address: str) -> None:
        self.address = address

    def page(self, key: str | None, **params: str) -> str:
        """The page's address with a key and parameters."""
        from urllib.parse import urlencode

        given = {**({} if key is None else {"token": key}), **params}
        return f"{self.address}/pose_tracker/upload_tracking?{urlencode(given)}"


@contextmanager
def _site(settings: Settings, **changes: Any) -> Iterator[Site]:
    celery_app.app.conf.broker_url = settings.redis_url.get_secret_value()
    with serving(settings, **changes) as address:
        yield Site(address)


@pytest.fixture(scope="session")
def site(servers: Settings) -> Iterator[Site]:
    """The API with its default settings."""
    with _site(servers) as found:
        yield found


@pytest.fixture
def get(site: Site, stores: Stores) -> Iterator[Callable[..., httpx.Response]]:
    """GETs a path of the site."""
    with httpx.Client(base_url=site.address, verify=False) as client:
        yield client.get


@pytest.fixture
def strict_site(servers: Settings, host: Host) -> Iterator[Site]:
    """The API that lets `host` alone frame its page."""
    with _site(servers, page_embedders=f"https://app.example.com, {host.address}") as found:
        yield found


@pytest.fixture
def broken_line(servers: Settings) -> Iterator[tuple[Site, BrokenLine]]:
    """The API whose clients reach the object store over a line that breaks."""
    with (
        BrokenLine(str(servers.s3_endpoint)) as line,
        _site(servers, s3_public_endpoint=line.address) as found,
    ):
        yield found, line


@pytest.fixture
def key(stores: Stores) -> str:
    """A key of the developer plan."""
    return stores.keys.create("acme", Plan.DEVELOPER)


@pytest.fixture
def free_key(stores: Stores) -> str:
    """A key of the free plan."""
    return stores.keys.create("acme", Plan.FREE)


class Host:
    """A web server of another origin: `files` by path, as (content type, bytes), sent with
    `headers`."""

    def __init__(self, address: str, files: dict[str, tuple[str, bytes]]) -> None:
        self.address = address
        self.files = files
        self.headers: dict[str, str] = {}

    def put(self, path: str, kind: str, data: bytes) -> str:
        """Serves `data`; its address."""
        self.files[path] = (kind, data)
        return self.address + path


@pytest.fixture
def host() -> Iterator[Host]:
    """Where a host's own page and media are."""
    files: dict[str, tuple[str, bytes]] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, data = files.get(self.path.split("?")[0], ("", b""))
            self.send_response(200 if kind else 404)
            self.send_header("Content-Type", kind or "text/plain")
            self.send_header("Content-Length", str(len(data)))
            for header, value in served.headers.items():
                self.send_header(header, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    served = Host(f"http://127.0.0.1:{server.server_port}", files)
    thread.start()
    yield served
    server.shutdown()
    server.server_close()
