"""The pages as a server gives them: headers, caching, what their parameters mean."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from api.app import create_app
from api.frontend.assets import FOLDER, load_assets
from api.frontend.bundle import bundle
from api.frontend.content_security_policy import content_policy, origin_of, parse_embedders
from tests.page.conftest import Site
from worker.settings import Settings
from worker.storage.stores import Stores

PAGE = "/pose_tracker/upload_tracking"
ROOT = Path(__file__).resolve().parent.parent.parent


def policy_of(answer: httpx.Response) -> dict[str, list[str]]:
    """The Content-Security-Policy by directive."""
    parts = answer.headers["content-security-policy"].split("; ")
    return {part.split()[0]: part.split()[1:] for part in parts}


def test_the_page_needs_nothing_inline_and_nobody_else(
    get: Callable[..., httpx.Response], stores: Stores
) -> None:
    answer = get(PAGE, params={"token": "pq_secret"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert not re.search(r"<script(?![^>]* src=)|\son[a-z]+=|style=|javascript:", answer.text)
    # its own style sheet alone is within, so that the first paint waits for no second answer
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.S)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", answer.text)
    assert "pq_secret" not in answer.text
    policy = policy_of(answer)
    storage = origin_of(stores.settings.s3_endpoint)
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == ["'self'"]
    assert policy["style-src"] == ["'self'", f"'sha256-{digest}'"]
    assert policy["connect-src"] == ["'self'", storage]
    # everybody may, and `*` would not be everybody: apps frame it from file: and their own schemes
    assert "frame-ancestors" not in policy
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "x-frame-options" not in answer.headers


def test_media_of_the_address_may_play_and_nothing_else(
    get: Callable[..., httpx.Response],
) -> None:
    answer = get(PAGE, params={"videoSrc": "https://cdn.example:8443/a.mp4?sig=1"})
    policy = policy_of(answer)
    assert "https://cdn.example:8443" in policy["media-src"]
    assert "https://cdn.example:8443" not in policy["connect-src"]
    for evil in ("javascript:alert(1)", "https://a b;script-src *", "http://[::1", "data:x"):
        directives = policy_of(get(PAGE, params={"imageSrc": evil}))
        assert directives["img-src"] == policy_of(get(PAGE))["img-src"], evil
        assert directives["script-src"] == ["'self'"]


def test_the_page_is_asked_for_again_and_its_files_never(
    get: Callable[..., httpx.Response],
) -> None:
    first = get(PAGE)
    assert first.headers["cache-control"] == "private, no-cache"
    again = get(PAGE, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["content-security-policy"]
    other = get(
        PAGE, params={"videoSrc": "https://x"}, headers={"If-None-Match": first.headers["etag"]}
    )
    assert other.status_code == 200  # its policy differs
    links = re.findall(r'(?:src|href)="(assets/[^"]+)"', first.text)
    assert len(links) == 3
    for link in links:
        answer = get(f"/pose_tracker/{link}")
        assert answer.status_code == 200, link
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_page_needs_one_script_beside_its_texts(get: Callable[..., httpx.Response]) -> None:
    for path, page, texts in ((PAGE, "upload", ["texts/fr.js"]), ("/", "console", [])):
        text = get(path, params={"lang": "fr-CA"} if texts else {}).text
        links = re.findall(r'(?:script type="module" src|rel="modulepreload" href)="([^"]+)"', text)
        names = [link.partition(f"assets/{load_assets().digest}/")[2] for link in links]
        assert names == [f"bundles/{page}.js", *texts]
        script = load_assets().files[names[0]].data.decode()
        assert not re.search(r"^(import|export) ", script, re.M)


TOO_NEW = re.compile(
    r"\.replaceChildren\(|\.at\(-|\.replaceAll\(|\.findLast|\.toSorted|\.toReversed|\.hasOwn\(|"
    r"\.throwIfAborted|AbortSignal\.|Promise\.any|structuredClone|[?|&]{2}=|\(\?<[=!]|static \{|"
    r"this\.#|addEventListener\([^;]*\bsignal[ :}]",
)
"""Of JavaScript what WebViews of 2020 (Chromium 80, Safari 14) lack, by MDN's tables."""


