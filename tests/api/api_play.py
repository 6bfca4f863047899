"""What tests of the API do again and again: upload, create a job, play its worker."""

from __future__ import annotations

from typing import Any

import httpx

from tests.storage.factories import patient
from worker.contract.jobs import Job, JobStatus
from worker.contract.messages import Entry, Message
from worker.lifecycle.completion import complete_job
from worker.storage.stores import Stores

Client = httpx.Client


def plain_client(**options: Any) -> Client:
    """A client for http addresses; the certificates that it leaves out take 60 ms to load."""
    return httpx.Client(verify=False, **{"timeout": 20, **options})


S3 = plain_client()
"""For presigned URLs."""


def put_upload(client: Client, data: bytes = b"frames", content_type: str = "video/mp4") -> str:
    """Uploads `data` as a client does; returns the upload's id."""
    body = {"filename": "clip", "contentType": content_type, "bytes": len(data)}
    upload = client.post("/uploads", json=body).json()
    answer = S3.put(upload["url"], content=data, headers=upload["headers"])
    assert answer.status_code == 200, answer.text
    return str(upload["id"])


def new_job(client: Client, options: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A job over a fresh upload."""
    body = {"input": {"uploadId": put_upload(client)}, "options": options or {}, **more}
    answer = client.post("/jobs", json=body)
    assert answer.status_code == 202, answer.text
    view: dict[str, Any] = answer.json()
    return view


class Actor:
    """Plays the worker of one job."""

    def __init__(self, stores: Stores, job_id: str) -> None:
        self.stores = patient(stores)
        self.id = job_id
        self.token = self.stores.leases.claim(job_id).token
        assert self.token

    @property
    def job(self) -> Job:
        """The record now."""
        return self.stores.jobs.get(self.id)

    def say(self, *entries: tuple[str, Message], **fields: Any) -> None:
        """Commits messages and fields."""
        said = [Entry(entry_id, message) for entry_id, message in entries]
        self.stores.leases.commit(self.id, self.token, said, fields=fields)

    def finish(self, **fields: Any) -> None:
        """Ends the job as succeeded."""
        complete_job(self.stores, self.job, self.token, JobStatus.SUCCEEDED, fields=fields)


def refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem an answer holds, after checking its form."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem: dict[str, Any] = answer.json()
    assert set(problem) == {"status", "title", "code", "detail", "details"}
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code), (
        answer.text
    )
    return problem
