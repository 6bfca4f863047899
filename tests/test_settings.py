"""Settings: variables, `.env`, secrets from files, and no secret in what is printed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pydantic
import pytest
from typer.testing import CliRunner

from worker import settings as module
from worker.cli.main import app


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """No setting but those a test makes; the working folder is empty."""
    import os

    for name in list(os.environ):
        if name.startswith(module.PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    module.settings.cache_clear()
    yield tmp_path
    module.settings.cache_clear()


def test_defaults_and_variables(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert module.settings().redis_url.get_secret_value() == "redis://127.0.0.1:6379/0"
    assert module.settings().models == Path(".posequeue/models")
    module.settings.cache_clear()
    monkeypatch.setenv("POSEQUEUE_LEASE_TTL_S", "4.5")
    monkeypatch.setenv("POSEQUEUE_DATA_DIR", "/data")
    monkeypatch.setenv("POSEQUEUE_OF_ANOTHER_VERSION", "1")
    assert module.settings().lease_ttl_s == 4.5
    assert module.settings().models == Path("/data/models")


def test_env_file_and_what_stands_above_it(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (bare / ".env").write_text("POSEQUEUE_THREADS=3\nPOSEQUEUE_MAX_LOST=7\n")
    monkeypatch.setenv("POSEQUEUE_MAX_LOST", "2")
    assert (module.settings().threads, module.settings().max_lost) == (3, 2)


def test_a_secret_comes_from_a_file(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (bare / "secret").write_text("of the file\n")
    monkeypatch.setenv("POSEQUEUE_S3_SECRET_KEY_FILE", str(bare / "secret"))
    secret = module.settings().s3_secret_key
    assert secret is not None
    assert secret.get_secret_value() == "of the file"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PROVIDER", "tpu"),
        ("LEASE_TTL_S", "0"),
        ("THREADS", "many"),
        ("MAX_LOST", "0"),
        ("S3_ENDPOINT", "localhost:9000"),
        ("S3_PUBLIC_ENDPOINT", "//s3.example"),
        ("S3_ENDPOINT", "http://"),
        ("S3_ENDPOINT", "ftp://s3.example"),
    ],
)
def test_what_cannot_be_is_refused(
    bare: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"POSEQUEUE_{name}", value)
    with pytest.raises(pydantic.ValidationError, match=name.lower()):
        module.settings()


def test_the_doctor_prints_all_settings_but_no_secret(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSEQUEUE_REDIS_URL", "redis://:open-sesame@db:6379/0")
    monkeypatch.setenv("POSEQUEUE_MAX_LOST", "2")
    (bare / "secret").write_text("second-sesame")
    monkeypatch.setenv("POSEQUEUE_S3_SECRET_KEY_FILE", str(bare / "secret"))
    (bare / ".env").write_text("POSEQUEUE_THREADS=3\n")
    result = CliRunner().invoke(app, ["doctor", "--settings"])
    assert result.exit_code == 0
    assert "sesame" not in result.output
    lines = dict(line.split("=", 1) for line in result.output.splitlines())
    assert set(lines) == {f"POSEQUEUE_{name.upper()}" for name in module.Settings.model_fields}
    assert lines["POSEQUEUE_MAX_LOST"].startswith("2  [environment] ")
    assert lines["POSEQUEUE_THREADS"].startswith("3  [.env] ")
    assert lines["POSEQUEUE_S3_SECRET_KEY"].startswith("**********  [file] ")
    assert lines["POSEQUEUE_HOT_TTL_S"].startswith("86400  [default] ")
