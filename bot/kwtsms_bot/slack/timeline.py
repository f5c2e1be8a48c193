"""What has happened to a message, in order, each step with its time. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from kwtsms_bot import retelling
from kwtsms_bot.commands.wording import MEANINGS
from kwtsms_bot.kuwait import ZONE
from kwtsms_bot.language import Language, marked
from kwtsms_bot.outbox.decision import Decided, Decision
from kwtsms_bot.outbox.message import Message, State
from kwtsms_bot.slack import blocks

MAX_DECISIONS = 3  # The newest.
MAX_NAME = 80
DECIDED = {
    Decided.SEND_AGAIN: marked("sent again by {name} {time}"),
    Decided.TREAT_AS_SENT: marked("taken as sent by {name} {time}"),
    Decided.CANCEL: marked("cancelled by {name} {time}"),
}
SEVERAL = {
    Decided.SEND_AGAIN: marked("{count} sent again by {name} {time}"),
    Decided.TREAT_AS_SENT: marked("{count} taken as sent by {name} {time}"),
    Decided.CANCEL: marked("{count} cancelled by {name} {time}"),
}
# What waits or is sent has steps of its own.
STANDING = frozenset(State) - {State.QUEUED, State.CLAIMED, State.SENT}

Step = tuple[datetime, str]


def told(message: Message, names: Mapping[str, str], say: Language) -> str:
    """The steps; `names` are of those who decided."""
    steps = [
        *_calls(message, say),
        *(_decision(one, message, names, say) for one in message.decisions[-MAX_DECISIONS:]),
        *_standings(message, say),
    ]
    steps.sort(key=lambda step: step[0])
    begun = say("Queued {time}", time=_when(message.created_at, message, say))
    return " → ".join([begun, *(text for _, text in steps)])


def _calls(message: Message, say: Language) -> Iterator[Step]:
    """What was heard of kwtSMS."""
    if message.lost_at:
        time = _when(message.lost_at, message, say)
        yield message.lost_at, say("no answer from kwtSMS {time}", time=time)
    if message.taken_at:
        time = _when(message.taken_at, message, say)
        yield message.taken_at, say("given to kwtSMS {time}", time=time)
    if message.passed_at:
        time = _when(message.passed_at, message, say)
        yield message.passed_at, say("in the operator's hands {time}", time=time)
    elif message.status and message.status_at and State.STUCK not in message.counts:
        word = blocks.escape(retelling.word(message.status, say))
        time = _when(message.status_at, message, say)
        yield message.status_at, say("kwtSMS says “{word}” {time}", word=word, time=time)


def _decision(one: Decision, message: Message, names: Mapping[str, str], say: Language) -> Step:
    text = DECIDED[one.what] if message.size == 1 else SEVERAL[one.what]
    name = blocks.escape(names.get(one.actor, one.actor)[:MAX_NAME])
    time = _when(one.at, message, say)
    return one.at, say(text, count=one.recipients, name=name, time=time)


def _standings(message: Message, say: Language) -> Iterator[Step]:
    """What has become of numbers, where no other step tells it."""
    by_hand = any(one.what is Decided.CANCEL for one in message.decisions)
    elsewhere = {State.CANCELLED: by_hand, State.UNKNOWN: message.lost_at is not None}
    for one in message.standings:
        if one.state in STANDING and not elsewhere.get(one.state):
            yield one.since, f"{say(MEANINGS[one.state])} {_when(one.since, message, say)}"


def _when(at: datetime, message: Message, say: Language) -> str:
    """The time; with its day, where that is not the day on which it was queued."""
    days = {one.astimezone(ZONE).date() for one in (at, message.created_at)}
    return blocks.clock(at, say) if len(days) == 1 else blocks.moment(at, say)
