"""`kwtsms-bridge bridge replay`: posts saved requests to the endpoint for alerts."""

import asyncio
import os
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import click

from kwtsms_bot.cli.bridge.endpoint_client import (
    EndpointAnswer,
    EndpointClient,
    EndpointError,
    EndpointUnreachable,
)
from kwtsms_bot.cli.bridge.kind import kind_option
from kwtsms_bot.cli.bridge.request_file import RecordedRequest, read_request
from kwtsms_bot.cli.options import json_option
from kwtsms_bot.cli.output import (
    NOT_SENT,
    OK,
    REJECTED,
    UNKNOWN,
    echo,
    exit_with,
    most_severe,
    report_errors,
    show_json,
)
from kwtsms_client import InvalidInput

TOKEN_VARIABLE = "KWTSMS_BRIDGE_TOKEN"  # noqa: S105 - The name of a variable.


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--url", required=True, metavar="URL", help="The integration's address.")
@kind_option
@click.option("--content-type", metavar="TYPE", help="The media type of the bodies.")
@json_option
@report_errors
def replay(  # noqa: PLR0917 - click passes each option by its name.
    files: tuple[str, ...],
    url: str,
    kind: str,
    content_type: str | None,
    as_json: bool,  # noqa: FBT001 - Likewise.
) -> None:
    r"""Post the requests in FILE... again, and print what each alert became.

    The alerts are real: people may be texted. The token is read from KWTSMS_BRIDGE_TOKEN, or asked
    for. - reads a body from standard input.

    \b
    Exit codes:
      0  all accepted
      3  a request was refused
      4  not sent: the endpoint can't be reached
      5  unknown: no answer came

    \b
    Examples:
      kwtsms-bridge bridge replay alert.json --kind grafana --url http://127.0.0.1:8090/hooks/grafana
    """
    _check_url(url)
    recorded = [(file, read_request(file, content_type)) for file in files]
    token = _read_token()
    codes = asyncio.run(_post_all(recorded, url, kind=kind, token=token, as_json=as_json))
    exit_with(most_severe(codes), lambda: None)


async def _post_all(
    recorded: list[tuple[str, RecordedRequest]], url: str, *, kind: str, token: str, as_json: bool
) -> list[int]:
    """Posts the requests one after the other; returns their exit codes."""
    codes = []
    async with EndpointClient() as client:
        for file, request in recorded:
            try:
                answer = await client.post(request, url, kind=kind, token=token)
            except EndpointError as error:
                codes.append(NOT_SENT if isinstance(error, EndpointUnreachable) else UNKNOWN)
                unanswered = {"status": None, "error": str(error)}
                _show(file, unanswered, [str(error)], as_json=as_json)
                continue
            codes.append(OK if answer.is_accepted else REJECTED)
            facts = {"status": answer.status, "answer": answer.content}
            _show(file, facts, _lines(answer), as_json=as_json)
    return codes


def _show(file: str, facts: dict[str, Any], lines: list[str], *, as_json: bool) -> None:
    if as_json:
        show_json({"file": file, **facts})
        return
    for line in lines:
        echo(f"{file}: {line}")


def _lines(answer: EndpointAnswer) -> list[str]:
    """Returns what an answer says, for people."""
    content = answer.content if isinstance(answer.content, dict) else {}
    if not answer.is_accepted:
        reason = content.get("error") or content.get("message") or "no reason given"
        return [f"refused ({answer.status}): {reason}"]
    alerts = content.get("alerts")
    found = list(_alert_lines(alerts)) if isinstance(alerts, list) else []
    return found or [f"accepted: {content.get('message') or 'no alerts in it'}"]


def _alert_lines(alerts: list[Any]) -> Iterator[str]:
    for one in alerts:
        if isinstance(one, dict):
            why = f" ({one['why']})" if one.get("why") else ""
            words = (one.get("ref"), one.get("outcome"), f"SMS {one.get('sms')}{why}")
            yield " · ".join(str(word) for word in words if word)


def _check_url(written: str) -> None:
    """Checks that it is the address of a web server, without credentials.

    Raises:
        InvalidInput: it is something else.
    """
    try:
        parts = urlsplit(written)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or "@" in written or not (written.isascii() and written.isprintable()):
        raise InvalidInput("--url: expected an address such as http://127.0.0.1:8090/hooks/kuma.")


def _read_token() -> str:
    """Returns the token of the variable, else the one that is typed.

    Raises:
        InvalidInput: there is none.
    """
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if not token and sys.stdin is not None and sys.stdin.isatty():
        token = str(click.prompt("Token", hide_input=True, err=True)).strip()
    if not token:
        raise InvalidInput(f"There is no token. Set {TOKEN_VARIABLE}.")
    if not (token.isascii() and token.isprintable()):
        raise InvalidInput(f"{TOKEN_VARIABLE} isn't a token.")
    return token
