"""When a phone may get its next message about alerts. Pure.

One message a gap, from a bucket of tokens. What is worse than everything in the last message goes
as soon as kwtSMS accepts it, twice an hour also with an empty bucket.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from kwtsms_bot.bridge.models import AlertSeverity

SETTLE = timedelta(seconds=5)  # From an alert to its text: what comes meanwhile is in it.
GAP = timedelta(minutes=2)  # Between two messages to a phone.
# ERR028 refuses a second message to a number within 15 s; and a margin.
WORSE_GAP = timedelta(seconds=16)
TOKENS, TOKEN_EVERY = 6, timedelta(minutes=10)  # So at most 12 messages in an hour.
BYPASSES, BYPASS_WINDOW = 2, timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class PhonePace:
    """The last message to a phone, and what its bucket holds."""

    sent_at: datetime | None
    severity: AlertSeverity  # The worst in that message.
    tokens: int
    tokens_at: datetime  # When the bucket was last filled up.
    bypasses: tuple[datetime, ...] = ()  # Messages that did not wait for a token.


def fresh_pace(now: datetime) -> PhonePace:
    """Returns the pace of a phone that got no message yet."""
    return PhonePace(None, AlertSeverity.NONE, TOKENS, now)


def next_slot(pace: PhonePace, severity: AlertSeverity, now: datetime) -> datetime:
    """Returns when a message of this severity may leave; `now` or earlier: at once."""
    filled = _filled(pace, now)
    is_worse = pace.sent_at is not None and severity > pace.severity
    gap = WORSE_GAP if is_worse else GAP
    after_gap = now if pace.sent_at is None else pace.sent_at + gap
    if filled.tokens > 0 or (is_worse and len(_recent(pace, now)) < BYPASSES):
        return after_gap
    return max(after_gap, filled.tokens_at + TOKEN_EVERY)


def after_message(pace: PhonePace, severity: AlertSeverity, now: datetime) -> PhonePace:
    """Returns the pace once a message of this severity was sent."""
    filled = _filled(pace, now)
    if filled.tokens > 0:
        return replace(filled, sent_at=now, severity=severity, tokens=filled.tokens - 1)
    return replace(filled, sent_at=now, severity=severity, bypasses=(*_recent(pace, now), now))


def _filled(pace: PhonePace, now: datetime) -> PhonePace:
    """Returns the pace with the tokens that time has added."""
    added = max(0, (now - pace.tokens_at) // TOKEN_EVERY)
    if pace.tokens + added >= TOKENS:
        return replace(pace, tokens=TOKENS, tokens_at=now)
    return replace(pace, tokens=pace.tokens + added, tokens_at=pace.tokens_at + added * TOKEN_EVERY)


def _recent(pace: PhonePace, now: datetime) -> tuple[datetime, ...]:
    return tuple(at for at in pace.bypasses if now - at < BYPASS_WINDOW)
