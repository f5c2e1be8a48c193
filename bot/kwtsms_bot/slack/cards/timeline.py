"""Formats a message's history: each step in order, with its time. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from kwtsms_bot.commands.status_text import STATE_TEXTS
from kwtsms_bot.i18n import gateway_texts
from kwtsms_bot.i18n.translator import N_, Language
from kwtsms_bot.kuwait_time import KUWAIT_TZ
from kwtsms_bot.outbox.decision import Decision, DecisionKind
from kwtsms_bot.outbox.message import Message
from kwtsms_bot.outbox.states import State
from kwtsms_bot.slack import blocks

MAX_DECISIONS = 3  # The newest.
MAX_NAME = 80
DECISION_TEXTS = {
    DecisionKind.SEND_AGAIN: N_("sent again by {name} {time}"),
    DecisionKind.TREAT_AS_SENT: N_("taken as sent by {name} {time}"),
    DecisionKind.CANCEL: N_("cancelled by {name} {time}"),
}
PLURAL_DECISION_TEXTS = {
    DecisionKind.SEND_AGAIN: N_("{count} sent again by {name} {time}"),
    DecisionKind.TREAT_AS_SENT: N_("{count} taken as sent by {name} {time}"),
    DecisionKind.CANCEL: N_("{count} cancelled by {name} {time}"),
}
# States without a step of their own.
OTHER_STATES = frozenset(State) - {State.QUEUED, State.CLAIMED, State.SENT}

Step = tuple[datetime, str]


def format_timeline(message: Message, names: Mapping[str, str], say: Language) -> str:
    """Returns the steps as one line; `names` holds the names of those who made decisions."""
    steps = [
        *_call_steps(message, say),
        *(_decision_step(one, message, names, say) for one in message.decisions[-MAX_DECISIONS:]),
        *_state_steps(message, say),
    ]
    steps.sort(key=lambda step: step[0])
    queued = say("Queued {time}", time=_format_when(message.created_at, message, say))
    return " → ".join([queued, *(text for _, text in steps)])


def _call_steps(message: Message, say: Language) -> Iterator[Step]:
    """Yields the steps that the calls to kwtSMS led to."""
    if message.lost_at:
        time = _format_when(message.lost_at, message, say)
        yield message.lost_at, say("no answer from kwtSMS {time}", time=time)
    if message.accepted_at:
        time = _format_when(message.accepted_at, message, say)
        yield message.accepted_at, say("given to kwtSMS {time}", time=time)
    if message.passed_at:
        time = _format_when(message.passed_at, message, say)
        yield message.passed_at, say("in the operator's hands {time}", time=time)
    elif message.status and message.status_at and State.STUCK not in message.counts:
        word = blocks.escape(gateway_texts.translate_status(message.status, say))
        time = _format_when(message.status_at, message, say)
        yield message.status_at, say("kwtSMS says “{word}” {time}", word=word, time=time)


def _decision_step(
    one: Decision, message: Message, names: Mapping[str, str], say: Language
) -> Step:
    text = DECISION_TEXTS[one.kind] if message.size == 1 else PLURAL_DECISION_TEXTS[one.kind]
    name = blocks.escape(names.get(one.actor, one.actor)[:MAX_NAME])
    time = _format_when(one.at, message, say)
    return one.at, say(text, count=one.recipients, name=name, time=time)


def _state_steps(message: Message, say: Language) -> Iterator[Step]:
    """Yields the recipients' states that no other step shows."""
    cancelled_by_person = any(one.kind is DecisionKind.CANCEL for one in message.decisions)
    already_shown = {
        State.CANCELLED: cancelled_by_person,
        State.UNKNOWN: message.lost_at is not None,
    }
    for one in message.state_counts:
        if one.state in OTHER_STATES and not already_shown.get(one.state):
            yield (
                one.since,
                f"{say(STATE_TEXTS[one.state])} {_format_when(one.since, message, say)}",
            )


def _format_when(at: datetime, message: Message, say: Language) -> str:
    """Returns the time, with its date unless the message was queued on that day."""
    days = {one.astimezone(KUWAIT_TZ).date() for one in (at, message.created_at)}
    return blocks.format_time(at, say) if len(days) == 1 else blocks.format_datetime(at, say)
