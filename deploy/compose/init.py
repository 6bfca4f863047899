"""Makes the secrets of the compose system at its first start, and the files that hold them.

`masters/` holds one random word a server and is read by this program alone; the other files are
written from them at each start, each for the one user who reads it. To change a secret, delete its
master and start anew. Your own go into `masters/` before the first start.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

HERE = Path("/run/posequeue")
APP, REDIS, S3, GRAFANA = 10001, 999, 1000, 472  # users of the images
ACTIONS = ["Admin", "Read", "Write", "List", "Tagging"]


def master(name: str) -> str:
    """The secret called `name`; made where there is none."""
    folder = HERE / "masters"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / name
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(24))
    return path.read_text().strip()


def write(name: str, text: str, owner: int) -> None:
    """A file that only `owner` can read; whole or not there."""
    part = HERE / f".{name}"
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    part.write_text(text)
    part.chmod(0o400)
    os.chown(part, owner, owner)
    part.replace(HERE / name)


def main() -> None:
    """Everything, each time the same."""
    password, key = master("redis"), master("s3")
    write("redis.conf", f"requirepass {password}\n", REDIS)
    write("redis_url", f"redis://:{password}@redis:6379/0", APP)
    write("s3_secret", key, APP)
    credentials = [{"accessKey": "posequeue", "secretKey": key}]
    identity = {"name": "posequeue", "credentials": credentials, "actions": ACTIONS}
    write("s3.json", json.dumps({"identities": [identity]}), S3)
    write("grafana_password", master("grafana"), GRAFANA)
    os.chown("/s3-data", S3, S3)  # a fresh volume may be root's


if __name__ == "__main__":
    main()
