"""The files in deploy/ and what the code says that they have to agree with."""

import re
from pathlib import Path
from typing import Any, cast

import click
import yaml

from kwtsms_bot.cli import main
from kwtsms_bot.monitoring.health_endpoint import health_routes
from kwtsms_bot.monitoring.metrics import Metrics
from kwtsms_bot.monitoring.metrics_endpoint import MetricsEndpoint

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
CONFIGS = sorted(DEPLOY.glob("*/config.yaml"))
PROGRAM = "kwtsms-bridge"
LONGEST_STOP_SECONDS = 20  # What the bot may take; whoever stops it has to wait for longer.
# What can stand for each secret.
SECRETS = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_APP_TOKEN": "xapp-1",
    "KWTSMS_USERNAME": "user",
    "KWTSMS_PASSWORD": "password",
    "DATABASE_PASSWORD": "0123456789abcdef",
    "DATABASE_URL": "postgresql://kwtsms:0123@postgres/kwtsms",
}


def read_yaml(name: str) -> Any:
    """A YAML file of deploy/."""
    return yaml.safe_load((DEPLOY / name).read_text())


def referenced_secrets(config: Path) -> set[str]:
    """The secrets that a configuration takes from outside; comments do not count."""
    lines = (line.partition("#")[0] for line in config.read_text().splitlines())
    return set(re.findall(r"\$\{(\w+)\}", "\n".join(lines)))


def parse_arguments(arguments: list[str]) -> dict[str, Any]:
    """What our command line makes of what follows `kwtsms-bridge`; it must know all of it."""
    name, *rest = arguments
    with click.Context(main) as context:
        command = main.get_command(context, name)
        assert command is not None, f"there is no command {name}"
        return command.make_context(name, rest, parent=context).params


def paths() -> set[str]:
    """The pages that the bot answers."""
    unused = cast("Any", None)  # To know where they are, nothing has to be looked at.
    routes = (*health_routes(unused), *MetricsEndpoint(Metrics(), unused, unused, unused).routes())
    return {route.path for route in routes}
