"""The manifests agree with each other, with the image and with the bot's HTTP endpoints."""

import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from kwtsms_bot.config import load
from support.deployment import (
    DEPLOY,
    LONGEST_STOP_SECONDS,
    SECRETS,
    parse_arguments,
    paths,
    read_yaml,
    referenced_secrets,
)

FOLDER = DEPLOY / "kubernetes"
CONFIG = FOLDER / "config.yaml"
DEPLOYMENT = read_yaml("kubernetes/deployment.yaml")["spec"]
POD = DEPLOYMENT["template"]["spec"]
(BRIDGE,) = POD["containers"]
LABELS = DEPLOYMENT["template"]["metadata"]["labels"]


@pytest.mark.parametrize("probe", ["startupProbe", "livenessProbe", "readinessProbe"])
def test_a_probe_asks_a_page_that_there_is(probe: str) -> None:
    """The path exists, and the named port is the one on which the bot listens."""
    asked = BRIDGE[probe]["httpGet"]
    ports = {port["name"]: port["containerPort"] for port in BRIDGE["ports"]}
    listen = load(str(CONFIG), SECRETS).http.listen

    assert asked["path"] in paths()
    assert listen == f"0.0.0.0:{ports[asked['port']]}"


def test_only_readiness_asks_for_the_parts() -> None:
    """An outage of Slack or the database must not restart the bot."""
    asked = {name: BRIDGE[f"{name}Probe"]["httpGet"]["path"] for name in ("liveness", "readiness")}

    assert asked == {"liveness": "/healthz", "readiness": "/readyz"}


def test_the_program_is_one_that_there_is() -> None:
    """The program reads the configuration from where it is mounted."""
    file = parse_arguments(BRIDGE["args"])["file"]
    mounts = {mount["name"]: mount["mountPath"] for mount in BRIDGE["volumeMounts"]}

    assert file == f"{mounts['config']}/config.yaml"


def test_every_selector_finds_the_pods() -> None:
    """The deployment, the budget and the service select the same pods."""
    selectors = (
        DEPLOYMENT["selector"]["matchLabels"],
        read_yaml("kubernetes/disruption-budget.yaml")["spec"]["selector"]["matchLabels"],
        read_yaml("kubernetes/service.yaml")["spec"]["selector"],
        POD["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"],
    )

    assert [one for one in selectors if not one.items() <= LABELS.items()] == []


def test_the_service_leads_to_the_metrics_of_every_replica() -> None:
    """Replicas that are not ready are included, since their metrics are needed then."""
    service = read_yaml("kubernetes/service.yaml")
    (port,) = service["spec"]["ports"]

    assert port["targetPort"] in {port["name"] for port in BRIDGE["ports"]}
    assert service["metadata"]["annotations"]["prometheus.io/path"] in paths()
    assert (service["spec"]["clusterIP"], service["spec"]["publishNotReadyAddresses"]) == (
        "None",
        True,
    )


def test_the_secret_has_all_that_the_configuration_asks_for() -> None:
    """The secret has every variable of the configuration, under the same name."""
    secret = read_yaml("kubernetes/secret.example.yaml")
    (source,) = BRIDGE["envFrom"]

    assert set(secret["stringData"]) == referenced_secrets(CONFIG)
    assert secret["metadata"]["name"] == source["secretRef"]["name"]


def test_it_runs_as_the_image_says_and_may_nothing() -> None:
    """The container runs without root and capabilities, and only /tmp is writable."""
    (user,) = re.findall(r"^USER (.*)$", (DEPLOY / "docker/Dockerfile").read_text(), re.MULTILINE)
    who = POD["securityContext"]
    may = BRIDGE["securityContext"]

    assert user == f"{who['runAsUser']}:{who['runAsGroup']}"
    assert who["runAsNonRoot"]
    assert not POD["automountServiceAccountToken"]
    assert (may["allowPrivilegeEscalation"], may["readOnlyRootFilesystem"]) == (False, True)
    assert may["capabilities"] == {"drop": ["ALL"]}


def test_replicas_stop_one_at_a_time_and_in_peace() -> None:
    """One replica is always running, and each has more time to stop than it needs."""
    budget = read_yaml("kubernetes/disruption-budget.yaml")["spec"]["minAvailable"]

    assert POD["terminationGracePeriodSeconds"] > LONGEST_STOP_SECONDS
    assert DEPLOYMENT["replicas"] > budget >= 1
    assert load(str(CONFIG), SECRETS).outbox.database.startswith("postgresql://")


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not on this machine")
def test_kubectl_can_build_them() -> None:
    """Every file is found, and the deployment mounts the generated configuration."""
    made = subprocess.run(
        ["kubectl", "kustomize", str(FOLDER)], check=True, capture_output=True, text=True
    )
    objects: dict[str, Any] = {one["kind"]: one for one in yaml.safe_load_all(made.stdout)}
    volumes = objects["Deployment"]["spec"]["template"]["spec"]["volumes"]

    assert set(objects) == {"ConfigMap", "Deployment", "PodDisruptionBudget", "Service"}
    assert volumes[0]["configMap"]["name"] == objects["ConfigMap"]["metadata"]["name"]
    assert objects["ConfigMap"]["data"]["config.yaml"] == CONFIG.read_text()
