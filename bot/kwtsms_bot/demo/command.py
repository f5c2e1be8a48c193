"""`kwtsms-bridge demo`: the whole product on one machine, without an account or a token."""

import asyncio
import json
import logging
import os
import signal
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import click

from kwtsms_bot import logs
from kwtsms_bot.commands.router import COMMANDS
from kwtsms_bot.commands.status_text import PENDING_STATES, STATE_TEXTS
from kwtsms_bot.database import DatabaseError
from kwtsms_bot.demo.environment import BotNotStarted, LocalEnvironment
from kwtsms_bot.doctor.network import HTTPS_PROXIES, SLACK_PROXIES
from kwtsms_bot.monitoring.health_endpoint import CannotListen
from kwtsms_bot.slack.connection import SlackRefused
from kwtsms_bot.slack.manifest import manifest
from kwtsms_sandbox.gateway import DEMO_ACCOUNT, Sms
from kwtsms_sandbox.http_server import serve
from kwtsms_sandbox.page import Hint, PageServer, Shortcut
from kwtsms_sandbox.slack import Message
from kwtsms_sandbox.slack.demo_workspace import OPS, SARA

SETTLE_SECONDS = 10.0
BANNER = """\
kwtsms-bridge demo: the real bot, a local Slack and a local kwtSMS. Nothing leaves this machine.

  Open {url}

On the left, type   /sms send +96598765432 Hello مرحبا
and look at the phone on the right. Ctrl-C ends it.

The gateway, for your own programs: {gateway}
  username: {username}   password: {password}   sender ID: MY-APP
"""


@dataclass(frozen=True, slots=True)
class DemoResult:
    """The result of one command: the replies that its user sees in the end, and new SMS."""

    command: str
    replies: tuple[str, ...]
    phone: tuple[Sms, ...]

    def as_json(self) -> str:
        """Returns one line, for programs."""
        phone = [{"to": one.to, "from": one.sender, "text": one.text} for one in self.phone]
        result = {"command": self.command, "replies": self.replies, "phone": phone}
        return json.dumps(result, ensure_ascii=False)

    def as_text(self) -> str:
        """Returns some lines, for people."""
        lines = [f"> {self.command}"]
        for reply in self.replies:
            lines += ["", *(f"  {line}" for line in reply.splitlines())]
        for sms in self.phone:
            lines += ["", f"  [phone {sms.to}] {sms.sender}: {sms.text}"]
        return "\n".join(lines) + "\n"


@click.command()
@click.option(
    "--exec",
    "script",
    multiple=True,
    metavar="COMMAND",
    help="Type this as a Slack user, print what comes of it, and end. Can be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="With --exec: JSON lines.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The page's port (0: free).")
@click.option("--verbose", is_flag=True, help="Show the bot's log.")
def demo(script: tuple[str, ...], *, as_json: bool, port: int, verbose: bool) -> None:
    r"""Try it: the bot, a local Slack and a phone in your browser.

    \b
    kwtsms-bridge demo
    kwtsms-bridge demo --exec '/sms balance' --exec '/sms send +96598765432 hi'
    """
    logs.configure("info" if verbose else "error")
    logging.captureWarnings(capture=True)
    _ignore_proxies()
    with tempfile.TemporaryDirectory(prefix="kwtsms-demo-") as folder:
        work = (
            _run_script(Path(folder), script, as_json=as_json)
            if script
            else _serve_page(Path(folder), port)
        )
        try:
            asyncio.run(work)
        except (BotNotStarted, SlackRefused, DatabaseError, CannotListen) as error:
            raise click.ClickException(str(error)) from error  # Exit code 1.


def _ignore_proxies() -> None:
    """Removes the proxies from this process's environment: all connections are to loopback.

    Slack's SDK uses them even there, and ignores NO_PROXY.
    """
    for name in (*SLACK_PROXIES, *HTTPS_PROXIES):
        os.environ.pop(name, None)


async def _run_script(folder: Path, script: tuple[str, ...], *, as_json: bool) -> None:
    async with LocalEnvironment(folder) as environment:
        for line in script:
            result = await run_command(environment, line)
            click.echo(result.as_json() if as_json else result.as_text())


async def _serve_page(folder: Path, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with (
        LocalEnvironment(folder) as environment,
        serve(_build_page(environment).app(), port=port) as page,
    ):
        banner = BANNER.format(
            url=page.url + "/",
            gateway=environment.running.base_url,
            username=DEMO_ACCOUNT.username,
            password=DEMO_ACCOUNT.password,
        )
        click.echo(banner)
        await stop.wait()


def _build_page(environment: LocalEnvironment) -> PageServer:
    slash = environment.config.slack.command
    hints = [Hint(one.command_line(slash), one.usage, one.summary) for one in COMMANDS.values()]
    shortcuts = [
        Shortcut(one["callback_id"], one["name"], on_message=one["type"] == "message")
        for one in manifest(slash, COMMANDS)["features"]["shortcuts"]
    ]
    return PageServer(
        gateway=environment.gateway,
        slack=environment.slack,
        commands=tuple(hints),
        shortcuts=tuple(shortcuts),
    )


async def run_command(environment: LocalEnvironment, line: str) -> DemoResult:
    """Types `line` as Sara in #ops and returns the result, once settled or after ten seconds."""
    slash, _, text = line.strip().partition(" ")
    before = {message.ts for message in environment.slack.visible(SARA, OPS)}
    received = len(_received_messages(environment))
    done = await environment.slack.command(SARA, OPS, slash, text)
    if done.error:
        return DemoResult(line, (f"Slack: {slash} failed with the error “{done.error}”.",), ())

    def new_messages() -> list[Message]:
        return [one for one in environment.slack.visible(SARA, OPS) if one.ts not in before]

    with suppress(TimeoutError):  # The replies so far are shown.
        await environment.slack.until(
            lambda: _is_settled(environment, new_messages()), timeout=SETTLE_SECONDS
        )
    replies = tuple(environment.slack.plain(message) for message in new_messages())
    return DemoResult(line, replies, tuple(_received_messages(environment)[received:]))


def _is_settled(environment: LocalEnvironment, messages: list[Message]) -> bool:
    in_progress = [STATE_TEXTS[state].casefold() for state in PENDING_STATES]
    shown = "\n".join(environment.slack.plain(message) for message in messages).casefold()
    return bool(messages) and not any(phrase in shown for phrase in in_progress)


def _received_messages(environment: LocalEnvironment) -> list[Sms]:
    """Returns the messages that all phones have received, in order."""
    phones = environment.gateway.inboxes().values()
    return sorted((sms for phone in phones for sms in phone), key=lambda sms: sms.at)
