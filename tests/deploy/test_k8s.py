"""k8s/: what an overlay builds is valid, refers to what is there and allows what it must."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from api.app import create_app
from tests.deploy.conftest import OVERLAYS, ROOT, Run, load, not_settings, variables
from worker.contract.poses import CHUNK_SECONDS
from worker.queueing.celery_app import QUEUES
from worker.settings import Settings

K8S = ROOT / "k8s"
Docs = list[dict[str, Any]]
HIDDEN = {"/metrics", "/healthz", "/readyz"}

# the fields of KEDA's ScaledObject that are used here; after config/crd/bases of kedacore/keda 2.20
_TEXT = {"type": "string", "minLength": 1}
_COUNT = {"type": "integer", "minimum": 0}
_HPA = {
    "type": "object",
    "properties": {"behavior": {"type": "object"}},
    "additionalProperties": False,
}
SCALED_OBJECT = {
    "type": "object",
    "required": ["scaleTargetRef", "triggers"],
    "additionalProperties": False,
    "properties": {
        "scaleTargetRef": {
            "type": "object",
            "required": ["name"],
            "additionalProperties": False,
            "properties": {"name": _TEXT},
        },
        "minReplicaCount": _COUNT,
        "maxReplicaCount": _COUNT,
        "cooldownPeriod": _COUNT,
        "fallback": {
            "type": "object",
            "required": ["failureThreshold", "replicas"],
            "additionalProperties": False,
            "properties": {"failureThreshold": _COUNT, "replicas": _COUNT},
        },
        "advanced": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"horizontalPodAutoscalerConfig": _HPA},
        },
        "triggers": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["type", "metadata"],
                "additionalProperties": False,
                "properties": {
                    "type": {"const": "prometheus"},
                    "metadata": {
                        "type": "object",
                        "required": ["serverAddress", "query", "threshold"],
                        "additionalProperties": _TEXT,  # KEDA takes text alone
                    },
                },
            },
        },
    },
}


def of_kind(docs: Docs, *kinds: str) -> Docs:
    return [one for one in docs if one["kind"] in kinds]


def by_name(docs: Docs, kind: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in of_kind(docs, kind)}


def pods(docs: Docs) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and pod template of everything that runs."""
    for one in of_kind(docs, "Deployment", "StatefulSet"):
        yield one["metadata"]["name"], one["spec"]["template"]


def references(folder: Path) -> Iterator[Path]:
    """What a kustomization names, followed to the end."""
    given = load(folder / "kustomization.yaml")[0]
    for name in [*given.get("resources", []), *given.get("components", [])]:
        path = (folder / name).resolve()
        yield path
        if path.is_dir():
            yield from references(path)


# without any tool


@pytest.mark.parametrize("name", OVERLAYS)
def test_all_that_is_named_is_there(name: str) -> None:
    for path in references(K8S / "overlays" / name):
        assert (path / "kustomization.yaml").is_file() if path.is_dir() else path.is_file(), path


def test_all_that_is_there_is_named_and_parses() -> None:
    used = {path for name in OVERLAYS for path in references(K8S / "overlays" / name)}
    for path in K8S.rglob("*.yaml"):
        assert load(path), path
        patches = path.name == "patch.yaml"
        assert path.name == "kustomization.yaml" or patches or path in used, path


def test_sets_only_settings() -> None:
    text = "".join(path.read_text() for path in K8S.rglob("*") if path.suffix in {".yaml", ".env"})
    assert not_settings(variables(text.replace("POSEQUEUE_*", ""))) == set()


# with kubectl


