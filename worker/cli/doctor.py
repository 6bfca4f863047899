"""`posequeue doctor`: checks the installation and says how to fix what is missing."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from typing import Annotated

import typer

from worker.cli.local_system import use_local_servers

Check = tuple[str, Callable[[], str], str]
"""Name, a check that returns what it found or raises, and how to fix it."""


def _ffmpeg() -> str:
    from worker.media.probing.ffmpeg_tools import find_tools

    tools = find_tools()
    return f"{tools.ffmpeg_version} ({tools.source})"


def _runtime() -> str:
    import onnxruntime

    return f"onnxruntime {onnxruntime.__version__}"


def _models() -> str:
    from worker.cli.engine import models_folder
    from worker.pose.weights.install import model_path
    from worker.pose.weights.registry import DEFAULT_MODELS

    for name in DEFAULT_MODELS:
        model_path(name, models_folder())
    return f"{len(DEFAULT_MODELS)} in {models_folder()}"


def _provider() -> str:
    from worker.cli.engine import models_folder
    from worker.pose.inference.providers import Runtime
    from worker.pose.inference.session import open_session
    from worker.settings import settings

    given = settings()
    runtime = Runtime(given.provider, given.gpu_precision, given.engines)
    session = open_session(models_folder() / "nanodet_person.onnx", runtime)
    if session.missed:
        return f"{session.provider}, though a GPU is here: {'; '.join(session.missed)}"
    return session.provider


def _decoding() -> str:
    from worker.media.decoding import nvdec
    from worker.settings import settings

    os.environ.setdefault(nvdec.SETTING, settings().nvdec)
    reason = nvdec.unavailable_reason()
    return f"in software: {reason}" if reason else "on the GPU where models run on one (NVDEC)"


def _redis() -> str:
    from worker.settings import settings
    from worker.storage.connection import connect

    given = settings()
    info = connect(given.redis_url.get_secret_value(), given.redis_ca_certs).info("server")
    return f"version {info['redis_version']}"


def _s3() -> str:
    from worker.settings import settings
    from worker.storage.objects.s3 import ObjectStore

    store = ObjectStore(settings())
    store.check()
    key, data = f"health/{secrets.token_hex(8)}", b"posequeue doctor"
    store.put(key, data, "text/plain")
    try:
        if store.get(key) != data:
            raise RuntimeError("an object came back changed")
    finally:
        store.delete(key)
    return f"bucket {store.bucket}: put, got and deleted an object"


def _public_s3() -> str:
    """Puts and gets an object as a browser does: from another origin, by presigned URLs."""
    import httpx

    from worker.settings import settings
    from worker.storage.objects.s3 import ObjectStore

    store, origin = ObjectStore(settings()), "https://doctor.invalid"
    key, data = f"health/{secrets.token_hex(8)}", b"posequeue doctor"
    url = store.presign_put(key, "text/plain", len(data), 60)
    asked = {"Origin": origin, "Access-Control-Request-Method": "PUT",
             "Access-Control-Request-Headers": "content-type"}  # fmt: skip
    with httpx.Client(timeout=10, trust_env=False) as client:
        allowed = client.options(url, headers=asked).headers.get("access-control-allow-origin")
        try:
            headers = {"Content-Type": "text/plain", "Origin": origin}
            client.put(url, content=data, headers=headers).raise_for_status()
            client.get(store.presign_get(key, 60)).raise_for_status()
        finally:
            store.delete(key)
    host = url.split("/")[2]
    if allowed in ("*", origin):
        return f"{host} accepts presigned uploads and downloads from every origin"
    if settings().cors_origins == "*":
        raise RuntimeError(f"{host} refuses uploads from browsers: no CORS rule allows them")
    return f"{host} accepts presigned uploads and downloads from {settings().cors_origins}"


def _cells() -> str:
    import httpx

    from worker.settings import settings

    given = settings()
    for url in given.all_cells:
        httpx.get(f"{url}/healthz", timeout=10, trust_env=False).raise_for_status()
    return f"{given.cell} of {len(given.all_cells)}, which all answer" if given.cell else "one"


_LOCAL: tuple[Check, ...] = (
    ("ffmpeg", _ffmpeg, "install ffmpeg 6 or newer, or run `make setup`"),
    ("inference", _runtime, "install posequeue[cpu] or posequeue[gpu], never both"),
    ("models", _models, "run `posequeue models install`"),
    ("provider", _provider, "set POSEQUEUE_PROVIDER=cpu, or fix the GPU driver"),
    ("decoding", _decoding, "install ffmpeg 6 or newer"),
)
_SERVERS: tuple[Check, ...] = (
    ("redis", _redis, "set POSEQUEUE_REDIS_URL, or start everything with `posequeue up`"),
    ("s3", _s3, "set POSEQUEUE_S3_ENDPOINT and its keys, create the bucket, or use `posequeue up`"),
    (
        "public s3",
        _public_s3,
        "set POSEQUEUE_S3_PUBLIC_ENDPOINT to what clients reach, and start the API once, which "
        "writes the bucket's CORS rules",
    ),
    ("cells", _cells, "set POSEQUEUE_CELLS to URLs at which every cell is reached"),
)


def _show_settings() -> None:
    from worker.settings import PREFIX, Settings, settings

    given = settings()
    for name, field in Settings.model_fields.items():
        variable = PREFIX + name.upper()
        source = ("environment" if variable in os.environ else
                  "file" if variable + "_FILE" in os.environ else
                  ".env" if name in given.model_fields_set else "default")  # fmt: skip
        typer.echo(f"{variable}={getattr(given, name)}  [{source}] {field.description}")


def _repair() -> None:
    """Rebuilds from the job records the lists, counts and sets that Redis lost; running jobs go
    on."""
    from worker.queueing.index_rebuild import rebuild
    from worker.settings import settings
    from worker.storage.stores import Stores

    counts = rebuild(Stores(settings()))
    said = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
    typer.echo(f"jobs listed anew: {said or 'none'}")


def _failures(checks: tuple[Check, ...]) -> Iterator[str]:
    for name, check, remedy in checks:
        try:
            typer.echo(f"ok       {name:<10} {check()}")
        except Exception as error:  # any failure is reported, and the next check runs
            reason = str(error).strip().splitlines()[0] if str(error) else type(error).__name__
            typer.echo(f"missing  {name:<10} {reason}\n         {'':<10} -> {remedy}")
            yield name


def doctor(
    settings: Annotated[bool, typer.Option("--settings", help="print all settings")] = False,
    servers: Annotated[bool, typer.Option(help="check Redis and S3 too")] = True,
    repair: Annotated[
        bool, typer.Option("--repair", help="rebuild job lists from the records, then exit")
    ] = False,
) -> None:
    """Check the installation and say how to fix what is missing."""
    use_local_servers()
    if repair:
        _repair()
        return
    if settings:
        _show_settings()
        return
    failed = list(_failures(_LOCAL + (_SERVERS if servers else ())))
    raise typer.Exit(1 if failed else 0)
