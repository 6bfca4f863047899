"""Commands on jobs of a running system: submit, analyze-again, jobs, job, messages, cancel."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.options import job_options, with_job_options
from worker.cli.progress import progress_bar
from worker.contract.editions import Edition
from worker.contract.options import EXPORT_KINDS

if TYPE_CHECKING:
    from worker.cli.client import Client

Server = Annotated[
    str | None, typer.Option(help="address of the API; default: the server that `up` started")
]
_MEDIA = {".mp4", ".mov", ".m4v", ".webm", ".mkv", ".avi", ".gif", ".jpg", ".jpeg", ".png",
          ".webp", ".heic", ".heif", ".avif"}  # fmt: skip
_KINDS_HELP = f"exports to make instead, comma-separated: {', '.join(EXPORT_KINDS)}"
_IMAGES = {".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".avif"}


def _client(server: str | None) -> Client:
    # httpx takes longer to import than a short clip to analyse
    from worker.cli.client import Client

    return Client(server)


def _show(value: Any) -> None:
    json.dump(value, sys.stdout, indent=2)
    sys.stdout.write("\n")


def _inputs(what: str) -> list[Path | str]:
    if what.startswith(("http://", "https://")):
        return [what]
    path = Path(what)
    if path.is_dir():
        found = [p for p in sorted(path.iterdir()) if p.suffix.lower() in _MEDIA]
        if not found:
            raise typer.BadParameter(f"there is no video or image in {path}")
        return list(found)
    if not path.is_file():
        raise typer.BadParameter(f"there is no file {path}")
    return [path]


def is_image(thing: Path | str) -> bool:
    """Whether a file name or URL has the extension of a still image."""
    return Path(str(thing).split("?")[0]).suffix.lower() in _IMAGES


def _source(thing: Path | str, fields: dict[str, Any]) -> dict[str, Any]:
    image = is_image(thing) and "source" not in fields
    return {**fields, "source": "image"} if image else fields


def _submit(client: Client, thing: Path | str, fields: dict[str, Any], priority: str) -> Any:
    given = thing if isinstance(thing, str) else client.upload(thing)
    return client.submit(given, _source(thing, fields), priority)


@with_job_options
def submit(
    what: Annotated[str, typer.Argument(help="a file, a folder of files, or a URL")],
    follow: Annotated[
        bool, typer.Option("--follow", help="print the messages until the job ends")
    ] = False,
    export: Annotated[bool, typer.Option("--export", help="render the overlay video")] = False,
    export_kinds: Annotated[str | None, typer.Option(help=_KINDS_HELP)] = None,
    priority: Annotated[str, typer.Option(help="low, normal or high")] = "normal",
    server: Server = None,
    **options: Any,
) -> None:
    """Submit WHAT to a running system and print the job, or with --follow its messages."""
    fields = job_options(options, export=export_kinds or export or None)
    client = _client(server)
    failed = False
    for thing in _inputs(what):
        job = _submit(client, thing, fields, priority)
        if not follow:
            _show(job)
            continue
        failed |= not _follow(client, job["id"])
    raise typer.Exit(1 if failed else 0)


def _follow(client: Client, job_id: str) -> bool:
    report, end = progress_bar()
    status = "failed"
    try:
        for _, message in client.events(job_id):
            sys.stdout.write(json.dumps(message, separators=(",", ":")) + "\n")
            sys.stdout.flush()
            report(message.get("progress") or 0.0)
            status = message.get("status", status) if message["type"] == "done" else status
    finally:
        end()
    return status == "succeeded"


@with_job_options
def analyze_again(
    job_id: Annotated[str, typer.Argument(help="a job that succeeded")],
    follow: Annotated[
        bool, typer.Option("--follow", help="print the messages until the job ends")
    ] = False,
    export: Annotated[bool, typer.Option("--export", help="render the overlay video")] = False,
    export_kinds: Annotated[str | None, typer.Option(help=_KINDS_HELP)] = None,
    server: Server = None,
    **options: Any,
) -> None:
    """Analyse the stored poses of JOB_ID again with other options; takes milliseconds."""
    client = _client(server)
    wanted = {"options": job_options(options, export=export_kinds or export or None)}
    again = client.call("POST", f"/jobs/{job_id}/analyze", json=wanted)
    if not follow:
        _show(again)
        return
    raise typer.Exit(0 if _follow(client, again["id"]) else 1)


def jobs(
    status: Annotated[str | None, typer.Option(help="only jobs in this state")] = None,
    limit: Annotated[int, typer.Option(help="most jobs to list")] = 20,
    server: Server = None,
) -> None:
    """List jobs, newest first."""
    query = {"limit": limit} | ({"status": status} if status else {})
    for job in _client(server).call("GET", "/jobs", params=query)["jobs"]:
        result = job.get("result") or {}
        exercise = job["options"].get("exercise", "-")
        count = result.get("count", "-")
        typer.echo(f"{job['id']}  {job['status']:<9}  {exercise:<14} {count}  {job['createdAt']}")


def job(job_id: str, server: Server = None) -> None:
    """Show a job."""
    _show(_client(server).call("GET", f"/jobs/{job_id}"))


def messages(
    job_id: str,
    after: Annotated[str, typer.Option(help="only messages after this entry id")] = "0-0",
    types: Annotated[str | None, typer.Option(help="only these types, comma-separated")] = None,
    edition: Annotated[Edition, typer.Option(help="edition of the messages")] = Edition.V3,
    server: Server = None,
) -> None:
    """Print a job's messages as JSON lines."""
    client = _client(server)
    while True:
        query = {"after": after, "limit": 500, "edition": edition.value}
        query |= {"types": types} if types else {}
        page = client.call("GET", f"/jobs/{job_id}/messages", params=query)
        for row in page["messages"]:
            typer.echo(json.dumps(row["message"], separators=(",", ":")))
        if not page["messages"] or not page.get("next"):
            return
        after = page["next"]


def cancel(job_id: str, server: Server = None) -> None:
    """Cancel a job."""
    _show(_client(server).call("POST", f"/jobs/{job_id}/cancel"))
