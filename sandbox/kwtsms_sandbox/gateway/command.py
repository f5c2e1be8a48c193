"""`gateway`: serves a local kwtSMS gateway until it is stopped.

The first lines of output give its URL and credentials, so that a script can start and use it.
"""

import asyncio
import json
import os
import signal
import ssl
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from kwtsms_sandbox.gateway import scenario
from kwtsms_sandbox.gateway.json_reader import ScenarioError
from kwtsms_sandbox.gateway.server import Gateway, RunningGateway
from kwtsms_sandbox.gateway.tls import local_tls

PORT = click.IntRange(0, 65535)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

LABELS = {
    "username": "username",
    "password": "password",
    "sender_ids": "sender IDs",
    "base_url": "base URL",
    "admin_url": "admin URL",
    "ca_file": "CA file",
}


@click.command("gateway")
@click.option(
    "-p",
    "--port",
    type=PORT,
    default=0,
    help="Listen on this port of 127.0.0.1. [default: a free port]",
)
@click.option(
    "--scenario",
    "file",
    type=FILE,
    metavar="FILE",
    help="Read accounts, settings, faults and the clock from this JSON file.",
)
@click.option("--seed", type=int, help="Repeat the message IDs of an earlier run with this seed.")
@click.option("--tls", is_flag=True, help="Use HTTPS with a temporary certificate.")
@click.option("-j", "--json", "as_json", is_flag=True, help="Print JSON.")
def gateway_command(
    port: int,
    file: Path | None,
    seed: int | None,
    *,
    tls: bool,
    as_json: bool,
) -> None:
    r"""Run a local kwtSMS gateway to test against, until you press Ctrl-C.

    It prints its URL and an account.

    \b
    Examples:
      kwtsms-bridge sandbox gateway
      kwtsms-bridge sandbox gateway --port 8080 --json
    """
    gateway = _gateway(file, seed)
    with _certificate(wanted=tls) as (context, ca_file):
        running = RunningGateway(gateway, port=port, ssl_context=context)
        asyncio.run(_serve(running, ca_file, as_json=as_json))


def _gateway(file: Path | None, seed: int | None) -> Gateway:
    try:
        return scenario.parse(file.read_text("utf-8") if file else "{}").gateway(seed=seed)
    except (ScenarioError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{file}: {error}", param_hint="--scenario") from error


@contextmanager
def _certificate(*, wanted: bool) -> Iterator[tuple[ssl.SSLContext | None, Path | None]]:
    """Yields an SSL context and its CA file, which is deleted after the block, or two None."""
    if not wanted:
        yield None, None
        return
    with tempfile.TemporaryDirectory(prefix="kwtsms-gateway-") as directory:
        yield local_tls(Path(directory))


async def _serve(running: RunningGateway, ca_file: Path | None, *, as_json: bool) -> None:
    stopped = asyncio.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(signal_number, stopped.set)
    await _bind(running)
    try:
        _print(_announcement(running, ca_file, as_json=as_json))
        await stopped.wait()
    finally:
        await running.stop()


async def _bind(running: RunningGateway) -> None:
    try:
        await running.start()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        message = f"Can't listen on {running.url}: {reason}. Use another port, or 0 for a free one."
        raise click.ClickException(message) from error


def _print(text: str) -> None:
    """Prints in one write, since a script may read the first line and close the pipe."""
    try:
        click.echo(text)
    except BrokenPipeError:
        # The rest of the buffer would raise again when the program ends.
        # https://docs.python.org/3/library/signal.html#note-on-sigpipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _announcement(running: RunningGateway, ca_file: Path | None, *, as_json: bool) -> str:
    account = running.gateway.account
    facts: dict[str, Any] = {
        "url": running.url,
        "username": account.username,
        "password": account.password,
        "sender_ids": list(account.sender_ids),
        "base_url": running.base_url,
        "admin_url": f"{running.url}/admin/",
    }
    if ca_file is not None:
        facts["ca_file"] = str(ca_file)
    if as_json:
        return json.dumps(facts)
    lines = [running.url]
    for name, label in LABELS.items():
        value = facts.get(name)
        if value is not None:
            lines.append(f"{label}: {', '.join(value) if isinstance(value, list) else value}")
    return "\n".join(lines)
