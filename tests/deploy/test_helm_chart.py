"""The Helm chart: linted, rendered in the shapes that sites use, and valid for Kubernetes."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from rpild_server.settings import load_settings
from rpild_server.site_rules import serve_faults
from tests.conftest import ROOT

CHART = ROOT / "deploy" / "helm" / "rpild"
KUBERNETES = "1.30"
SHAPES = {
    "as it comes": [],
    "one": ["replicas=1", "networkPolicy.enabled=false"],
    "all": [
        "ingress.enabled=true", "ingress.tlsSecret=tls", "ingress.className=nginx", "postgresql.enabled=true",
        "serviceMonitor.enabled=true", "pullSecrets[0].name=registry", "nodeSelector.disk=fast",
        f"image.digest=sha256:{'0' * 64}",
    ],
}  # fmt: skip
Json = dict[str, Any]


def helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    tool = Path(sys.executable).with_name("helm")
    if not tool.exists():
        pytest.skip("helm is missing; its wheel exists for Linux on x86_64 only")
    return subprocess.run([str(tool), *arguments], capture_output=True, text=True, check=False, timeout=60)


def rendered(*values: str) -> list[Json]:
    done = helm("template", "site", str(CHART), *(part for each in values for part in ("--set", each)))
    assert done.returncode == 0, done.stderr
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def of_kind(documents: list[Json], kind: str) -> list[Json]:
    return [each for each in documents if each["kind"] == kind]


def test_the_chart_passes_the_linter() -> None:
    done = helm("lint", "--strict", str(CHART))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("shape", SHAPES)
def test_every_manifest_is_valid(shape: str) -> None:
    documents = rendered(*SHAPES[shape])
    assert of_kind(documents, "Deployment")
    for each in documents:
        if "monitoring.coreos.com" not in each["apiVersion"]:
            kubernetes_validate.validate(each, KUBERNETES, strict=True)


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
def test_no_container_is_root_or_can_write_to_its_image(kind: str) -> None:
    for workload in of_kind(rendered(*SHAPES["all"]), kind):
        pod = workload["spec"]["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert "memory" in container["resources"]["limits"]


def test_two_replicas_survive_a_node_that_is_drained() -> None:
    documents = rendered()
    assert of_kind(documents, "Deployment")[0]["spec"]["replicas"] == 2
    assert of_kind(documents, "PodDisruptionBudget")[0]["spec"]["maxUnavailable"] == 1
    assert not of_kind(rendered("replicas=1"), "PodDisruptionBudget")


def test_pods_ask_the_probes_and_drain_in_time() -> None:
    pod = of_kind(rendered(), "Deployment")[0]["spec"]["template"]["spec"]
    container = pod["containers"][0]
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert pod["terminationGracePeriodSeconds"] > 10


def test_the_network_policy_lets_calls_in_and_names_https_and_the_database_out() -> None:
    policy = of_kind(rendered(), "NetworkPolicy")[0]["spec"]
    assert policy["ingress"] == [{"ports": [{"port": "http"}]}]
    assert [port["port"] for rule in policy["egress"] for port in rule["ports"]] == [53, 53, 443, 5432]


def test_metrics_are_not_reached_through_the_ingress() -> None:
    ingress = of_kind(rendered(*SHAPES["all"]), "Ingress")[0]
    paths = {path["path"] for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]}
    assert {"/cds-services", "/smart", "/app"} <= paths
    assert not {"/metrics", "/", "/readyz"} & paths


def test_an_ingress_without_a_certificate_is_refused() -> None:
    done = helm("template", "site", str(CHART), "--set", "ingress.enabled=true")
    assert done.returncode != 0
    assert "ingress.tlsSecret" in done.stderr


def test_settings_of_the_chart_cannot_be_set_twice() -> None:
    done = helm("template", "site", str(CHART), "--set", "config=port = 1")
    assert done.returncode != 0
    assert "config" in done.stderr


def test_the_configuration_is_one_that_serve_accepts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RPILD_DATABASE_URL", "postgresql://rpild@database/rpild")
    file = tmp_path / "rpild.toml"
    file.write_text(of_kind(rendered(), "ConfigMap")[0]["data"]["rpild.toml"])
    settings = load_settings(file)
    assert settings.hosts == 2
    assert [each for each in serve_faults(settings) if not each.startswith("secrets_file")] == []


def test_chart_image_and_project_have_one_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert chart["version"] == chart["appVersion"] == project["version"]
