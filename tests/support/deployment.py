"""The files in deploy/ and the values of the code that they must agree with."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import click
import yaml

from kwtsms_bot.cli import main
from kwtsms_bot.config import Config, parse
from kwtsms_bot.monitoring.health_endpoint import health_routes
from kwtsms_bot.monitoring.metrics import Metrics
from kwtsms_bot.monitoring.metrics_endpoint import MetricsEndpoint

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
CONFIGS = sorted(DEPLOY.glob("*/config.yaml"))
PROGRAM = "kwtsms-bridge"
LONGEST_STOP_SECONDS = 20  # The bot's longest shutdown; supervisors must wait longer.
# Sample values for each secret.
SECRETS = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_APP_TOKEN": "xapp-1",
    "KWTSMS_USERNAME": "user",
    "KWTSMS_PASSWORD": "password",
    "DATABASE_USER": "kwtsms_app",
    "DATABASE_PASSWORD": "0123456789abcdef",
    "DATABASE_URL": "postgresql://kwtsms:0123@postgres/kwtsms",
}


def read_config(path: Path, secrets: Mapping[str, str]) -> Config:
    """Reads a configuration of deploy/, whose placeholders are no problem here."""
    return parse(path.read_text(encoding="utf-8"), str(path), secrets)


def read_yaml(name: str) -> Any:
    """Reads a YAML file of deploy/."""
    return yaml.safe_load((DEPLOY / name).read_text())


def referenced_secrets(config: Path) -> set[str]:
    """The secrets that a configuration refers to, without those in comments."""
    lines = (line.partition("#")[0] for line in config.read_text().splitlines())
    return set(re.findall(r"\$\{(\w+)\}", "\n".join(lines)))


def parse_arguments(arguments: list[str]) -> dict[str, Any]:
    """Parses arguments of `kwtsms-bridge` into parameters; unknown ones are an error."""
    name, *rest = arguments
    with click.Context(main) as context:
        command = main.get_command(context, name)
        assert command is not None, f"there is no command {name}"
        return command.make_context(name, rest, parent=context).params


def paths() -> set[str]:
    """The paths of the bot's HTTP endpoints."""
    unused = cast("Any", None)  # The paths do not depend on these.
    routes = (*health_routes(unused), *MetricsEndpoint(Metrics(), unused, unused, unused).routes())
    return {route.path for route in routes}
