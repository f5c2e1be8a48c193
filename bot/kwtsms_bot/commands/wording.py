"""What became of a message, in words for people. Pure; every surface uses the same words."""

from collections.abc import Iterable
from datetime import datetime

from kwtsms_bot.commands.base import Tone
from kwtsms_bot.language import Language, marked
from kwtsms_bot.outbox.message import Message, Recipient, State
from kwtsms_client import API_ERRORS

# One line of meaning for each state.
MEANINGS = {
    State.QUEUED: marked("waiting to be sent"),
    State.CLAIMED: marked("about to be sent"),
    State.IN_FLIGHT: marked("being sent"),
    State.SENT: marked("accepted by kwtSMS"),
    State.DELIVERED: marked("delivered to the phone"),
    State.UNDELIVERED: marked("not delivered"),
    State.STUCK: marked("stuck in kwtSMS's queue"),
    State.REJECTED: marked("refused by kwtSMS"),
    State.CANCELLED: marked("cancelled"),
    State.EXPIRED: marked("given up: too old to send"),
    State.UNKNOWN: marked("unknown: it may have been sent"),
}
# What colours a message of several states: the first that any recipient is in.
_WORST = (
    (State.UNKNOWN, Tone.WARNING),
    (State.REJECTED, Tone.BAD),
    (State.EXPIRED, Tone.BAD),
    (State.UNDELIVERED, Tone.BAD),
    (State.STUCK, Tone.WARNING),
    (State.QUEUED, Tone.PLAIN),
    (State.CLAIMED, Tone.PLAIN),
    (State.IN_FLIGHT, Tone.PLAIN),
    (State.CANCELLED, Tone.PLAIN),
)
UNDER_WAY = frozenset({State.QUEUED, State.CLAIMED, State.IN_FLIGHT})
UNKNOWN = marked(
    "The message left, and no readable answer came back. It may have been sent, so it is not sent "
    "again by itself. Ask the recipient or look into the archive at kwtsms.com, then choose."
)
NO_RECEIPT = marked(
    "Kuwaiti operators give no receipt from the phone: this is the last state to be known."
)
NOTHING_LOST = marked("Nothing is lost and nothing was charged; it is tried again by itself.")


def tone(message: Message) -> Tone:
    """How the message as a whole is doing."""
    present = message.counts
    return next((tone for state, tone in _WORST if state in present), Tone.GOOD)


def is_under_way(message: Message) -> bool:
    """Whether something more will happen by itself."""
    return not UNDER_WAY.isdisjoint(message.counts)


def summary(message: Message, say: Language) -> str:
    """The states of the recipients: one phrase, or a count for each."""
    counts = message.counts
    if len(counts) == 1:
        phrase = say(MEANINGS[next(iter(counts))])
        return phrase[0].upper() + phrase[1:]
    return " · ".join(f"{count} {say(MEANINGS[state])}" for state, count in counts.items())


def explanations(message: Message, say: Language) -> tuple[str, ...]:
    """Why it is so and what to do, a sentence or two for each reason there is."""
    told: dict[str, None] = {}
    for recipient in message.recipients:
        for sentence in _explain(recipient, say):
            told[sentence] = None
    return tuple(told)


def next_try(message: Message) -> datetime | None:
    """When the first recipient that was put off is due."""
    due = [one.due_at for one in _put_off(message.recipients)]
    return min(due) if due else None


def _put_off(recipients: Iterable[Recipient]) -> list[Recipient]:
    return [one for one in recipients if one.state is State.QUEUED and one.reason]


def _explain(recipient: Recipient, say: Language) -> tuple[str, ...]:
    known = API_ERRORS.get(recipient.code or "")
    why = recipient.reason or (known.meaning if known else "")
    reason = _sentence(say(why)) if why else ""
    remedy = say("What to do: {remedy}", remedy=say(known.remedy)) if known else ""
    if recipient.state is State.UNKNOWN:
        return tuple(filter(None, (say(UNKNOWN), reason)))
    if recipient.state is State.QUEUED and recipient.reason:
        return tuple(filter(None, (reason, say(NOTHING_LOST), remedy)))
    if recipient.state in (State.REJECTED, State.EXPIRED, State.STUCK, State.UNDELIVERED):
        return tuple(filter(None, (reason, remedy)))
    if recipient.state is State.SENT and recipient.phone.startswith("965"):
        return (say(NO_RECEIPT),)
    return ()


def _sentence(text: str) -> str:
    text = text.strip()
    return text if not text or text.endswith((".", "!", "?", "…")) else text + "."
