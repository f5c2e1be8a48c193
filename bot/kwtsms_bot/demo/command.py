"""`kwtsms-bridge demo`: the whole product on one machine, without an account or a token."""

import asyncio
import json
import logging
import os
import signal
import tempfile
import webbrowser
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import click

from kwtsms_bot import logs
from kwtsms_bot.cli.bridge.kind import parse_kind
from kwtsms_bot.cli.bridge.request_file import read_request
from kwtsms_bot.commands.router import COMMANDS
from kwtsms_bot.database import DatabaseError
from kwtsms_bot.demo.alert_tools import AlertTools
from kwtsms_bot.demo.bridge import TOKENS
from kwtsms_bot.demo.environment import BotNotStarted, LocalEnvironment
from kwtsms_bot.demo.script import CommandStep, PostStep, ScriptStep, run_script
from kwtsms_bot.demo.tour import SPEAKERS, PageLanguage, config_overrides, guide
from kwtsms_bot.doctor.network import HTTPS_PROXIES, SLACK_PROXIES
from kwtsms_bot.i18n.translator import LANGUAGES
from kwtsms_bot.monitoring.health_endpoint import CannotListen
from kwtsms_bot.slack.connection import SlackRefused
from kwtsms_client import InvalidInput
from kwtsms_sandbox.gateway import DEMO_ACCOUNT
from kwtsms_sandbox.http_server import serve
from kwtsms_sandbox.page import AlertsNotSent, PageServer

ORDER = f"{__name__}.order"
FAILURES = (BotNotStarted, SlackRefused, DatabaseError, CannotListen, AlertsNotSent)
BANNER = """\
The demo is running. Nothing leaves this machine.

  {url}

Open this address in your browser, and follow the steps above the message field.
Press Ctrl-C to stop.

Your own programs can use the local kwtSMS at {gateway}
  username: {username}   password: {password}   sender ID: MY-APP
Your monitoring can post alerts to {bridge}/hooks/KIND
  token: demo-KIND   kinds: {kinds}
"""


class ScriptCommand(click.Command):
    """Command that knows in which order its options were given, also those of different names."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parses the arguments, and keeps the order of the options."""
        _, _, order = self.make_parser(ctx).parse_args(args=list(args))
        ctx.meta[ORDER] = [parameter.name for parameter in order]
        return super().parse_args(ctx, args)


def _posts(
    _ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]
) -> tuple[PostStep, ...]:
    """Reads the files at once, so that a wrong name is found before anything starts."""
    return tuple(map(_post, values))


def _post(written: str) -> PostStep:
    kind, equals, file = written.partition("=")
    if not (equals and file):
        raise click.BadParameter(f"{written!r}: expected KIND=FILE.")
    try:
        return PostStep(parse_kind(kind), read_request(file))
    except InvalidInput as error:
        raise click.BadParameter(str(error)) from error


@click.command(cls=ScriptCommand)
@click.option(
    "--exec",
    "commands",
    multiple=True,
    metavar="COMMAND",
    help="Type this command in Slack, print the replies, and stop. Can be repeated.",
)
@click.option(
    "--post",
    "posts",
    multiple=True,
    callback=_posts,
    metavar="KIND=FILE",
    help="Post this alert, print what it brings, and stop. Can be repeated.",
)
@click.option("-j", "--json", "as_json", is_flag=True, help="Print JSON lines.")
@click.option("--open", "opens_browser", is_flag=True, help="Open the page in your browser.")
@click.option(
    "--language",
    "page_language",
    type=click.Choice(LANGUAGES),
    default="en",
    show_default=True,
    help="The language of the page and of the bot's messages in channels.",
)
@click.option(
    "-p",
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="The page's port. By default, a free one.",
)
@click.option("-v", "--verbose", is_flag=True, help="Show the bot's log.")
@click.pass_context
def demo(
    ctx: click.Context,
    commands: tuple[str, ...],
    posts: tuple[PostStep, ...],
    *,
    as_json: bool,
    opens_browser: bool,
    page_language: PageLanguage,
    port: int,
    verbose: bool,
) -> None:
    r"""Try the bot on this machine, without an account.

    Starts the bot with a local Slack and a local kwtSMS, and prints the address of a page that
    shows them. Nothing is sent to anybody.

    \b
    Examples:
      kwtsms-bridge demo --open
      kwtsms-bridge demo --language ar
      kwtsms-bridge demo --exec '/sms balance' --exec '/sms send +96598765432 hi'
      kwtsms-bridge demo --post alertmanager=alert.json --exec '/sms alerts'
    """
    script = tuple(_in_order(ctx.meta[ORDER], commands, posts))
    logs.configure("info" if verbose else "error")
    logging.captureWarnings(capture=True)
    _ignore_proxies()
    with tempfile.TemporaryDirectory(prefix="kwtsms-demo-") as folder:
        work = (
            _run_script(Path(folder), script, page_language, as_json=as_json)
            if script
            else _serve_page(
                Path(folder),
                page_language,
                port=port,
                opens_browser=opens_browser,
                as_json=as_json,
            )
        )
        try:
            asyncio.run(work)
        except FAILURES as error:
            raise click.ClickException(str(error)) from error  # Exit code 1.


