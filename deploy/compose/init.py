"""Makes the secrets of the compose system at its first start, and the files that hold them.

`masters/` holds one random word a server and is read by this program alone; the other files are
written from them at each start, each for the one user who reads it. To change a secret, delete its
master and start anew. Your own go into `masters/` before the first start.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
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


def certificate() -> tuple[str, str]:
    """A certificate that is its own authority, and its key; made where there is none."""
    names = [HERE / "masters" / name for name in ("s3_grpc.crt", "s3_grpc.key")]
    if not all(name.exists() for name in names):
        made = ["openssl", "req", "-x509", "-newkey", "rsa:3072", "-nodes", "-days", "36500"]
        where = ["-subj", "/CN=s3", "-out", str(names[0]), "-keyout", str(names[1])]
        subprocess.run([*made, *where], check=True, capture_output=True)
    return names[0].read_text(), names[1].read_text()


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
    # the gateway's gRPC port, which changes identities, can only listen where S3 does: no one but
    # the gateway has a certificate for it
    for name, text in zip(("s3_grpc.crt", "s3_grpc.key"), certificate(), strict=True):
        write(name, text, S3)
    own = [f'cert = "{HERE}/s3_grpc.crt"', f'key = "{HERE}/s3_grpc.key"']
    lines = ["[grpc]", f'ca = "{HERE}/s3_grpc.crt"', "[grpc.s3]", *own]
    write("security.toml", "\n".join(lines) + "\n", S3)
    write("grafana_password", master("grafana"), GRAFANA)
    os.chown("/s3-data", S3, S3)  # a fresh volume may be root's


if __name__ == "__main__":
    main()
