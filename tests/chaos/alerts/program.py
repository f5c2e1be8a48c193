"""The waits of a bot with alerts in chaos runs: seconds where the product takes minutes.

Nothing here is reachable from the product. The gap between two texts to a phone stays longer than
the gateway's pause, and the settling time longer than a request takes.
"""

from dataclasses import replace
from datetime import timedelta

from kwtsms_bot.bridge import intake_plan, notification_rules, pace
from kwtsms_bot.bridge.store import incident_cards, incident_threads
from kwtsms_bot.slack.cards import posting_pace

SETTLE_SECONDS, GAP_SECONDS = 1.0, 3.0
CLAIM_SECONDS = 3.0  # Until another replica posts the card of a bot that was killed meanwhile.
POST_SECONDS = 0.02  # The sandbox's Slack has no limits in these runs.


def shorten_waits() -> None:
    """Shortens the waits between an alert, its texts and its card."""
    settle, gap = timedelta(seconds=SETTLE_SECONDS), timedelta(seconds=GAP_SECONDS)
    claim = replace(incident_cards.INCIDENT_CARD_CLAIM, lease=timedelta(seconds=CLAIM_SECONDS))
    for module in (intake_plan, notification_rules):
        _set(module, "SETTLE", settle)
    for name in ("GAP", "WORSE_GAP", "TOKEN_EVERY"):
        _set(pace, name, gap)
    for name in ("POST_SECONDS", "EDIT_SECONDS"):
        _set(posting_pace, name, POST_SECONDS)
    for module in (incident_cards, incident_threads):
        _set(module, "INCIDENT_CARD_CLAIM", claim)


def _set(where: object, name: str, value: object) -> None:
    """Replaces a constant, which must exist."""
    getattr(where, name)
    setattr(where, name, value)
