"""Settings of every process: `POSEQUEUE_*` variables, `.env`, and `…_FILE` for secrets."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from worker.contract.errors import JobError
from worker.contract.options import PARSERS
from worker.contract.plans import Plan, PlanLimits, limits_of
from worker.contract.pose_log import SEGMENT_SECONDS

PREFIX = "POSEQUEUE_"


class Settings(BaseSettings):
    """One setting per field; defaults work on one machine, the description gives the unit."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", extra="ignore")

    redis_url: SecretStr = Field(
        SecretStr("redis://127.0.0.1:6379/0"), description="Redis or Valkey, 7.0 or newer"
    )
    redis_ca_certs: Path | None = Field(
        None, description="CA certificates that verify rediss:// servers; none = the system's"
    )
    cells: str = Field(
        "",
        description="URLs at which clients reach the installations that share tenants among them, "
        "by comma, the same list in each; none = this is the only one",
    )
    cell: str = Field("", description="which of `cells` this installation is")
    s3_endpoint: str | None = Field(None, description="S3 URL that workers use; none = AWS")
    s3_public_endpoint: str | None = Field(
        None, description="S3 URL that clients reach, for presigned URLs; none = s3_endpoint"
    )
    s3_region: str = Field("us-east-1", description="region used in signatures")
    s3_bucket: str = Field("posequeue", description="bucket of uploads, archives and exports")
    s3_access_key: str | None = Field(None, description="none = boto3's credential chain")
    s3_secret_key: SecretStr | None = Field(None, description="secret of s3_access_key")
    s3_addressing: Literal["auto", "path", "virtual"] = Field(
        "auto", description="place of the bucket in URLs; auto = path with an s3_endpoint"
    )
    s3_connections: int = Field(64, ge=1, description="most connections to S3 per process")

    data_dir: Path = Field(Path(".posequeue"), description="models and embedded servers' data")
    models_dir: Path | None = Field(None, description="pose models; none = data_dir/models")
    scratch_dir: Path | None = Field(None, description="working files; none = system temp")

    provider: Literal["auto", "tensorrt", "cuda", "cpu"] = Field(
        "auto",
        description="where models run; cuda and tensorrt fail without a GPU; tensorrt builds its "
        "engines at the start, auto uses engines that exist",
    )
    gpu_precision: Literal["fp32", "tf32", "fp16"] = Field(
        "fp32",
        description="arithmetic of a GPU: fp32 as on a CPU, tf32 with rounded products, fp16 with "
        "models in half precision",
    )
    nvdec: Literal["auto", "off"] = Field(
        "auto", description="auto = GPU workers decode on the GPU where ffmpeg and driver can"
    )
    engines_dir: Path | None = Field(
        None, description="engines that TensorRT builds; none = data_dir/engines"
    )
    threads: int = Field(1, ge=1, description="inference threads of one worker process")
    profile: Literal["auto", "fast", "balanced", "accurate"] = Field(
        "auto",
        description="profile of jobs that name none; auto = accurate on a GPU, Thunder on a CPU",
    )
    sampling: str = Field(
        "auto",
        description="frames a second that jobs analyse which name none: auto, native or a number",
    )
    pose_model: str | None = Field(
        None,
        description="models of jobs that name no profile, as detector+estimator, instead of the "
        "profile's; see `posequeue models list`",
    )
    blazepose: Literal["lite", "full", "heavy"] = Field(
        "full", description="size of the 33-landmark model of new jobs"
    )

    segment_s: int = Field(
        SEGMENT_SECONDS,
        ge=4,
        multiple_of=2,
        description="media seconds of each segment into which a new job's video is split",
    )
    lease_ttl_s: float = Field(15, gt=0, description="seconds until a silent worker counts as lost")
    max_lost: int = Field(3, ge=1, description="lost workers until a job fails with worker_lost")
    stall_s: float = Field(
        1200, gt=0, description="seconds without progress after which a job's process is ended"
    )
    alone_memory_bytes: int = Field(
        4 * 1024**3,
        ge=0,
        description="memory limit in bytes of the process that retries a job which killed its "
        "worker; 0 = no limit, as on workers with a GPU",
    )
    job_time_limit_s: int = Field(
        3600,
        gt=0,
        description="seconds that one attempt at a stage of a job may take, or 60 per second of "
        "media where that is more",
    )

    upload_url_ttl_s: int = Field(3600, gt=0, description="seconds a presigned upload URL is valid")
    stream_url_ttl_s: int = Field(86400, gt=0, description="seconds a URL in a stream is valid")
    read_url_ttl_s: int = Field(3600, gt=0, description="seconds a URL signed at a read is valid")
    hot_ttl_s: int = Field(86400, gt=0, description="seconds a finished job's stream is in Redis")
    record_ttl_s: int = Field(30 * 86400, gt=0, description="seconds a job record is kept")
    # at least as long as late writes of an erased job are possible, as the next job has its id
    idempotency_ttl_s: int = Field(86400, ge=3600, description="seconds an Idempotency-Key is kept")
    firehose_partitions: int = Field(8, ge=1, description="firehose streams, shared by all jobs")
    firehose_length: int = Field(100_000, gt=0, description="firehose entries kept per stream")
    firehose_age_s: int = Field(7 * 86400, gt=0, description="seconds a firehose entry is kept")
    inline_bytes: int = Field(262_144, gt=0, description="bytes of the largest message sent inline")

    max_upload_bytes: int = Field(2 * 1024**3, gt=0, description="largest upload in bytes")
    max_duration_s: float = Field(3600, gt=0, description="longest video in seconds")
    max_pixels: int = Field(8192 * 8192, gt=0, description="largest picture in pixels")
    max_frames: int = Field(1_000_000, gt=0, description="longest video in frames")

    erase_uploads_of: str = Field(
        "", description="tenants whose uploads are deleted when their jobs end, by comma; * = all"
    )
    plan_limits: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description='changes to plan limits as JSON: {"free": {"runningJobs": 4}}; null = none',
    )
    s3_input_buckets: str = Field(
        "", description="buckets that jobs may read as s3://bucket/key, by comma"
    )

    api_host: str = Field("127.0.0.1", description="address the API binds to")
    api_port: int = Field(8080, ge=0, description="port the API binds to")
    cors_origins: str = Field("*", description="browser origins that may call, by comma; * = all")
    trusted_proxies: str = Field(
        "127.0.0.1",
        description="addresses or networks of proxies whose X-Forwarded-For and -Proto are "
        "trusted, by comma; * = every peer",
    )
    refused_keys_per_minute: int = Field(
        60, ge=0, description="requests with invalid keys per address and minute; 0 = no limit"
    )
    api_connections: int = Field(
        4096, ge=1, description="most connections per API process; requests beyond get a 503"
    )
    connections_per_client: int = Field(
        256, ge=0, description="most connections per address, trusted proxies apart; 0 = no limit"
    )
    access_log: bool = Field(False, description="log each request; keys in it are masked")
    page_embedders: str = Field(
        "*",
        description="origins that may frame the upload page and get its messages, by comma; * = "
        "everybody, apps too; else https://*.example.com is allowed, and apps are named "
        "(capacitor://app)",
    )
    allow_private_urls: bool = Field(
        False, description="fetch inputs from, and send webhooks to, private addresses too"
    )
    webhook_allowed_hosts: str = Field(
        "", description="private hosts that webhooks may be sent to, by comma"
    )
    webhook_timeout_s: float = Field(
        15, gt=0, description="seconds a webhook receiver may take to answer"
    )
    webhook_retry_scale: float = Field(
        1, gt=0, description="factor on the delays between webhook attempts, for tests"
    )
    log_level: str = Field("INFO", description="lowest level logged")
    log_format: Literal["json", "text"] = Field(
        "json", description="format of workers' and the API's logs: JSON lines or plain text"
    )
    metrics_host: str = Field("127.0.0.1", description="address a worker's metrics_port binds to")
    metrics_port: int | None = Field(
        None, ge=1, le=65_535, description="port of a worker's /metrics; none = no metrics"
    )
    otlp_endpoint: str | None = Field(
        None, description="OpenTelemetry collector's URL (OTLP over HTTP); needs the extra otel"
    )

    @field_validator("s3_endpoint", "s3_public_endpoint")
    @classmethod
    def _is_a_url(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "")  # ValueError for a malformed one
        if value and not (parts.scheme in ("http", "https") and parts.hostname):
            raise ValueError(f"'{value}' is no URL: it begins with http:// or https://")
        return value or None

    @field_validator("sampling")
    @classmethod
    def _is_a_sampling(cls, value: str) -> str:
        try:
            return str(PARSERS["sampling"]("sampling", value))
        except JobError as error:
            raise ValueError(error.message) from error

    @model_validator(mode="after")
    def _is_one_of_the_cells(self) -> Self:
        if self.cell not in (self.all_cells or ("",)):
            raise ValueError(f"cell: '{self.cell}' is not one of the cells '{self.cells}'")
        return self

    @field_validator("plan_limits")
    @classmethod
    def _are_limits(cls, value: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        for plan in Plan:
            limits_of(plan, value)
        return value

    def limits(self, plan: Plan) -> PlanLimits:
        """The limits of a plan, with this system's `plan_limits` applied."""
        return limits_of(plan, self.plan_limits)

    def record_s(self, plan: Plan) -> float:
        """Seconds for which the records of a plan's jobs are kept."""
        days = self.limits(plan).recordDays
        return self.record_ttl_s if days is None else days * 86_400

    def erases(self, tenant: str) -> bool:
        """Whether a tenant's uploads are deleted when their jobs end, requested or not."""
        named = {name.strip() for name in self.erase_uploads_of.split(",")}
        return bool(named & {tenant, "*"})

    def secrets(self) -> list[str]:
        """Values that must not appear in any log."""
        password = urlsplit(self.redis_url.get_secret_value()).password
        given = [self.s3_secret_key and self.s3_secret_key.get_secret_value(), password]
        return [one for one in given if one]

    @property
    def all_cells(self) -> tuple[str, ...]:
        """URLs of all cells, this one included; empty without cells."""
        return tuple(url.strip().rstrip("/") for url in self.cells.split(",") if url.strip())

    @property
    def input_buckets(self) -> frozenset[str]:
        """Names of the buckets that jobs may read."""
        return frozenset(name.strip() for name in self.s3_input_buckets.split(",") if name.strip())

    @property
    def engines(self) -> Path:
        """Folder of TensorRT's engines."""
        return self.engines_dir or self.data_dir / "engines"

    @property
    def models(self) -> Path:
        """Folder of the pose models."""
        return self.models_dir or self.data_dir / "models"


def _from_files(environment: dict[str, str]) -> dict[str, str]:
    """Contents of the files named by `POSEQUEUE_<NAME>_FILE`, by name of the setting."""
    return {
        name.removeprefix(PREFIX).removesuffix("_FILE").lower(): Path(path).read_text().strip()
        for name, path in environment.items()
        if name.startswith(PREFIX) and name.endswith("_FILE")
    }


@cache
def settings() -> Settings:
    """The settings of this process, read once; raises pydantic.ValidationError for a wrong
    value."""
    given: dict[str, Any] = _from_files(dict(os.environ))
    return Settings(**given)
