"""`storm`: posts many alerts of a kind to an address, and sums up the answers."""

import asyncio
import json
import os
import secrets
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from kwtsms_sandbox.storm.alerts import BODIES, StormAlert, alert_body
from kwtsms_sandbox.storm.client import StormTarget, post_storm
from kwtsms_sandbox.storm.summary import StormAnswer, summarize, summary_lines

TOKEN_VARIABLE = "KWTSMS_BRIDGE_TOKEN"  # noqa: S105 - The name of a variable.
LOOPBACK = ("127.0.0.1", "localhost", "::1")
PROGRESS_SECONDS = 1.0
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("storm")
@click.argument("url", metavar="URL")
@click.option(
    "-k",
    "--kind",
    type=click.Choice(list(BODIES)),
    metavar="KIND",
    required=True,
    help=f"The tool: {', '.join(BODIES)}.",
)
@click.option(
    "--count",
    type=click.IntRange(1, 100_000),
    default=100,
    show_default=True,
    help="The number of alerts.",
)
@click.option(
    "--rate",
    type=click.FloatRange(0.1, 2_000),
    default=10.0,
    show_default=True,
    help="Requests a second.",
)
@click.option("--resolve", is_flag=True, help="End all alerts afterwards, at the same rate.")
@click.option(
    "--token-env",
    default=TOKEN_VARIABLE,
    metavar="NAME",
    show_default=True,
    help="The environment variable with the integration's token.",
)
@click.option("--token-file", type=FILE, metavar="FILE", help="Read the token from this file.")
@click.option("-y", "--yes", is_flag=True, help="Don't ask before posting to another machine.")
@click.option("-j", "--json", "as_json", is_flag=True, help="Print JSON.")
def storm_command(  # noqa: PLR0913, PLR0917 - click passes each option by its name.
    url: str,
    kind: str,
    count: int,
    rate: float,
    resolve: bool,  # noqa: FBT001 - Likewise.
    token_env: str,
    token_file: Path | None,
    yes: bool,  # noqa: FBT001 - Likewise.
    as_json: bool,  # noqa: FBT001 - Likewise.
) -> None:
    r"""Post many alerts to URL, as a tool does in a bad hour, and sum up the answers.

    The alerts are real for the bot at URL: use one that is connected to a sandbox gateway.

    \b
    Exit codes:
      0  every request was accepted
      1  one wasn't

    \b
    Example:
      kwtsms-bridge sandbox storm http://127.0.0.1:8090/hooks/prometheus --kind alertmanager
    """
    host = _host(url)
    token = _read_token(token_env, token_file)
    if host not in LOOPBACK and not yes:
        text = f"Post {count:,} alerts to {host}? People may be texted."
        click.confirm(text, abort=True, err=True)
    target = StormTarget(url, token, rate)
    figures = asyncio.run(_run(target, kind, count, resolve=resolve))
    lines = [json.dumps(figures)] if as_json else _lines(figures)
    click.echo("\n".join(lines))
    if any(one["accepted"] < one["posted"] for one in figures.values()):
        sys.exit(1)


async def _run(target: StormTarget, kind: str, count: int, *, resolve: bool) -> dict[str, Any]:
    """Posts the alerts and, if wanted, their ends; returns the figures of each part."""
    run, started_at = f"storm-{secrets.token_hex(2)}", datetime.now(UTC)
    figures = {}
    for part in ("firing", "resolved") if resolve else ("firing",):
        ended_at = datetime.now(UTC) if part == "resolved" else None
        alerts = (StormAlert(run, number, started_at, ended_at) for number in range(count))
        bodies = [alert_body(kind, one, target.token) for one in alerts]
        figures[part] = await _post(target, bodies)
    return figures


async def _post(target: StormTarget, bodies: list[dict[str, Any]]) -> dict[str, Any]:
    begun = time.perf_counter()
    answers: list[StormAnswer] = await post_storm(target, bodies, _progress(len(bodies)))
    return summarize(answers, time.perf_counter() - begun)


def _progress(count: int) -> Callable[[int, int], None]:
    """Returns what shows the progress in a terminal, once a second."""
    shown_at = time.monotonic()

    def show(answered: int, accepted: int) -> None:
        nonlocal shown_at
        is_due = time.monotonic() - shown_at >= PROGRESS_SECONDS
        if is_due and sys.stderr.isatty():
            shown_at = time.monotonic()
            click.echo(f"{answered:,} of {count:,} answered, {accepted:,} accepted", err=True)

    return show


def _lines(figures: dict[str, Any]) -> list[str]:
    if len(figures) == 1:
        return summary_lines(figures["firing"])
    titles = {"firing": "Alerts:", "resolved": "Ends:"}
    return [
        line
        for name, part in figures.items()
        for line in (titles[name], *(f"  {one}" for one in summary_lines(part)))
    ]


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname if parts.scheme in ("http", "https") and parts.port != 0 else None
    except ValueError:
        host = None
    if not host or "@" in url or not (url.isascii() and url.isprintable()):
        example = "http://127.0.0.1:8090/hooks/kuma"
        raise click.BadParameter(f"expected an address such as {example}.", param_hint="URL")
    return host


def _read_token(variable: str, file: Path | None) -> str:
    written = file.read_text("utf-8", "replace") if file else os.environ.get(variable, "")
    token = written.strip()
    if not token:
        where = f"{file} is empty" if file else f"{variable} isn't set"
        raise click.UsageError(f"There is no token: {where}.")
    if not (token.isascii() and token.isprintable()):
        raise click.UsageError("The token has characters that no token has.")
    return token
