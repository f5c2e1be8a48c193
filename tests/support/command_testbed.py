"""A testbed for calling commands directly, with a real database, gateway and Slack."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from kwtsms_bot.background import BackgroundTasks
from kwtsms_bot.balance.store import open_balance_store
from kwtsms_bot.commands.base import CommandContext
from kwtsms_bot.config import Config
from kwtsms_bot.demo.environment import LocalEnvironment
from kwtsms_bot.outbox.intake.draft import SOURCE, Draft, DraftKind
from kwtsms_bot.outbox.message import NewMessage
from kwtsms_bot.outbox.store import Audit, open_outbox
from kwtsms_bot.slack.users import SlackUserDirectory
from kwtsms_client import AsyncClient, Credentials
from kwtsms_sandbox.gateway import RunningGateway
from kwtsms_sandbox.slack import OPS, SARA, SlackSandbox
from kwtsms_sandbox.slack.models import TEAM_ID
from support.database import AT, opened
from support.slack import no_proxy, web_client

DRAFT_FIELDS = {one.name for one in fields(Draft)}


def draft(kind: DraftKind, **changes: Any) -> Draft:
    """A draft by Sara that expires after ten minutes; `changes` are of it or of its message."""
    of_draft = {name: changes.pop(name) for name in DRAFT_FIELDS & changes.keys()}
    message: dict[str, Any] = {
        "source": SOURCE,
        "author": SARA.id,
        "team": "T1",
        "text": "hi",
        "sender_id": "MY-APP",
        "recipients": ("96590000000",),
        "pages": 1,
    }
    made = Draft(
        token="token",
        kind=kind,
        message=NewMessage(**(message | changes)),
        channel=OPS.id,
        locale="en",
        created_at=AT,
        expires_at=AT + timedelta(minutes=10),
    )
    return replace(made, **of_draft)


class CommandTestbed:
    """A command context with its sandboxes."""

    def __init__(
        self, context: CommandContext, slack: SlackSandbox, running: RunningGateway
    ) -> None:
        self.context, self.slack, self.gateway = context, slack, running.gateway


@asynccontextmanager
async def command_testbed(folder: Path, **changes: Any) -> AsyncIterator[CommandTestbed]:
    """Yields a context at a fixed noon, without a worker; `changes` replaces config sections."""
    env = LocalEnvironment(folder, **changes)
    with no_proxy():
        async with env.slack, env.running, opened(folder) as database:
            config = env.config
            directory = SlackUserDirectory(web_client(env.slack), (), tasks=BackgroundTasks())
            directory.team = TEAM_ID
            async with _client(config) as client:
                context = CommandContext(
                    config=config,
                    outbox=open_outbox(database),
                    audit=Audit(database),
                    balance=open_balance_store(database),
                    gateway=client,
                    users=directory,
                    now=lambda: AT,
                    wake=lambda: None,
                )
                yield CommandTestbed(context, env.slack, env.running)


def _client(config: Config) -> AsyncClient:
    settings = config.kwtsms
    return AsyncClient(
        Credentials(settings.username, settings.password.get_secret_value()),
        base_url=settings.base_url,
    )
