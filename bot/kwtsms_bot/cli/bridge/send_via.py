"""Sends a message through a running bot, for `send --via`: its pace, limits and ledger apply."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from urllib.parse import urlsplit
from uuid import uuid4

import click

from kwtsms_bot.cli.output import UNKNOWN, echo, echo_facts, echo_table, fail, show_json
from kwtsms_client import BridgeClient, BridgeMessage, InvalidInput, split_recipients
from kwtsms_client.settings import is_loopback

UNENCRYPTED = "The token and the message travel unencrypted: use https outside your own network."


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeOrder:
    """A message to send through a bot."""

    to: str = field(repr=False)
    text: str = field(repr=False)
    sender: str | None
    urgent: bool
    reference: str | None
    key: str | None
    dry_run: bool


# Options that send through a bot, and those that have no meaning there.
via_options: tuple[Callable[[Callable[..., None]], Callable[..., None]], ...] = (
    click.option(
        "--via",
        metavar="URL",
        help="Send through the bot at this address, with the token in KWTSMS_BRIDGE_TOKEN.",
    ),
    click.option("--urgent", is_flag=True, help="With --via: overtake other messages."),
    click.option("--reference", metavar="NAME", help="With --via: a name to find it by."),
    click.option("--key", metavar="KEY", help="With --via: the same key is sent once in 24 hours."),
)


def with_via_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the options of `send --via` to a command."""
    for option in reversed(via_options):
        command = option(command)
    return command


def require_via(order: BridgeOrder) -> None:
    """Refuses options that only a bot understands.

    Raises:
        InvalidInput: one of them is given.
    """
    given = {"--urgent": order.urgent, "--reference": order.reference, "--key": order.key}
    for name, value in given.items():
        if value:
            raise InvalidInput(f"{name} works only with --via.")


def send_via(url: str, env_file: str, order: BridgeOrder, *, as_json: bool) -> None:
    """Sends a message through the bot at this address, and shows what it answered.

    Raises:
        KwtSMSError: it was not accepted, or it is not known whether it was.
    """
    parts = urlsplit(url)
    if parts.scheme == "http" and not is_loopback(parts.hostname or "") and not as_json:
        echo(UNENCRYPTED, err=True)
    key = order.key or uuid4().hex
    with BridgeClient.from_env(url, env_file) as bridge:
        try:
            message = bridge.send(
                split_recipients(order.to),
                order.text,
                sender=order.sender,
                urgent=order.urgent or None,
                reference=order.reference,
                key=key,
                dry_run=order.dry_run or None,
            )
        except KeyboardInterrupt:
            text = f"Stopped before the bot answered. To repeat it safely, add --key {key}."
            fail(text, UNKNOWN, as_json=as_json)
    _show(message, as_json=as_json)


def _show(message: BridgeMessage, *, as_json: bool) -> None:
    if as_json:
        show_json(
            asdict(message)
            | {
                "created_at": message.created_at.isoformat(),
                "expires_at": message.expires_at and message.expires_at.isoformat(),
            }
        )
        return
    verdict = None if message.id else "would be sent"
    rows = [(one.number, verdict or one.status) for one in message.recipients]
    echo_table(("Number", "Status"), rows)
    removed = ", ".join(f"{count} × {kind}" for kind, count in message.changes.items())
    echo_facts(
        [
            ("ID", message.id),
            ("Sender ID", message.sender_id),
            ("Pages", message.pages),
            ("Credits", message.credits),
            ("Reference", message.reference),
            ("Cleaned", removed or None),
            ("Test mode", "on: nothing is delivered" if message.test else None),
        ]
    )
