"""A real Chromium, headless, driven over the Chrome DevTools Protocol; nothing but websockets.

https://chromedevtools.github.io/devtools-protocol/ names the methods and events used here.
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

Json = dict[str, Any]
START_S = 60.0
WAIT_S = 60.0
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-default-apps", "--disable-extensions", "--mute-audio", "--hide-scrollbars",
    "--disable-dev-shm-usage", "--remote-debugging-port=0", "--disable-site-isolation-trials",
    "--autoplay-policy=no-user-gesture-required",
)  # fmt: skip


class PageError(AssertionError):
    """What a script in the page threw."""


class Browser:
    """One Chromium with a fresh profile; a context manager."""

    def __init__(self, program: str, profile: Path) -> None:
        self._profile = profile
        self._log = (profile / "chromium.log").open("wb")
        # a home of its own: the wrapper script of some systems writes there
        environment = {**os.environ, "HOME": str(profile)}
        self._process = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT,
            env=environment, start_new_session=True,
        )  # fmt: skip
        self._socket = self._connect()
        self._numbers = itertools.count(1)
        self._answers: dict[int, queue.SimpleQueue[Json]] = {}
        self._tabs: dict[str, Tab] = {}
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        self._log.close()

    def _connect(self) -> ClientConnection:
        told = self._profile / "DevToolsActivePort"
        end = time.monotonic() + START_S
        while time.monotonic() < end and self._process.poll() is None:
            lines = told.read_text().split() if told.is_file() else []
            if len(lines) == 2:
                address = f"ws://127.0.0.1:{lines[0]}{lines[1]}"
                return connect(address, legacy=True, max_size=None, ping_interval=None)
            time.sleep(0.02)
        raise RuntimeError((self._profile / "chromium.log").read_text()[-2000:])

    def _read(self) -> None:
        try:
            for text in self._socket:
                message: Json = json.loads(text)
                if "id" in message:
                    self._answers.pop(message["id"]).put(message)
                elif tab := self._tabs.get(message.get("sessionId", "")):
                    tab.take(message["method"], message["params"])
        except ConnectionClosed:
            return

    def call(self, method: str, params: Json | None = None, session: str | None = None) -> Json:
        """One command's result; raises PageError where it is refused."""
        number = next(self._numbers)
        answer = self._answers[number] = queue.SimpleQueue()
        sent: Json = {"id": number, "method": method, "params": params or {}}
        if session is not None:
            sent["sessionId"] = session
        self._socket.send(json.dumps(sent))
        message = answer.get(timeout=WAIT_S)
        if "error" in message:
            raise PageError(f"{method}: {message['error']}")
        result: Json = message["result"]
        return result

    def tab(self, **how: Any) -> Tab:
        """A tab with storage of its own."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        wanted = {"url": "about:blank", "browserContextId": context}
        target = self.call("Target.createTarget", wanted)["targetId"]
        attached = self.call("Target.attachToTarget", {"targetId": target, "flatten": True})
        tab = Tab(self, attached["sessionId"], context)
        self._tabs[attached["sessionId"]] = tab
        tab.prepare(**how)
        return tab


class Tab:
    """One tab. `console` has what was logged as an error or thrown, `requests` every address."""

    def __init__(self, browser: Browser, session: str, context: str) -> None:
        self._browser = browser
        self._session = session
        self._context = context
        self._contexts: dict[str, int] = {}
        self._frame = ""
        self.console: list[str] = []
        self.requests: list[str] = []
        self.on_pause: Callable[[Json], None] | None = None

    def call(self, method: str, **params: Any) -> Json:
        """A command to this tab."""
        return self._browser.call(method, params, self._session)

    def prepare(
        self,
        *,
        width: int = 1000,
        height: int = 800,
        dark: bool = False,
        phone: bool = False,
        still: bool = False,
        script: str | None = None,
    ) -> None:
        """Size and preferences; `script` runs in each document before its own."""
        for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
            self.call(f"{domain}.enable")
        self._frame = self.call("Page.getFrameTree")["frameTree"]["frame"]["id"]
        self.resize(width, height, phone=phone)
        features = [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce" if still else "no-preference"},
        ]
        self.call("Emulation.setEmulatedMedia", features=features)
        self.call("Emulation.setTouchEmulationEnabled", enabled=phone)
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)
        if script:
            self.call("Page.addScriptToEvaluateOnNewDocument", source=script)

    def resize(self, width: int, height: int, *, phone: bool = False) -> None:
        """Size of the viewport in CSS pixels."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=2 if phone else 1, mobile=phone)  # fmt: skip

    def take(self, method: str, params: Json) -> None:
        """An event, in the reader's thread."""
        if method == "Runtime.executionContextCreated":
            found = params["context"]
            if found["auxData"].get("isDefault"):
                self._contexts[found["auxData"]["frameId"]] = found["id"]
        elif method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.console.append(str(details.get("exception", {}).get("description", details)))
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "assert"):
            words = [str(one.get("value", one.get("description"))) for one in params["args"]]
            self.console.append(" ".join(words))
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.console.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Fetch.requestPaused" and self.on_pause:
            # answering needs the reader's thread, so another one answers
            threading.Thread(target=self.on_pause, args=(params,), daemon=True).start()

    def open(self, url: str) -> None:
        """Goes to an address; what is there is up to `wait`."""
        answer = self.call("Page.navigate", url=url)
        assert "errorText" not in answer, answer
        self.wait("document.readyState === 'complete'")

    def frame(self, part: str) -> str:
        """The id of the frame whose address contains `part`, once there is one."""
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            left = [self.call("Page.getFrameTree")["frameTree"]]
            while left:
                tree = left.pop(0)
                if part in tree["frame"]["url"]:
                    return str(tree["frame"]["id"])
                left += tree.get("childFrames", [])
            time.sleep(0.03)
        raise AssertionError(f"no frame has an address with {part}")

    def run(self, expression: str, frame: str | None = None) -> Any:
        """The value of an expression, awaited; raises PageError for what it throws."""
        params: Json = {"expression": expression, "returnByValue": True, "awaitPromise": True,
                        "userGesture": True}  # fmt: skip
        params["contextId"] = self._contexts[frame or self._frame]
        answer = self.call("Runtime.evaluate", **params)
        if "exceptionDetails" in answer:
            raise PageError(str(answer["exceptionDetails"].get("exception", answer)))
        return answer["result"].get("value")

    def wait(self, expression: str, frame: str | None = None, timeout_s: float = WAIT_S) -> None:
        """Returns once an expression is true."""
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            with contextlib.suppress(PageError, KeyError):  # the document is being replaced
                if self.run(f"Boolean({expression})", frame):
                    return
            time.sleep(0.03)
        raise AssertionError(f"never true: {expression}; console: {self.console}")

    def choose(self, selector: str, *files: Path, frame: str | None = None) -> None:
        """Chooses files in a file input, as the system's dialogue does."""
        answer = self.call("Runtime.evaluate", expression=f"document.querySelector({selector!r})",
                           contextId=self._contexts[frame or self._frame])  # fmt: skip
        found = answer["result"]["objectId"]
        self.call("DOM.setFileInputFiles", files=[str(file) for file in files], objectId=found)

    def click(self, selector: str, frame: str | None = None) -> None:
        """Clicks an element."""
        self.run(f"document.querySelector({selector!r}).click()", frame)

    def text(self, selector: str, frame: str | None = None) -> str:
        """The visible text of an element."""
        return str(self.run(f"document.querySelector({selector!r}).innerText", frame))

    def press(self, key: str, code: int = 0, text: str = "") -> None:
        """One key, down and up."""
        for kind in ("keyDown", "keyUp"):
            params: Json = {"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code}
            self.call("Input.dispatchKeyEvent", **params, **({"text": text} if text else {}))

    def offline(self, gone: bool) -> None:
        """Takes the network away, or gives it back."""
        self.call("Network.emulateNetworkConditions", offline=gone, latency=0,
                  downloadThroughput=-1, uploadThroughput=-1)  # fmt: skip

    def pause_requests(self, patterns: Sequence[str], handle: Callable[[Json], None]) -> None:
        """`handle` gets each request whose address matches; it answers with Fetch.*."""
        self.on_pause = handle
        self.call("Fetch.enable", patterns=[{"urlPattern": pattern} for pattern in patterns])

    def picture(self, path: Path, *, whole: bool = False) -> Path:
        """A screenshot as PNG, of the viewport or the whole page."""
        params: Json = {"format": "png", "captureBeyondViewport": whole}
        if whole:
            size = self.call("Page.getLayoutMetrics")["cssContentSize"]
            params["clip"] = {"x": 0, "y": 0, "width": size["width"], "height": size["height"],
                              "scale": 1}  # fmt: skip
        data = self.call("Page.captureScreenshot", **params)["data"]
        path.write_bytes(base64.b64decode(data))
        return path

    def close(self) -> None:
        """Ends the tab and its storage."""
        self._browser.call("Target.disposeBrowserContext", {"browserContextId": self._context})