def _ignore_proxies() -> None:
    """Removes the proxies from this process's environment: all connections are to loopback.

    Slack's SDK uses them even there, and ignores NO_PROXY.
    """
    for name in (*SLACK_PROXIES, *HTTPS_PROXIES):
        os.environ.pop(name, None)


def _in_order(
    order: list[str], commands: tuple[str, ...], posts: tuple[PostStep, ...]
) -> Iterator[ScriptStep]:
    """Yields the steps in the order of their options."""
    left: dict[str, Iterator[ScriptStep]] = {
        "commands": map(CommandStep, commands),
        "posts": iter(posts),
    }
    for name in order:
        if name in left:
            yield next(left[name])


async def _run_script(
    folder: Path, script: tuple[ScriptStep, ...], page_language: PageLanguage, *, as_json: bool
) -> None:
    async with (
        LocalEnvironment(folder, **config_overrides(page_language)) as environment,
        AlertTools(environment.bridge_address) as tools,
    ):
        async for result in run_script(environment, tools, script, SPEAKERS[page_language]):
            click.echo(result.as_json() if as_json else result.as_text())


async def _serve_page(
    folder: Path, page_language: PageLanguage, *, port: int, opens_browser: bool, as_json: bool
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with (
        LocalEnvironment(folder, **config_overrides(page_language)) as environment,
        AlertTools(environment.bridge_address) as tools,
        serve(_build_page(environment, tools, page_language).app(), port=port) as page,
    ):
        facts = _facts(environment, page.url + "/")
        click.echo(json.dumps(facts) if as_json else _banner(facts))
        if opens_browser:  # A browser may run until it is closed; the demo doesn't wait for it.
            Thread(target=_open_browser, args=(page.url + "/",), daemon=True).start()
        await stop.wait()


def _facts(environment: LocalEnvironment, page: str) -> dict[str, Any]:
    """Returns the addresses and credentials of a running demo."""
    return {
        "page": page,
        "gateway": {
            "base_url": environment.running.base_url,
            "admin_url": f"{environment.running.url}/admin/",
            "username": DEMO_ACCOUNT.username,
            "password": DEMO_ACCOUNT.password,
        },
        "bridge": {"url": environment.bridge_address, "tokens": TOKENS},
    }


def _banner(facts: dict[str, Any]) -> str:
    gateway, bridge = facts["gateway"], facts["bridge"]
    return BANNER.format(
        url=facts["page"],
        gateway=gateway["base_url"],
        username=gateway["username"],
        password=gateway["password"],
        bridge=bridge["url"],
        kinds=", ".join(bridge["tokens"]),
    )


def _open_browser(url: str) -> None:
    if not webbrowser.open(url):
        click.echo("Can't open a browser. Open the address yourself.", err=True)


def _build_page(
    environment: LocalEnvironment, tools: AlertTools, page_language: PageLanguage
) -> PageServer:
    return PageServer(
        gateway=environment.gateway,
        slack=environment.slack,
        guide=guide(environment.config.slack.command, COMMANDS, page_language),
        alert_tools=tools,
    )
