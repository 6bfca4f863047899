"""docker-compose.yml: settings that exist, images that are pinned, secrets that are made."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
import socket
import ssl
import stat
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.conftest import ROOT, Run, load, not_settings
from worker.embedded.processes import Process, free_ports
from worker.queueing.celery_app import QUEUES

OURS = ("posequeue-api", "posequeue-worker-cpu", "posequeue-worker-gpu")
SERVED_BY_GPU = {"pose.gpu"}


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    """The services by name."""
    found: dict[str, dict[str, Any]] = load(ROOT / "docker-compose.yml")[0]["services"]
    return found


def queues(service: dict[str, Any]) -> set[str]:
    command = service.get("command", [])
    return (
        set(command[command.index("--queues") + 1].split(",")) if "--queues" in command else set()
    )


def test_sets_only_settings(services: dict[str, dict[str, Any]]) -> None:
    names = {name for one in services.values() for name in one.get("environment", {})}
    assert not_settings({name for name in names if name.startswith("POSEQUEUE_")}) == set()


def test_every_queue_has_a_worker_without_a_profile(services: dict[str, dict[str, Any]]) -> None:
    plain = [queues(one) for one in services.values() if "profiles" not in one]
    assert set().union(*plain) == set(QUEUES) - SERVED_BY_GPU
    assert queues(services["worker-gpu"]) == SERVED_BY_GPU
    assert services["worker-gpu"]["profiles"] == ["gpu"]


def test_foreign_images_are_pinned_and_ours_are_built(services: dict[str, dict[str, Any]]) -> None:
    for name, one in services.items():
        if one["image"] in OURS:
            assert (ROOT / one["build"]["dockerfile"]).is_file(), name
        else:
            assert re.search(r":[\w.-]+@sha256:[0-9a-f]{64}$", one["image"]), name


def test_no_service_has_more_rights_than_it_needs(services: dict[str, dict[str, Any]]) -> None:
    for name, one in services.items():
        assert one["cap_drop"] == ["ALL"], name
        assert one["read_only"] is True, name
        assert "privileged" not in one, name
        if name != "secrets":
            assert one.get("user", "10001:10001").partition(":")[0] != "0", name
            assert one["security_opt"] == ["no-new-privileges:true"], name


def test_what_is_mounted_is_there(services: dict[str, dict[str, Any]]) -> None:
    for one in services.values():
        for volume in one.get("volumes", []):
            if volume.startswith("./"):
                assert (ROOT / volume.partition(":")[0]).exists(), volume


def initialiser() -> Any:
    """The program that makes the secrets, as a module."""
    spec = importlib.util.spec_from_file_location("init", ROOT / "deploy/compose/init.py")
    assert spec and spec.loader
    init = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(init)
    return init


def test_secrets_are_made_once_each_for_its_reader(
    services: dict[str, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    init = initialiser()
    owners: dict[str, int] = {}
    monkeypatch.setattr(init, "HERE", tmp_path)
    monkeypatch.setattr(os, "chown", lambda path, user, _: owners.update({str(path): user}))
    init.main()
    first = {path.name: path.read_text() for path in tmp_path.iterdir() if path.is_file()}
    init.main()
    again = {path.name: path.read_text() for path in tmp_path.iterdir() if path.is_file()}
    assert first == again
    password = first["redis.conf"].split()[1]
    assert len(password) >= 32
    assert f":{password}@" in first["redis_url"]
    assert (
        json.loads(first["s3.json"])["identities"][0]["credentials"][0]["secretKey"]
        == (first["s3_secret"])
    )
    assert all(stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o400 for name in first)
    used = {
        Path(value).name
        for one in services.values()
        for name, value in one.get("environment", {}).items()
        if name.endswith("_FILE")
    }
    assert used <= set(first)
    assert (
        owners[str(tmp_path / ".s3_grpc.key")] == owners[str(tmp_path / ".security.toml")] == 1000
    )
    assert owners[str(tmp_path / ".redis_url")] == 10001
    assert owners[str(tmp_path / ".redis.conf")] == 999


@pytest.mark.slow
def test_the_gateways_grpc_port_takes_no_stranger(
    services: dict[str, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It could change identities; like S3 itself it listens on all addresses of its container."""
    init = initialiser()
    monkeypatch.setattr(init, "HERE", tmp_path)
    monkeypatch.setattr(os, "chown", lambda *_: None)
    init.main()
    weed = next(Path(sys.prefix, "bin").glob("weed"))
    first = free_ports(8)
    given = [
        word.replace("/run/posequeue", str(tmp_path))
        .replace("-dir=/data", f"-dir={tmp_path}")
        .replace("0.0.0.0", "127.0.0.1")
        for word in services["s3"]["entrypoint"][1:] + services["s3"]["command"]
    ]
    names = ("s3.port", "s3.port.grpc", "master.port", "master.port.grpc", "volume.port")
    names += ("volume.port.grpc", "filer.port", "filer.port.grpc")
    ports = [f"-{name}={first + place}" for place, name in enumerate(names)]
    process = Process([weed, *given, *ports], tmp_path / "weed.log")
    try:
        process.wait_until(lambda: answers(first), 60, "weed")
        refused = socket.create_connection(("127.0.0.1", first + 1), 5)
        refused.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0)))
        assert refused.recv(100) == b""
        context = ssl.create_default_context(cafile=str(tmp_path / "s3_grpc.crt"))
        context.check_hostname = False
        with socket.create_connection(("127.0.0.1", first + 1), 5) as plain:
            secured = context.wrap_socket(plain)
            with pytest.raises(ssl.SSLError, match="CERTIFICATE_REQUIRED"):
                secured.recv(100)
    finally:
        process.kill()


def answers(port: int) -> bool:
    """Whether the S3 gateway at `port` is up."""
    address = f"http://127.0.0.1:{port}/healthz"
    with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=1) as answer:
        return bool(answer.status == 200)
    return False


def test_compose_is_content(run: Run) -> None:
    done = run("docker-compose", "-f", "docker-compose.yml", "--profile", "gpu", "config", "-q")
    assert done.returncode == 0, done.stderr
