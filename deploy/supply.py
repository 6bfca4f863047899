"""What is in a release: its bill of materials, and whether something in it is known to be unsafe.

    python deploy/supply.py sbom OUT.json     CycloneDX 1.6 (ECMA-424) of requirements.lock
    python deploy/supply.py audit             asks OSV (osv.dev) about each package of the lock

`audit` exits 1 where an advisory is open, and 0 with a word on stderr where OSV cannot be reached.
Advisories that do not concern us stand in ACCEPTED, each with its reason.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parent.parent
OSV = "https://api.osv.dev"
ACCEPTED: dict[str, str] = {}
"""Advisory ids, and why they do not concern us."""

_PACKAGE = re.compile(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)", re.MULTILINE)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_AT_ONCE = 1000  # OSV takes so many a request


@dataclass(frozen=True)
class Package:
    """A package of the lock; its hashes are those of all files that may be installed."""

    name: str
    version: str
    hashes: tuple[str, ...]


def locked(text: str) -> list[Package]:
    """The packages of a lock."""
    found = list(_PACKAGE.finditer(text))
    ends = [match.start() for match in found[1:]] + [len(text)]
    return [
        Package(match[1], match[2], tuple(_HASH.findall(text, match.end(), end)))
        for match, end in zip(found, ends, strict=True)
    ]


def _licence(name: str) -> list[dict[str, Any]]:
    """As the installed package says; nothing where it is not installed or does not say."""
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return []
    if expression := about.get("License-Expression"):
        return [{"expression": expression}]
    named = [
        text.rpartition(" :: ")[2]
        for text in about.get_all("Classifier") or ()
        if text.startswith("License :: ")
    ]
    return [{"license": {"name": text}} for text in named]


def component(package: Package) -> dict[str, Any]:
    """A package as CycloneDX has it."""
    address = f"pkg:pypi/{package.name.lower().replace('_', '-')}@{package.version}"
    return {
        "type": "library",
        "bom-ref": address,
        "name": package.name,
        "version": package.version,
        "purl": address,
        "licenses": _licence(package.name),
        # one file of these is installed: which one depends on the machine
        "properties": [
            {"name": "posequeue:sha256", "value": digest} for digest in sorted(package.hashes)
        ],
    }


def bill(packages: list[Package]) -> dict[str, Any]:
    """The bill of materials; the same lock in the same environment gives the same bytes."""
    version = metadata.version("posequeue")
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": f"pkg:pypi/posequeue@{version}",
                "name": "posequeue",
                "version": version,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            }
        },
        "components": [component(package) for package in packages],
    }


def advisories(packages: list[Package], url: str = OSV) -> dict[str, list[str]]:
    """Open advisories by package; raises httpx.HTTPError where OSV does not answer."""
    found: dict[str, list[str]] = {}
    for start in range(0, len(packages), _AT_ONCE):
        asked = packages[start : start + _AT_ONCE]
        queries = [
            {"package": {"name": one.name, "ecosystem": "PyPI"}, "version": one.version}
            for one in asked
        ]
        answer = httpx.post(f"{url}/v1/querybatch", json={"queries": queries}, timeout=60)
        answer.raise_for_status()
        for one, result in zip(asked, answer.json()["results"], strict=True):
            named = [row["id"] for row in result.get("vulns", ()) if row["id"] not in ACCEPTED]
            if named:
                found[f"{one.name} {one.version}"] = named
    return found


def main(arguments: list[str]) -> int:
    """As the command line says; the exit status."""
    packages = locked((ROOT / "requirements.lock").read_text())
    if arguments[:1] == ["sbom"] and len(arguments) == 2:
        Path(arguments[1]).write_text(json.dumps(bill(packages), indent=1) + "\n")
        return 0
    if arguments == ["audit"]:
        try:
            found = advisories(packages)
        except httpx.HTTPError as error:
            sys.stderr.write(f"not audited: {OSV} does not answer ({error})\n")
            return 0
        for name, ids in found.items():
            sys.stdout.write(f"{name}: {', '.join(ids)}\n")
        sys.stderr.write(f"{len(packages)} packages, {len(found)} with open advisories\n")
        return 1 if found else 0
    sys.stderr.write(str(__doc__))
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
