"""Formats a message's history: each step in order, with its time. Pure."""

from collections.abc import Iterator
from datetime import datetime

from kwtsms_bot.commands.status_text import STATE_TEXTS
from kwtsms_bot.i18n import gateway_texts
from kwtsms_bot.i18n.translator import N_, Language
from kwtsms_bot.outbox.decision import Decision, DecisionKind
from kwtsms_bot.outbox.message import Message
from kwtsms_bot.outbox.states import State
from kwtsms_bot.slack import blocks

STEP_SEPARATOR = N_(" → ")
MAX_DECISIONS = 3  # The newest.
DECISION_TEXTS = {
    DecisionKind.SEND_AGAIN: N_("sent again by {name} {time}"),
    DecisionKind.TREAT_AS_SENT: N_("marked as sent by {name} {time}"),
    DecisionKind.CANCEL: N_("cancelled by {name} {time}"),
}
PLURAL_DECISION_TEXTS = {
    DecisionKind.SEND_AGAIN: N_("{count} sent again by {name} {time}"),
    DecisionKind.TREAT_AS_SENT: N_("{count} marked as sent by {name} {time}"),
    DecisionKind.CANCEL: N_("{count} cancelled by {name} {time}"),
}
# States without a step of their own.
OTHER_STATES = frozenset(State) - {State.QUEUED, State.CLAIMED, State.SENT}

Step = tuple[datetime, str]


def format_timeline(message: Message, say: Language) -> str:
    """Returns the steps in one line."""
    return say(STEP_SEPARATOR).join(format_steps(message, say))


def format_steps(message: Message, say: Language) -> tuple[str, ...]:
    """Returns the steps in order, each with its time."""
    steps = [
        *_call_steps(message, say),
        *(_decision_step(one, message, say) for one in message.decisions[-MAX_DECISIONS:]),
        *_state_steps(message, say),
    ]
    steps.sort(key=lambda step: step[0])
    queued = say("Queued {time}", time=blocks.format_datetime(message.created_at, say))
    return (queued, *(text for _, text in steps))


def _call_steps(message: Message, say: Language) -> Iterator[Step]:
    """Yields the steps that the calls to kwtSMS led to."""
    if message.lost_at:
        time = blocks.format_datetime(message.lost_at, say)
        yield message.lost_at, say("no answer from kwtSMS {time}", time=time)
    if message.accepted_at:
        time = blocks.format_datetime(message.accepted_at, say)
        yield message.accepted_at, say("submitted to kwtSMS {time}", time=time)
    if message.passed_at:
        time = blocks.format_datetime(message.passed_at, say)
        yield message.passed_at, say("handed to the carrier {time}", time=time)
    elif message.status and message.status_at and State.STUCK not in message.counts:
        word = blocks.escape(gateway_texts.translate_status(message.status, say))
        time = blocks.format_datetime(message.status_at, say)
        yield message.status_at, say("status at kwtSMS: {word} {time}", word=word, time=time)


def _decision_step(one: Decision, message: Message, say: Language) -> Step:
    text = DECISION_TEXTS[one.kind] if message.size == 1 else PLURAL_DECISION_TEXTS[one.kind]
    name, time = say.auto(blocks.mention(one.actor)), blocks.format_datetime(one.at, say)
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
            time = blocks.format_datetime(one.since, say)
            yield one.since, f"{say(STATE_TEXTS[one.state])} {time}"
