"""The hosts that the contract names, as scripts; each notes what it gets in `window.got`.

The React Native ones follow what apps written for PoseTracker inject into their WebView.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.page.browser import Tab
from tests.page.conftest import Host


@dataclass(frozen=True)
class Kind:
    """A host: the script it puts into the page before or (`late`) after its load, whether it is
    an iframe's parent, and the form in which messages are to come."""

    name: str
    script: str
    form: str
    frame: bool = False
    late: bool = False


_STRINGS = "window.got.push([typeof data, typeof data === 'string' ? JSON.parse(data) : data]);"

IFRAME = Kind("iframe", "", "string", frame=True)
IOS = Kind(
    "ios",
    """window.got = [];
    window.webkit = {messageHandlers: {iosListener: {postMessage(data) {
      if (typeof data !== 'string') throw new TypeError('takes a string');
      window.got.push(['string', JSON.parse(data)]);
    }}}};""",
    "string",
)
FLUTTER = Kind(
    "flutter",
    """window.got = [];
    window.webViewCallback = (data) => {
      if (typeof data !== 'object') throw new TypeError('stringifies by itself');
      window.got.push(['object', JSON.parse(JSON.stringify(data))]);
    };""",
    "object",
)
ANDROID = Kind("android", FLUTTER.script, "object", late=True)
NATIVE = Kind(
    "react native",
    """window.got = [];
    window.ReactNativeWebView = {postMessage(data) {
      if (typeof data !== 'string') throw new TypeError('takes a string');
      window.got.push(['string', JSON.parse(data)]);
    }};
    window.addEventListener('message', () => window.got.push(['doubled', {type: 'doubled'}]));""",
    "string",
)
NATIVE_LISTENER = Kind(
    "react native, listener",
    f"window.got = []; window.addEventListener('message', ({{data}}) => {{ {_STRINGS} }});",
    "string",
)
NATIVE_REPLACED = Kind(
    "react native, replaced postMessage",
    f"window.got = []; window.postMessage = (data) => {{ {_STRINGS} }};",
    "string",
    late=True,
)
NATIVE_ALL = Kind(
    "react native, all three",
    f"""window.got = [];
    window.addEventListener('message', ({{data}}) => {{ {_STRINGS} }});
    window.webViewCallback = (data) => {{ {_STRINGS} }};
    window.postMessage = (data) => {{ {_STRINGS} }};""",
    "object",
    late=True,
)
KINDS = (IFRAME, IOS, FLUTTER, ANDROID, NATIVE, NATIVE_LISTENER, NATIVE_REPLACED, NATIVE_ALL)

_EMBEDDER = """<!doctype html><html><head><link rel="icon" href="data:,"></head><body><iframe id="pose" src="{src}" width="900" height="700"
allow="camera; fullscreen"></iframe><script>
window.got = [];
window.origins = [];
window.addEventListener('message', (event) => {{
  const message = JSON.parse(event.data);
  window.got.push([typeof event.data, message]);
  window.origins.push(event.origin);
}});
</script></body></html>"""


@dataclass
class Guest:
    """The page within a host."""

    tab: Tab
    frame: str | None = None

    def wait(self, expression: str) -> None:
        """See Tab.wait, in the page."""
        self.tab.wait(expression, self.frame)

    def state(self, name: str) -> None:
        """Waits for a state of the page."""
        self.wait(f"document.querySelector('#app').dataset.state === '{name}'")

    @property
    def heard(self) -> list[dict[str, Any]]:
        """All that the host has, as it came: first what the page says at its load, and each
        message of the job with its id."""
        return [message for _, message in self.tab.run("window.got")]

    @property
    def got(self) -> list[dict[str, Any]]:
        """The messages of the job, without their ids."""
        said = [message for message in self.heard if message.get("id") != "0-0"]
        return [{name: value for name, value in one.items() if name != "id"} for one in said]

    @property
    def forms(self) -> set[str]:
        """The forms in which they came."""
        return {form for form, _ in self.tab.run("window.got")}

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        """The messages of the job once there are as many."""
        self.tab.wait(f"window.got.filter(([, one]) => one.id !== '0-0').length >= {count}")
        return self.got


def visit(tab: Tab, kind: Kind, url: str, host: Host) -> Guest:
    """Opens the page at `url` as a host of that kind does."""
    if kind.frame:
        page = host.put("/embed.html", "text/html", _EMBEDDER.format(src=url).encode())
        tab.open(page)
        tab.wait("document.querySelector('iframe').contentWindow.length === 0")
        return Guest(tab, tab.frame("/pose_tracker/"))
    script = kind.script
    if kind.late:  # as WebViews inject: when the document is loaded
        script = f"window.addEventListener('load', () => {{ {script} }});"
    tab.call("Page.addScriptToEvaluateOnNewDocument", source=script)
    tab.open(url)
    return Guest(tab)


def types(messages: list[dict[str, Any]]) -> list[str]:
    """Their types."""
    return [message["type"] for message in messages]


def known_again(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each message once: one whose id the host has already is the same one, told again."""
    found: dict[str, dict[str, Any]] = {}
    for message in messages:
        first = found.setdefault(message["id"], message)
        assert without_links([first]) == without_links([message])
    return list(found.values())


def without_links(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Messages to compare; links are signed anew at each read."""
    return [{k: v for k, v in one.items() if k not in ("url", "expiresAt")} for one in messages]
