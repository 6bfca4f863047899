"""Alerts, dashboards and scalers: only metrics that exist, a runbook line for each alert."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.deploy.conftest import ROOT, Run, load
from worker.observability import metrics
from worker.observability.metrics import CATALOGUE, document

ALERTS = ROOT / "deploy/prometheus/alerts.yml"
DASHBOARDS = sorted((ROOT / "deploy/grafana/dashboards").glob("*.json"))
NAME = re.compile(r"\bposequeue_(?!client\b)[a-z0-9_]+")


def declared() -> set[str]:
    """Series that are declared, as Prometheus sees them."""
    return {series for one in CATALOGUE for series in one.series}


def rules() -> list[dict[str, Any]]:
    return [rule for group in load(ALERTS)[0]["groups"] for rule in group["rules"]]


def expressions() -> Iterator[tuple[str, str]]:
    """Where a query stands, and the query."""
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for path in DASHBOARDS:
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel["targets"]:
                yield f"{path.name}: {panel['title']}", target["expr"]
    for path in (ROOT / "k8s").rglob("*.yaml"):
        for query in re.findall(r"^ +query: (.+)$", path.read_text(), re.MULTILINE):
            yield str(path), query


def test_each_metric_is_declared_once_and_documented() -> None:
    names = [one.name for one in CATALOGUE]
    assert len(set(names)) == len(names)
    for one in CATALOGUE:
        assert NAME.fullmatch(one.name)
        assert one.meaning and one.unit
        assert bool(one.buckets) == (one.kind == "histogram")
        assert list(one.buckets) == sorted(one.buckets)
        assert not one.name.endswith(("_total", "_count", "_sum", "_bucket"))
    assert document() in (ROOT / "deploy/METRICS.md").read_text(), (
        "python -m worker.observability.metrics"
    )


def test_no_metric_is_declared_elsewhere() -> None:
    for path in [*(ROOT / "api").rglob("*.py"), *(ROOT / "worker").rglob("*.py")]:
        if path.name != "metrics.py":
            assert not NAME.search(path.read_text()), path


def test_every_metric_has_its_teller() -> None:
    """Each constant is used somewhere but where it is declared."""
    sources = [*(ROOT / "api").rglob("*.py"), *(ROOT / "worker").rglob("*.py")]
    text = "".join(path.read_text() for path in sources if path.name != "metrics.py")
    constants = {name for name, value in vars(metrics).items() if value in CATALOGUE}
    assert {name for name in constants if not re.search(rf"\b{name}\b", text)} == set()


def test_every_metric_used_exists() -> None:
    known = declared()
    missing = {(place, name) for place, text in expressions() for name in NAME.findall(text)}
    assert {(place, name) for place, name in missing if name not in known} == set()


def test_every_query_is_about_something() -> None:
    for place, text in expressions():
        assert NAME.search(text) or "up{" in text, place


def test_every_alert_has_its_runbook_line() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "deploy/RUNBOOK.md").read_text(), re.MULTILINE)
    assert headings == [rule["alert"] for rule in rules()]
    for rule in rules():
        assert rule["annotations"]["runbook"] == f"deploy/RUNBOOK.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"]


def test_the_cluster_has_the_same_alerts() -> None:
    ours = load(ALERTS)[0]["groups"]
    theirs = load(ROOT / "k8s/components/monitoring/rules.yaml")[0]["spec"]["groups"]
    assert ours == theirs


def test_dashboards_are_whole() -> None:
    assert DASHBOARDS
    for path in DASHBOARDS:
        board = json.loads(path.read_text())
        ids = [panel["id"] for panel in board["panels"]]
        assert len(set(ids)) == len(ids)
        for panel in board["panels"]:
            assert panel["title"]
            assert panel["description"]
            assert panel["datasource"]["uid"] == "prometheus"


def test_promtool_is_content(run: Run, tmp_path: Path) -> None:
    done = run("promtool", "check", "config", "deploy/prometheus/prometheus.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    done = run("promtool", "test", "rules", "tests/deploy/alerts_test.yml")
    assert done.returncode == 0, done.stdout + done.stderr
