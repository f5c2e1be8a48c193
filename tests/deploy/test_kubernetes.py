"""The manifests agree with each other, with the image and with the bot's HTTP endpoints."""

import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from support.deployment import (
    DEPLOY,
    LONGEST_STOP_SECONDS,
    SECRETS,
    parse_arguments,
    paths,
    read_config,
    read_yaml,
    referenced_secrets,
)

FOLDER = DEPLOY / "kubernetes"
CONFIG = FOLDER / "config.yaml"
DEPLOYMENT = read_yaml("kubernetes/deployment.yaml")["spec"]
POD = DEPLOYMENT["template"]["spec"]
(BRIDGE,) = POD["containers"]
LABELS = DEPLOYMENT["template"]["metadata"]["labels"]


def read_all(name: str) -> list[Any]:
    """Reads the documents of a file."""
    return list(yaml.safe_load_all((FOLDER / name).read_text()))


_JOB = read_all("backup.yaml")[1]["spec"]["jobTemplate"]["spec"]["template"]
BACKUP, BACKUP_LABELS = _JOB["spec"], _JOB["metadata"]["labels"]


@pytest.mark.parametrize("probe", ["startupProbe", "livenessProbe", "readinessProbe"])
def test_a_probe_asks_a_page_that_there_is(probe: str) -> None:
    """The path exists, and the named port is the one on which the bot listens."""
    asked = BRIDGE[probe]["httpGet"]
    ports = {port["name"]: port["containerPort"] for port in BRIDGE["ports"]}
    listen = read_config(CONFIG, SECRETS).http.listen

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
    """Each secret is a file that a variable names, and none is in the environment."""
    secret, _ = read_all("secret.example.yaml")
    files = {one["name"].removesuffix("_FILE"): one["value"] for one in BRIDGE["env"]}
    mounts = {mount["name"]: mount["mountPath"] for mount in BRIDGE["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in POD["volumes"]}

    assert set(secret["stringData"]) == referenced_secrets(CONFIG)
    assert files == {name: f"{mounts['secrets']}/{name}" for name in secret["stringData"]}
    assert volumes["secrets"]["secret"]["secretName"] == secret["metadata"]["name"]
    assert volumes["secrets"]["secret"]["defaultMode"] & 0o007 == 0
    assert "envFrom" not in BRIDGE


def test_the_database_is_reached_encrypted() -> None:
    """The examples check the certificate and the name of the server."""
    secrets = (FOLDER / "secret.example.yaml").read_text()

    assert secrets.count("sslmode=verify-full") == 2


def test_images_have_a_version() -> None:
    """No image is `latest`, so that every replica and every restart is the same one."""
    (image,) = read_yaml("kubernetes/kustomization.yaml")["images"]

    assert re.fullmatch(r"\d+\.\d+\.\d+", image["newTag"])
    assert re.search(r":\d+\.\d+", BACKUP["containers"][0]["image"])


def test_every_pod_has_a_network_policy() -> None:
    """A policy selects each pod, in both directions; it lets monitoring in, and nobody else."""
    policies = {one["metadata"]["name"]: one["spec"] for one in read_all("network-policy.yaml")}
    selected = [one["podSelector"]["matchLabels"] for one in policies.values()]
    (source,) = policies["kwtsms-bridge"]["ingress"]
    ports = {port["port"] for rule in policies["kwtsms-bridge"]["egress"] for port in rule["ports"]}

    assert selected == [LABELS, BACKUP_LABELS]
    assert all(one["policyTypes"] == ["Ingress", "Egress"] for one in policies.values())
    assert source["ports"] == [{"protocol": "TCP", "port": BRIDGE["ports"][0]["name"]}]
    assert "ingress" not in policies["kwtsms-bridge-backup"]
    assert ports == {53, 5432, 443}


def test_the_backup_is_as_confined_as_the_bot() -> None:
    """The back-up runs without root and capabilities, with limits, and writes to its volume."""
    (container,) = BACKUP["containers"]
    claim, job = read_all("backup.yaml")
    volumes = {volume["name"]: volume for volume in BACKUP["volumes"]}
    mounted = {mount["name"] for mount in container["volumeMounts"]}

    assert BACKUP["securityContext"] == POD["securityContext"]
    assert container["securityContext"] == BRIDGE["securityContext"]
    assert container["resources"]["limits"]["memory"]
    assert mounted == set(volumes)
    assert volumes["backup"]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert job["spec"]["concurrencyPolicy"] == "Forbid"
    assert not BACKUP["automountServiceAccountToken"]


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
    assert read_config(CONFIG, SECRETS).outbox.database.startswith("postgresql://")


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not on this machine")
def test_kubectl_can_build_them() -> None:
    """Every file is found, and the deployment mounts the generated configuration."""
    made = subprocess.run(
        ["kubectl", "kustomize", str(FOLDER)], check=True, capture_output=True, text=True
    )
    objects: dict[str, Any] = {one["kind"]: one for one in yaml.safe_load_all(made.stdout)}
    volumes = objects["Deployment"]["spec"]["template"]["spec"]["volumes"]

    assert set(objects) == {
        "ConfigMap",
        "CronJob",
        "Deployment",
        "NetworkPolicy",
        "PersistentVolumeClaim",
        "PodDisruptionBudget",
        "Service",
    }
    assert volumes[0]["configMap"]["name"] == objects["ConfigMap"]["metadata"]["name"]
    assert objects["ConfigMap"]["data"]["config.yaml"] == CONFIG.read_text()
