"""Alerts can be switched on in every deployment, and a proxy leads to their endpoints only."""

import re
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
import yaml

from kwtsms_bot.bridge.integrations.request import MAX_BODY
from kwtsms_bot.config import parse
from kwtsms_bot.config.bridge import BridgeSettings
from support.deployment import (
    CONFIGS,
    DEPLOY,
    LONGEST_STOP_SECONDS,
    SECRETS,
    read_config,
    read_yaml,
)

TOKEN = {"PROMETHEUS_TOKEN": "kwb_0123456789abcdef"}
PORT = 8090
NGINX = DEPLOY / "nginx" / "kwtsms-bridge.conf"
CADDY = DEPLOY / "caddy" / "Caddyfile"
PROXIES = (NGINX, CADDY)
PREFIXES = {"hooks", "notify", "v1", "v2"}


def with_alerts(config: Path) -> str:
    """The configuration with the lines that switch alerts on."""
    rest, mark, lines = config.read_text().partition("# Alerts of other tools")
    comment, _, section = lines.partition("\n")
    return f"{rest}{mark}{comment}\n" + re.sub(r"(?m)^#", "", section)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.parent.name)
def test_alerts_are_off_until_they_are_configured(config: Path) -> None:
    """A deployment that needs no alerts opens no second port."""
    assert read_config(config, SECRETS).bridge is None


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.parent.name)
def test_the_lines_for_alerts_load(config: Path) -> None:
    """Without their #, the lines are a valid section that needs one more secret."""
    found = parse(with_alerts(config), str(config), SECRETS | TOKEN)

    assert found.bridge is not None
    assert found.warnings() == ()
    assert found.bridge.listen.endswith(f":{PORT}")


def test_compose_publishes_the_port_of_each_replica() -> None:
    """The addition gives both services the token, and as many ports as there are replicas."""
    services = read_yaml("docker/compose.yaml")["services"]
    added = read_yaml("docker/compose.alerts.yaml")
    (ports,) = added["services"]["bridge"]["ports"]
    first, last = map(int, re.findall(r":(\d+)-(\d+):", ports)[0])

    assert set(added["services"]) == {
        name
        for name, one in services.items()
        if "SLACK_BOT_TOKEN_FILE" in one.get("environment", ())
    }
    assert ports.startswith("127.0.0.1:")
    assert ports.endswith(f":{PORT}")
    assert last - first + 1 == services["bridge"]["deploy"]["replicas"]
    assert [(one["environment"], one["secrets"]) for one in added["services"].values()] == [
        ({"PROMETHEUS_TOKEN_FILE": "/run/secrets/prometheus_token"}, [*added["secrets"]])
    ] * 2


def patched(name: str) -> Any:
    """A manifest of Kubernetes with the component's patches, all of which add something."""
    manifest = next(yaml.safe_load_all((DEPLOY / "kubernetes" / name).read_text()))
    target = {"kind": manifest["kind"], "name": manifest["metadata"]["name"]}
    component = read_yaml("kubernetes/alerts/kustomization.yaml")
    (patch,) = (one["patch"] for one in component["patches"] if one["target"] == target)
    for one in yaml.safe_load(patch):
        *parents, last = one["path"].strip("/").split("/")
        parent = reduce(
            lambda at, part: at[int(part) if part.isdigit() else part], parents, manifest
        )
        assert one["op"] == "add"
        if last == "-":
            parent.append(one["value"])
        else:
            parent[last] = one["value"]
    return manifest


def test_the_kubernetes_component_opens_the_port_of_the_configuration() -> None:
    """Port, service and network policy have the same name, and the token is a file."""
    pod = patched("deployment.yaml")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    policy = patched("network-policy.yaml")["spec"]["ingress"]
    (served,) = read_yaml("kubernetes/alerts/service.yaml")["spec"]["ports"]
    files = {one["name"] for one in container["env"]}

    assert {"name": "alerts", "containerPort": PORT} in container["ports"]
    assert served["targetPort"] == "alerts"
    assert "alerts" in [port["port"] for rule in policy for port in rule["ports"]]
    assert "PROMETHEUS_TOKEN_FILE" in files
    wait = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert 0 < wait < pod["terminationGracePeriodSeconds"] - LONGEST_STOP_SECONDS


def test_the_alerts_service_selects_the_pods() -> None:
    """The service leads to the pods of the deployment."""
    labels = patched("deployment.yaml")["spec"]["template"]["metadata"]["labels"]
    selector = read_yaml("kubernetes/alerts/service.yaml")["spec"]["selector"]

    assert selector.items() <= labels.items()


@pytest.mark.parametrize("file", PROXIES, ids=lambda path: path.parent.name)
def test_a_proxy_leads_to_the_default_address(file: Path) -> None:
    """The proxy posts to where the bot listens by default."""
    default = BridgeSettings.model_fields["listen"].default
    code = without_comments(file)

    assert default in code
    assert code.count("{") == code.count("}")


@pytest.mark.parametrize("file", PROXIES, ids=lambda path: path.parent.name)
def test_a_proxy_leads_to_the_endpoints_only(file: Path) -> None:
    """The first parts of the paths are those of the endpoint's routes; all else is 404."""
    code = without_comments(file)
    found = re.search(r"\^/\(([\w|]+)\)/", code)
    parts = found[1].split("|") if found else re.findall(r" /(\w+)/\*", code)

    assert set(parts) == PREFIXES
    assert re.search(r"(return|respond) 404", code)


@pytest.mark.parametrize("file", PROXIES, ids=lambda path: path.parent.name)
def test_a_proxy_accepts_more_than_the_bot_reads(file: Path) -> None:
    """The bot itself refuses what is too large, and reports it as an alert."""
    found = re.search(
        r"(?:client_max_body_size|max_size) (\d+)m", without_comments(file), re.IGNORECASE
    )

    assert found
    assert int(found[1]) * 1_000_000 > MAX_BODY


def test_no_proxy_logs_an_address() -> None:
    """An address may contain a token: neither access nor error lines have it."""
    nginx, caddy = without_comments(NGINX), without_comments(CADDY)

    assert "access_log off;" in nginx
    assert re.search(r"error_log \S+ crit;", nginx)
    assert "exclude http.log.error" in caddy
    assert len(re.findall(r"\blog\b", caddy)) == 2  # The global one, and the name in it.


def without_comments(file: Path) -> str:
    """A proxy's configuration without its comments."""
    return re.sub(r"(?m)#.*$", "", file.read_text())