def test_webviews_of_2020_know_the_scripts() -> None:
    for page in ("upload", "console"):
        script = load_assets().files[f"bundles/{page}.js"].data.decode()
        assert TOO_NEW.findall(script) == []
    # one selector that is not known would drop its whole rule, and with it who is hidden
    styles = "".join((FOLDER / f"css/{name}.css").read_text() for name in ("base", "upload"))
    rules = re.findall(r"([^{}]+)\{([^{}]*)\}", re.sub(r"/\*.*?\*/", "", styles, flags=re.S))
    hiding = [selectors for selectors, body in rules if "display: none" in body]
    assert len(hiding) > 5
    for selectors in hiding:
        assert not re.search(r":is\(|:where\(|:has\(|:not\([^)]*,|&", selectors), selectors


def test_circular_imports_and_other_forms_are_no_bundle() -> None:
    circle = {
        "a.js": 'import { b } from "./b.js";\nexport const a = 1;\n',
        "b.js": 'import { a } from "./a.js";\nexport const b = 1;\n',
    }
    with pytest.raises(ValueError, match="cycle"):
        bundle(circle, "a.js")
    for form in (
        "export default 1;",
        'import x from "./y.js";',
        "export { x };",
        "export let y = 1;",
    ):
        with pytest.raises(ValueError, match="cannot bundle"):
            bundle({"a.js": f"const x = 1;\n{form}\n"}, "a.js")


def test_a_bundle_has_every_name_that_is_imported() -> None:
    for form in ("export const b = 1, c = 2;", "export const b = 1;\nconst c = 2;"):
        modules = {"a.js": 'import { b, c as d } from "./b.js";\n', "b.js": f"{form}\n"}
        with pytest.raises(ValueError, match="does not export c"):
            bundle(modules, "a.js")


def test_files_of_another_version_are_not_kept(get: Callable[..., httpx.Response]) -> None:
    answer = get("/pose_tracker/assets/0000000000000000/js/main.js")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    for path in ("js/none.js", "js/..%2F..%2Fapp.py", "../pages.py", "js/"):
        assert get(f"/pose_tracker/assets/x/{path}").status_code == 404, path


def test_files_go_packed_where_the_browser_takes_it(site: Site, stores: Stores) -> None:
    with httpx.Client(base_url=site.address, verify=False) as client:
        url = "/pose_tracker/assets/x/js/main.js"
        with client.stream("GET", url, headers={"Accept-Encoding": "gzip"}) as answer:
            packed = b"".join(answer.iter_raw())
            assert answer.headers["content-encoding"] == "gzip"
            assert "Accept-Encoding" in answer.headers["vary"]
        plain = client.get(url, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(packed) == plain.content == (FOLDER / "js/main.js").read_bytes()


def test_nobody_frames_the_console(get: Callable[..., httpx.Response]) -> None:
    answer = get("/")
    assert answer.status_code == 200
    assert policy_of(answer)["frame-ancestors"] == ["'none'"]
    assert answer.headers["x-frame-options"] == "DENY"


def test_a_head_answers_like_a_get(site: Site, stores: Stores) -> None:
    with httpx.Client(base_url=site.address, verify=False) as client:
        for path in (PAGE, "/"):
            answer = client.head(path)
            assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*", ("*",)),
        ("https://a.example, https://*.b.example:8443/", ("https://a.example", "https://*.b.example:8443")),
        ("capacitor://localhost", ("capacitor://localhost",)),
        ("https://a.example, *", ("*",)),
        ("", ()),
    ],
)  # fmt: skip
def test_embedders(text: str, expected: tuple[str, ...]) -> None:
    assert parse_embedders(text) == expected


@pytest.mark.parametrize("text", ["a.example", "https://a/b", "https://a;script-src *", "'self'"])
def test_what_is_no_embedder(text: str) -> None:
    with pytest.raises(ValueError, match="page_embedders"):
        parse_embedders(text)


def test_a_wrong_embedder_ends_the_start(servers: Settings) -> None:
    with pytest.raises(ValueError, match="page_embedders: 'nope'"):
        create_app(servers.model_copy(update={"page_embedders": "nope"}))


def test_without_embedders_nobody_frames_the_page() -> None:
    assert content_policy((), None).endswith("frame-ancestors 'none'")


def test_the_pages_are_packaged() -> None:
    """What is not named in package-data would be missing from an installed API."""
    import tomllib

    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    globs = tool["setuptools"]["package-data"]["api"]
    covered = {path for glob in globs for path in (ROOT / "api").glob(glob) if path.is_file()}
    assert {path for path in FOLDER.rglob("*") if path.is_file()} <= covered
