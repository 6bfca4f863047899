"""Commands on webhooks of a running system: list, create, test, deliveries, replay and others."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.jobs import Server
from worker.contract.webhooks import DEFAULT_EVENTS, EVENTS, DeliveryStatus

if TYPE_CHECKING:
    from worker.cli.client import Client

webhooks = typer.Typer(help="Webhooks: receivers of signed events.", no_args_is_help=True)


def client_of(server: str | None) -> Client:
    """The HTTP client, imported when used, so that other commands do not load its library."""
    from worker.cli.client import Client

    return Client(server)


def _show(value: Any) -> None:
    json.dump(value, sys.stdout, indent=2)
    sys.stdout.write("\n")


@webhooks.command("list")
def list_webhooks(server: Server = None) -> None:
    """List webhooks, newest first."""
    client = client_of(server)
    query: dict[str, Any] = {"limit": 200}
    while True:
        page = client.call("GET", "/webhooks", params=query)
        for hook in page["webhooks"]:
            state = "enabled" if hook["enabled"] else "disabled"
            state = "failing" if hook["enabled"] and "failingSince" in hook else state
            events = ",".join(hook["events"]) or "(of jobs that name it)"
            typer.echo(f"{hook['id']}  {state:<8}  {hook['url']}  {events}")
        if page["next"] is None:
            return
        query["cursor"] = page["next"]


@webhooks.command("create")
def create(
    url: Annotated[str, typer.Argument(help="where events are sent")],
    events: Annotated[
        str, typer.Option(help=f"comma-separated, of {', '.join(EVENTS)}")
    ] = ",".join(DEFAULT_EVENTS),
    description: Annotated[str, typer.Option(help="a note on what it is for")] = "",
    server: Server = None,
) -> None:
    """Create a webhook and print its signing secret, which cannot be shown again."""
    wanted = [event.strip() for event in events.split(",")]
    body = {"url": url, "events": wanted, "description": description}
    _show(client_of(server).call("POST", "/webhooks", json=body))


@webhooks.command("delete")
def delete(webhook_id: str, server: Server = None) -> None:
    """Delete a webhook and its pending deliveries."""
    client_of(server).call("DELETE", f"/webhooks/{webhook_id}")


@webhooks.command("enable")
def enable(webhook_id: str, server: Server = None) -> None:
    """Enable a webhook that was disabled; deliveries that waited for it are sent."""
    _show(client_of(server).call("PATCH", f"/webhooks/{webhook_id}", json={"enabled": True}))


@webhooks.command("rotate")
def rotate(webhook_id: str, server: Server = None) -> None:
    """Print a new signing secret; the old one stays valid beside it for 24 hours."""
    _show(client_of(server).call("POST", f"/webhooks/{webhook_id}/rotate"))


@webhooks.command("test")
def send_test(webhook_id: str, server: Server = None) -> None:
    """Send a test event; `deliveries` shows the answer to it."""
    _show(client_of(server).call("POST", f"/webhooks/{webhook_id}/test"))


@webhooks.command("deliveries")
def deliveries(
    webhook_id: str,
    status: Annotated[DeliveryStatus | None, typer.Option(help="only with this status")] = None,
    limit: Annotated[int, typer.Option(help="most deliveries to list")] = 20,
    server: Server = None,
) -> None:
    """List deliveries, newest first, with the last answer to each."""
    query: dict[str, Any] = {"limit": limit} | ({"status": status.value} if status else {})
    page = client_of(server).call("GET", f"/webhooks/{webhook_id}/deliveries", params=query)
    for one in page["deliveries"]:
        last = one["attempts"][-1] if one["attempts"] else {}
        answer = str(last.get("status") or last.get("error") or "-")
        typer.echo(f"{one['id']}  {one['status']:<9}  {one['type']:<22}  {one['subject']}  "
                   f"{len(one['attempts'])}x  {answer}")  # fmt: skip


@webhooks.command("replay")
def replay(
    webhook_id: str,
    since: Annotated[
        str | None, typer.Option(help="every delivery since this time (ISO 8601)")
    ] = None,
    delivery: Annotated[str | None, typer.Option(help="id of one delivery")] = None,
    server: Server = None,
) -> None:
    """Deliver again: --delivery ID, or everything --since a time."""
    if (since is None) == (delivery is None):
        raise typer.BadParameter("give exactly one of --since and --delivery")
    client, count = client_of(server), 0
    body: dict[str, Any] = {"deliveryId": delivery} if delivery else {"since": since}
    while True:
        answer = client.call("POST", f"/webhooks/{webhook_id}/replay", json=body)
        count += answer["replayed"]
        if answer["next"] is None or answer["next"] == body.get("since"):
            break
        body = {"since": answer["next"]}
    typer.echo(f"{count} deliveries")
