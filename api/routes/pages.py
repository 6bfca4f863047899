"""Routes of the embeddable upload page, the operators' console, and their files.

The page sends its parameters to `/pose_tracker/options` before anything is uploaded, so that a
refusal (token, plan, exercise) comes at once, with the error codes of the API.
"""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from typing import Any, NamedTuple

import msgspec
from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.frontend.assets import load_assets, load_document
from api.frontend.content_security_policy import SECURITY, content_policy, origin_of
from api.schemas.page_parameters import read_language, read_page_parameters
from api.services.authentication import StoresDep, TenantDep
from api.services.authorization import check_scope
from worker.contract.exercises import AUTO, CATALOGUE, ExerciseInfo
from worker.contract.options import JobOptions, parse_options
from worker.contract.plans import GATED, Plan, blocked_options, check_plan
from worker.contract.scopes import Scope
from worker.storage.stores import Stores
from worker.submission.jobs import check_reference

router = APIRouter(include_in_schema=False)

_FOREVER = "public, max-age=31536000, immutable"


class _Rendered(NamedTuple):
    """A page's bytes, plain and compressed, their digest, and the CSP source of its style."""

    plain: bytes
    packed: bytes
    digest: str
    style_source: str


@cache
def _rendered(page: str, embedders: tuple[str, ...], language: str, root: str) -> _Rendered:
    """Returns a page with its blanks filled in; anybody may ask for it, so it is made once."""
    document = load_document(page)
    text = document.text
    blanks = {"embedders": " ".join(embedders), "language": language, "root": root}
    for name, value in blanks.items():
        text = text.replace(f"{{{{{name}}}}}", value)
    body = text.encode()
    digest = hashlib.sha256(body).hexdigest()
    return _Rendered(body, gzip.compress(body, mtime=0), digest, document.style_source)


def _document(
    request: Request, page: str, stores: Stores, embedders: tuple[str, ...] = (), root: str = ""
) -> Response:
    """Returns a page with its headers, or 304 where the browser has it cached."""
    query = request.query_params
    rendered = _rendered(page, embedders, read_language(query), root)
    media = origin_of(query.get("videoSrc") or query.get("imageSrc"))
    # the console frames the upload page; nobody frames the console
    framing = ("'self'", *embedders) if page == "upload" else ()
    storage = origin_of(stores.objects.public_url)
    policy = content_policy(framing, storage, media, rendered.style_source)
    both = f"{rendered.digest} {policy}".encode()
    tag = f'"{hashlib.sha256(both).hexdigest()[:20]}"'
    headers = {
        **SECURITY,
        "Content-Security-Policy": policy,
        "Cache-Control": "private, no-cache",
        "ETag": tag,
    }
    if tag in request.headers.get("if-none-match", ""):
        return Response(None, 304, headers)
    kind = "text/html; charset=utf-8"
    return _packed(request, rendered.plain, rendered.packed, headers, kind)


def _packed(
    request: Request, plain: bytes, packed: bytes, headers: dict[str, str], kind: str
) -> Response:
    """Returns the compressed bytes where the browser takes them."""
    headers = {**headers, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(packed, 200, {**headers, "Content-Encoding": "gzip"}, kind)
    return Response(plain, 200, headers, kind)


@router.get("/pose_tracker/upload_tracking")
def get_upload_page(request: Request, stores: StoresDep) -> Response:
    """Returns the upload page; its parameters are read in the browser."""
    return _document(request, "upload", stores, request.app.state.embedders)


@router.get("/")
def get_console(request: Request, stores: StoresDep) -> Response:
    """Returns the console, which may not be framed."""
    answer = _document(request, "console", stores, root="pose_tracker/")
    answer.headers["X-Frame-Options"] = "DENY"
    answer.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    return answer


@router.get("/pose_tracker/assets/{digest}/{folder}/{name}")
def get_asset(request: Request, digest: str, folder: str, name: str) -> Response:
    """Returns a static file of the pages."""
    assets = load_assets()
    asset = assets.files.get(f"{folder}/{name}")
    if asset is None:
        raise HTTPException(404, "There is no such file.")
    # a request for another version (a rolling upgrade) is served, but not cached
    kept = _FOREVER if digest == assets.digest else "no-store"
    headers = {**SECURITY, "Cache-Control": kept}
    return _packed(request, asset.data, asset.packed, headers, asset.kind)


def _blocked(options: JobOptions, plan: Plan) -> list[str]:
    """Returns the options that the plan does not allow the page to add to `options`."""
    every = msgspec.structs.replace(options, **dict.fromkeys(GATED, True))
    return list(blocked_options(every, plan))


def _shown(exercise: ExerciseInfo) -> dict[str, str]:
    """Returns what the page shows of an exercise."""
    return {"id": exercise.id, "unit": exercise.unit, "view": exercise.view}


@router.get("/pose_tracker/options")
def get_options(request: Request, tenant: TenantDep, stores: StoresDep) -> Response:
    """Translates the page's parameters to job options for the tenant of the token.

    `options` is what a job request takes, with `source` only where the page was given one;
    `exercises` is the catalogue where one is to be recognised, `blocked` are options that the plan
    does not include, `ignored` parameters without effect.
    Raises JobError for invalid options and ScopeMissing.
    """
    check_scope(tenant, Scope.JOBS_WRITE)
    parameters = read_page_parameters(request.query_params)
    parsed = parse_options(parameters.values)
    check_plan(parsed, tenant.plan)
    check_reference(stores, tenant, parsed)
    options: dict[str, Any] = msgspec.to_builtins(parsed)
    if "source" in parameters.values:
        options["source"] = parsed.source
    found = CATALOGUE.get(parsed.exercise or "")
    limits = stores.settings.limits(tenant.plan)
    body = {
        "options": options,
        "exercise": found and _shown(found),
        "exercises": {one.id: _shown(one) for one in CATALOGUE.values()}
        if parsed.exercise == AUTO
        else {},
        "blocked": _blocked(parsed, tenant.plan),
        "ignored": parameters.ignored,
        "uploadBytes": int(limits.most("uploadBytes", stores.settings.max_upload_bytes)),
    }
    headers = {**SECURITY, "Cache-Control": "no-store"}
    return Response(msgspec.json.encode(body), 200, headers, "application/json")