def test_kubernetes_takes_it(overlay: Docs, run: Run, tmp_path: Path) -> None:
    path = tmp_path / "all.yaml"
    path.write_text(yaml.safe_dump_all(overlay))
    done = run("kubernetes-validate", "--strict", path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_scalers_are_kedas_and_aim_at_what_runs(overlay: Docs) -> None:
    running = by_name(overlay, "Deployment")
    for one in of_kind(overlay, "ScaledObject"):
        jsonschema.validate(one["spec"], SCALED_OBJECT)
        target = running[one["spec"]["scaleTargetRef"]["name"]]
        assert "replicas" not in target["spec"]  # each apply would undo the scaling
        assert one["spec"]["minReplicaCount"] <= one["spec"]["fallback"]["replicas"]


def test_a_pods_share_of_jobs_is_its_slots(overlay: Docs) -> None:
    running = dict(pods(overlay))
    for one in of_kind(overlay, "ScaledObject"):
        name = one["spec"]["scaleTargetRef"]["name"]
        if name in {"worker-pose", "worker-gpu"}:
            args = running[name]["spec"]["containers"][0]["args"]
            threshold = one["spec"]["triggers"][0]["metadata"]["threshold"]
            assert threshold == args[args.index("--concurrency") + 1]
            assert one["spec"]["minReplicaCount"] == 0


def test_every_queue_of_this_overlay_has_a_worker(overlay: Docs) -> None:
    served: set[str] = set()
    for _, pod in pods(overlay):
        args = pod["spec"]["containers"][0].get("args", [])
        if "--queues" in args:
            served |= set(args[args.index("--queues") + 1].split(","))
    assert served < set(QUEUES)
    assert set(QUEUES) - served in ({"pose.gpu"}, {"pose.cpu"})


def test_no_pod_has_rights_that_it_does_not_need(overlay: Docs) -> None:
    for name, pod in pods(overlay):
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["runAsUser"] > 0, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, name
            assert container["resources"]["limits"]["memory"], name
            assert container["resources"]["requests"]["cpu"], name
            assert "livenessProbe" in container, name
            assert not container["image"].endswith(":latest"), name
            assert ":" in container["image"], name


def test_workers_have_time_to_hand_over(overlay: Docs) -> None:
    """A chunk of media may take ten times its length on a slow core, and a model call more."""
    for name, pod in pods(overlay):
        if name.startswith("worker-") and name != "worker-webhooks":
            assert pod["spec"]["terminationGracePeriodSeconds"] > 10 * CHUNK_SECONDS + 30, name
            assert pod["spec"]["shareProcessNamespace"] is True, name


def test_each_selector_finds_its_pods(overlay: Docs) -> None:
    labels = [pod["metadata"]["labels"] for _, pod in pods(overlay)]

    def finds(selector: dict[str, str]) -> bool:
        return any(selector.items() <= one.items() for one in labels)

    for one in of_kind(overlay, "PodDisruptionBudget"):
        assert finds(one["spec"]["selector"]["matchLabels"]), one["metadata"]["name"]
    for one in of_kind(overlay, "Service"):
        assert finds(one["spec"]["selector"]), one["metadata"]["name"]
    for one in of_kind(overlay, "NetworkPolicy"):
        chosen = one["spec"]["podSelector"].get("matchLabels", {})
        assert finds(chosen), one["metadata"]["name"]
    guarded = {
        tuple(one["spec"]["selector"]["matchLabels"].items())
        for one in of_kind(overlay, "PodDisruptionBudget")
    }
    for name in by_name(overlay, "Deployment"):
        assert (("app", name),) in guarded, name


def test_network_is_shut_but_for_what_is_named(overlay: Docs) -> None:
    policies = by_name(overlay, "NetworkPolicy")
    assert policies["default-deny"]["spec"] == {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
    }
    for name, policy in policies.items():
        for rule in policy["spec"].get("egress", []):
            assert rule["ports"], name
            for peer in rule["to"]:
                block = peer.get("ipBlock", {})
                if block.get("cidr") == "0.0.0.0/0":
                    assert policy["spec"]["podSelector"]["matchLabels"] == {"internet": "yes"}
                    assert {"10.0.0.0/8", "169.254.0.0/16", "127.0.0.0/8"} <= set(block["except"])
    internet = {name for name, pod in pods(overlay) if pod["metadata"]["labels"].get("internet")}
    assert "worker-webhooks" in internet
    assert "api" not in internet


def test_ingress_shows_every_route_but_the_clusters_own(overlay: Docs) -> None:
    paths = by_name(overlay, "Ingress")["api"]["spec"]["rules"][0]["http"]["paths"]

    def shown(route: str) -> bool:
        return any(
            route == one["path"]
            or (one["pathType"] == "Prefix" and route.startswith(one["path"] + "/"))
            for one in paths
        )

    routes = set(create_app(Settings()).openapi()["paths"])
    routes |= {"/", "/docs", "/openapi.json", "/pose_tracker/upload_tracking", "/metrics"}
    assert {route for route in routes if not shown(route)} == HIDDEN
    assert all(one["spec"]["tls"] for one in of_kind(overlay, "Ingress"))


def test_secrets_that_pods_mount_are_documented_or_made(overlay: Docs) -> None:
    made = {name.rpartition("-")[0] for name in by_name(overlay, "Secret")}
    readme = (K8S / "README.md").read_text()
    for _, pod in pods(overlay):
        for volume in pod["spec"]["volumes"]:
            if "secret" in volume:
                name = volume["secret"]["secretName"]
                assert re.sub(r"-[a-z0-9]{10}$", "", name) in made or f"generic {name} " in readme


def test_images_are_the_ones_that_are_built(overlay: Docs) -> None:
    built = {f"posequeue-{path.stem}" for path in (ROOT / "deploy/docker").glob("*.Dockerfile")}
    for name, pod in pods(overlay):
        image = pod["spec"]["containers"][0]["image"]
        ours = image.rpartition("/")[2].partition(":")[0]
        assert ours in built or re.search(r"@sha256:[0-9a-f]{64}$", image), name
