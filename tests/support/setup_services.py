"""A local Slack and a local gateway for `kwtsms-bridge init`, and the command in this process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner

from kwtsms_bot.cli import main
from kwtsms_bot.slack.manifest import OPTIONAL_SCOPES, SCOPES
from kwtsms_sandbox.gateway import DEMO_ACCOUNT, RunningGateway
from kwtsms_sandbox.slack import Manifest, SlackSandbox
from support.gateway import running_gateway
from support.shell import CommandResult
from support.slack import running_slack

ALL_SCOPES = frozenset((*SCOPES, *OPTIONAL_SCOPES))
VARIABLES = (
    *("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"),
    *("KWTSMS_USERNAME", "KWTSMS_PASSWORD", "KWTSMS_BASE_URL"),
)


@dataclass(frozen=True)
class SetupServices:
    """Both services, with the options and secrets for them."""

    slack: SlackSandbox
    running: RunningGateway

    @property
    def options(self) -> tuple[str, ...]:
        """The options that lead to these services."""
        return ("--slack-url", self.slack.api_url, "--gateway-url", self.running.base_url)

    @property
    def secrets(self) -> dict[str, str]:
        """The environment of a setup that asks nothing."""
        return {
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_APP_TOKEN": self.slack.app_token,
            "KWTSMS_USERNAME": DEMO_ACCOUNT.username,
            "KWTSMS_PASSWORD": DEMO_ACCOUNT.password,
        }

    def assert_hidden_in(self, text: str) -> None:
        """Fails if one of the secrets is in the text."""
        secrets = (self.slack.bot_token, self.slack.app_token, DEMO_ACCOUNT.password)
        assert [one for one in secrets if one in text] == []


@asynccontextmanager
async def setup_services(scopes: frozenset[str] = ALL_SCOPES) -> AsyncIterator[SetupServices]:
    """Runs both services."""
    async with (
        running_slack(manifest=Manifest(scopes=scopes)) as slack,
        running_gateway() as running,
    ):
        yield SetupServices(slack, running)


async def run_init(folder: Path, *words: str, **environ: str) -> CommandResult:
    """Runs `init` for the files in `folder`, without a terminal."""
    runner = CliRunner(env={**dict.fromkeys(VARIABLES), **environ})
    line = ["init", "-c", str(folder / "config.yaml"), *words]
    ran = await asyncio.to_thread(runner.invoke, main, line)
    if ran.exception is not None and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    return CommandResult(ran.exit_code, ran.stdout, ran.stderr)


def names_in(folder: Path) -> list[str]:
    """The names of the files in a folder."""
    return sorted(one.name for one in folder.iterdir())
