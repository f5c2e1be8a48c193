"""The demo's bridge: an integration, a token and a phone for each kind of tool. Data only."""

from typing import Any, get_args

from kwtsms_bot.config.bridge_fields import IntegrationKind
from kwtsms_bot.demo import sns
from kwtsms_sandbox.slack.demo_workspace import ALERTS, NOURA, SARA

KINDS: tuple[str, ...] = tuple(
    kind for kind in get_args(IntegrationKind) if kind != "sns" or sns.is_available()
)
TOKENS = {kind: f"demo-{kind}" for kind in KINDS}
SECRETS = ("github", "netdata", "sentry")  # Their token is a secret for signatures, too.
# A free port: nothing outside this machine knows it, so the tokens may be short.
LISTEN = "127.0.0.1:0"
TEAM = "team"  # The schedule of those on call, and the receiver that a drill tests.


def alert_contacts() -> dict[str, str]:
    """Returns a contact of each kind's name, with a phone of its own."""
    return {kind: f"+9656002{number:04}" for number, kind in enumerate(KINDS, start=1)}


def team_contacts() -> dict[str, dict[str, str]]:
    """Returns the contacts of those who take turns, with the numbers of their Slack profiles."""
    return {
        SARA.name: {"number": "+96598765432", "slack": SARA.id},
        NOURA.name: {"number": "+96555500100", "slack": NOURA.id},
    }


def bridge_section() -> dict[str, Any]:
    """Returns the section `bridge`: each integration's alerts go to its own contact."""
    return {
        "listen": LISTEN,
        "channel": ALERTS.id,
        "integrations": {kind: _integration(kind) for kind in KINDS},
        "oncall": {TEAM: {"people": list(team_contacts()), "from": "2026-01-04 08:00"}},
        "receivers": {TEAM: {"to": [f"oncall.{TEAM}"]}} | {kind: {"to": [kind]} for kind in KINDS},
        "routes": [
            *({"when": {"integration": kind}, "to": kind} for kind in KINDS[:-1]),
            {"to": KINDS[-1]},
        ],
    }


def _integration(kind: str) -> dict[str, Any]:
    """Returns an integration; its token is accepted in the address, as some tools need it."""
    settings = {"kind": kind, "token": TOKENS[kind], "url_token": True}
    if kind in SECRETS:
        settings["hmac"] = TOKENS[kind]
    if kind == "sns":
        settings |= {"topics": [sns.TOPIC], "certificate": sns.certificate()}
    return settings
