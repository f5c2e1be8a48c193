"""`gateway`: serves a local kwtSMS gateway until it is told to stop.

The first lines say where it is and who may use it, so that a script can start it and go.
"""

import asyncio
import json
import secrets
import signal
import tempfile
from pathlib import Path
from typing import Any

import click

from kwtsms_sandbox.gateway import scenario
from kwtsms_sandbox.gateway.gateway import Gateway, RunningGateway
from kwtsms_sandbox.gateway.reading import ScenarioError
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
@click.option("--port", type=PORT, default=0, help="Port on 127.0.0.1; 0 takes a free one.")
@click.option("--scenario", "file", type=FILE, help="JSON file of accounts, knobs and faults.")
@click.option("--seed", type=int, help="The same seed gives the same message ids.")
@click.option("--tls", is_flag=True, help="HTTPS, with a certificate made on the spot.")
@click.option("--json", "as_json", is_flag=True, help="Say it as one JSON object.")
def gateway_command(
    port: int,
    file: Path | None,
    seed: int | None,
    *,
    tls: bool,
    as_json: bool,
) -> None:
    """Run a local kwtSMS gateway to test clients on."""
    gateway = _gateway(file, secrets.randbits(32) if seed is None else seed)
    with tempfile.TemporaryDirectory(prefix="kwtsms-gateway-") as directory:
        context, ca_file = local_tls(Path(directory)) if tls else (None, None)
        running = RunningGateway(gateway, port=port, ssl_context=context)
        try:
            asyncio.run(_serve(running, ca_file, as_json=as_json))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            message = f"port {port}: {reason}; choose another, or 0 for a free one"
            raise click.ClickException(message) from error


def _gateway(file: Path | None, seed: int) -> Gateway:
    if file is None:
        return Gateway(seed=seed)
    try:
        return scenario.parse(file.read_text("utf-8")).gateway(seed=seed)
    except (ScenarioError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{file}: {error}", param_hint="--scenario") from error


async def _serve(running: RunningGateway, ca_file: Path | None, *, as_json: bool) -> None:
    told = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, told.set)
    async with running:
        _announce(running, ca_file, as_json=as_json)
        await told.wait()


def _announce(running: RunningGateway, ca_file: Path | None, *, as_json: bool) -> None:
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
        click.echo(json.dumps(facts))
        return
    click.echo(running.url)
    for name, label in LABELS.items():
        value = facts.get(name)
        if value is not None:
            click.echo(f"{label}: {', '.join(value) if isinstance(value, list) else value}")
