"""Alert rules and dashboard: they name metrics that exist, fire when they must, and a real Prometheus reads us."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import yaml

from rpild_server.metrics import Meters
from tests.cli.serving import served
from tests.conftest import ROOT, free_port, need

PROMETHEUS = ROOT / "deploy" / "prometheus"
DASHBOARD = ROOT / "deploy" / "grafana" / "rpild.json"
NAME = re.compile(r"\brpild_[a-z_]+")
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}


def exposed() -> dict[str, set[str]]:
    """Every series name with its labels."""
    found: dict[str, set[str]] = {}
    for collector in vars(Meters("1", "1")).values():
        if hasattr(collector, "_labelnames"):
            labels = {*collector._labelnames} | ({"le"} if collector._type == "histogram" else set())
            found |= {collector._name + suffix: labels for suffix in SUFFIXES[collector._type]}
    return found


def expressions() -> Iterator[str]:
    groups = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"]
    yield from (rule["expr"] for group in groups for rule in group["rules"])
    panels = json.loads(DASHBOARD.read_text())["panels"]
    yield from (target["expr"] for panel in panels for target in panel["targets"])


@pytest.mark.parametrize("expression", list(expressions()))
def test_every_expression_names_series_and_labels_that_exist(expression: str) -> None:
    known = exposed()
    names = set(NAME.findall(expression))
    assert names
    assert names <= known.keys()
    labels = set(re.findall(r"[{,]\s*([a-z]+)!?=", expression)) | {
        each.strip() for group in re.findall(r"(?:by|on) \(([^)]*)\)", expression) for each in group.split(",") if each
    }
    assert labels - {""} <= set.union(*(known[name] for name in names)) | {"le"}


def test_the_rules_are_sound_and_fire_when_they_must() -> None:
    promtool = need("promtool", "prometheus")
    for command in (
        ["check", "rules", "alerts.yml"],
        ["test", "rules", "alerts_test.yml"],
        ["check", "config", "prometheus.yml"],
    ):
        done = subprocess.run(
            [promtool, *command], cwd=PROMETHEUS, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_says_what_to_do() -> None:
    for group in yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"]:
        for rule in group["rules"]:
            assert {"summary", "remedy"} <= rule["annotations"].keys(), rule["alert"]
            assert rule["labels"]["severity"] in ("info", "warning", "critical")


def test_panels_do_not_overlap() -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        place = panel["gridPos"]
        for cell in (
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        ):
            assert taken.setdefault(cell, panel["title"]) == panel["title"]


@pytest.mark.slow
def test_a_real_prometheus_scrapes_the_service(tmp_path: Path) -> None:
    prometheus, port = need("prometheus", "prometheus"), free_port()
    with served(tmp_path) as stack:
        config = tmp_path / "prometheus.yml"
        scrape = {
            "job_name": "rpild",
            "scrape_interval": "1s",
            "static_configs": [{"targets": [stack.url.partition("//")[2]]}],
        }
        config.write_text(yaml.safe_dump({"rule_files": [str(PROMETHEUS / "alerts.yml")], "scrape_configs": [scrape]}))
        command = [prometheus, f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'data'}"]
        command += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]
        with subprocess.Popen(command) as process:
            try:
                assert asked(port, "rpild_build_info") == 1
                assert asked(port, 'up{job="rpild"}') == 1
            finally:
                process.terminate()


def asked(port: int, query: str, seconds: float = 30) -> float:
    """What Prometheus knows, as soon as it has scraped."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            found = requests.get(f"http://127.0.0.1:{port}/api/v1/query", params={"query": query}, timeout=5).json()
            if found["data"]["result"]:
                return float(found["data"]["result"][0]["value"][1])
        except (requests.ConnectionError, ValueError):
            pass
        time.sleep(0.3)
    raise AssertionError(f"Prometheus does not know {query}")
