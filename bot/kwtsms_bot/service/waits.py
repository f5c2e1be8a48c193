"""The waits of the service for Slack and at its end, which tests shorten."""

from dataclasses import dataclass

from kwtsms_bot.slack.cards.card_publisher import UPDATE_SECONDS
from kwtsms_bot.slack.socket_client import PING_SECONDS

FINISH_SECONDS = 19.0  # Of a whole stop: a process manager kills 20 s after SIGTERM.
CLOSE_SECONDS = 3.0  # Of these, the first: a connection to Slack that hangs is abandoned.
NOTIFY_SECONDS = 3.0  # Of these, the last: for cards and notices about the last changes.


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """Seconds; the defaults are those of production."""

    ping: float = PING_SECONDS  # Between two pings to Slack.
    card: float = UPDATE_SECONDS  # Between two updates of a card.
    finish: float = FINISH_SECONDS  # At most, for a whole stop.

    @property
    def close(self) -> float:
        """The first part of a stop, for the connection to Slack."""
        return min(CLOSE_SECONDS, self.finish / 4)

    @property
    def notify(self) -> float:
        """The last part of a stop, for cards and notices."""
        return min(NOTIFY_SECONDS, self.finish / 4)


DEFAULT_WAITS = Waits()
