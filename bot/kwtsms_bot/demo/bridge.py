"""The demo's bridge: an integration, a token and a phone for each kind of tool. Data only."""

from typing import Any, get_args

from kwtsms_bot.config.bridge_fields import IntegrationKind
from kwtsms_sandbox.slack.demo_workspace import ALERTS

KINDS: tuple[str, ...] = get_args(IntegrationKind)
TOKENS = {kind: f"demo-{kind}" for kind in KINDS}
# A free port: nothing outside this machine knows it, so the tokens may be short.
LISTEN = "127.0.0.1:0"


def alert_contacts() -> dict[str, str]:
    """Returns a contact of each kind's name, with a phone of its own."""
    return {kind: f"+9656002{number:04}" for number, kind in enumerate(KINDS, start=1)}


def bridge_section() -> dict[str, Any]:
    """Returns the section `bridge`: each integration's alerts go to its own contact."""
    return {
        "listen": LISTEN,
        "channel": ALERTS.id,
        "integrations": {kind: {"kind": kind, "token": TOKENS[kind]} for kind in KINDS},
        "receivers": {kind: {"to": [kind]} for kind in KINDS},
        "routes": [
            *({"when": {"integration": kind}, "to": kind} for kind in KINDS[:-1]),
            {"to": KINDS[-1]},
        ],
    }
