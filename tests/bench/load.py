"""Clients of the API as a process of their own, which says a line of JSON at its end.

`python -m` with SERVER KEY PICTURE CLIENTS JOBS and perhaps the id of an upload. Each job is a
presigned upload, its PUT, and the job under an Idempotency-Key; with an upload's id the job alone.
"""

from __future__ import annotations

import json
import sys
import threading
import time
import uuid
from pathlib import Path
from queue import Empty, SimpleQueue

import httpx

_IMAGE = {"filename": "a.jpg", "contentType": "image/jpeg"}


class Load:
    """What the clients do, and when."""

    def __init__(self, server: str, key: str, picture: bytes) -> None:
        self.url = server + "/v1"
        self.headers = {"Authorization": f"Bearer {key}"}
        self.picture = picture
        self.ids: list[str] = []
        self.seconds: list[float] = []

    def run(self, clients: int, jobs: int, given: str | None) -> float:
        """Makes `jobs` jobs; seconds from the first request to the last answer."""
        places: SimpleQueue[int] = SimpleQueue()
        for number in range(jobs):
            places.put(number)
        threads = [
            threading.Thread(target=self._client, args=(places, given)) for _ in range(clients)
        ]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return time.monotonic() - began

    def _client(self, places: SimpleQueue[int], given: str | None) -> None:
        own = httpx.Client(base_url=self.url, headers=self.headers, timeout=120)
        with own as http, httpx.Client(timeout=120) as plain:
            while True:
                try:
                    places.get_nowait()
                except Empty:
                    return
                began = time.monotonic()
                upload = given or self._upload(http, plain)
                headers = {"Idempotency-Key": str(uuid.uuid4())}
                body = {"input": {"uploadId": upload}, "options": {}}
                answer = http.post("/jobs", json=body, headers=headers).raise_for_status()
                self.ids.append(answer.json()["id"])
                self.seconds.append(time.monotonic() - began)

    def _upload(self, http: httpx.Client, plain: httpx.Client) -> str:
        wanted = {**_IMAGE, "bytes": len(self.picture)}
        place = http.post("/uploads", json=wanted).raise_for_status().json()
        put = plain.put(place["url"], content=self.picture, headers=place["headers"])
        put.raise_for_status()
        return str(place["id"])


def main() -> None:
    """One run."""
    server, key, picture, clients, jobs, *given = sys.argv[1:]
    load = Load(server, key, Path(picture).read_bytes())
    seconds = load.run(int(clients), int(jobs), given[0] if given else None)
    if len(load.ids) < int(jobs):
        sys.exit(f"only {len(load.ids)} of {jobs} jobs were made")
    json.dump({"seconds": seconds, "ids": load.ids, "each": load.seconds}, sys.stdout)


if __name__ == "__main__":
    main()
