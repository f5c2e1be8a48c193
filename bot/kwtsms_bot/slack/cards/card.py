"""Renders a message's card, which shows its current state. Pure."""

from collections.abc import Mapping
from types import MappingProxyType

from kwtsms_bot.commands import action_ids, status_text
from kwtsms_bot.commands.actions.failures_csv import FAILED
from kwtsms_bot.commands.base import Button, TextSpan
from kwtsms_bot.i18n.translator import ENGLISH, Language
from kwtsms_bot.outbox.message import Message
from kwtsms_bot.outbox.states import State
from kwtsms_bot.slack import blocks
from kwtsms_bot.slack.blocks import Block, Payload
from kwtsms_bot.slack.cards import timeline
from kwtsms_client import mask

PROGRESS_MIN_RECIPIENTS = 10  # From so many on, a bar shows the progress.
BAR_CELLS = 20
DONE = (State.SENT, State.DELIVERED)
WITH_GATEWAY = (State.SENT, State.STUCK, State.DELIVERED, State.UNDELIVERED)


def render(
    message: Message,
    author: str,
    say: Language = ENGLISH,
    *,
    names: Mapping[str, str] = MappingProxyType({}),
) -> Payload:
    """Returns the card of `message`, which the person called `author` asked for.

    `names` holds the names of those who made decisions about it.
    """
    summary = status_text.summary(message.counts, say, presumed_sent=message.presumed_sent)
    title = f"{blocks.ICONS[status_text.severity_of(message)]} *{blocks.escape(summary)}*"
    erased = say("(the text was erased)")
    made = [
        blocks.section(f"{title} · {_format_recipients(message, say)}"),
        blocks.quote((TextSpan(message.text or erased),)),
        *_progress_blocks(message, say),
        *_explanation_blocks(message, say),
        blocks.context(timeline.format_timeline(message, names, say)),
        blocks.context(_facts_line(message, author, say)),
        blocks.context(_ids_line(message, say)),
    ]
    buttons = [blocks.reply_button(one, say) for one in message_buttons(message, say)]
    if buttons:
        made.append(blocks.actions(*buttons))
    fallback = blocks.escape(f"{summary} · {_format_recipients(message, say)}")
    return {"text": fallback, "blocks": made}


def message_buttons(message: Message, say: Language) -> list[Button]:
    """Returns the buttons that the states of the message's recipients allow."""
    present, ref = message.counts, message.ref
    buttons = []
    if State.UNKNOWN in present:
        revision_ref = f"{ref}.{message.revision}"
        if message.text is not None:  # An erased text cannot be sent.
            risk = say("If the first one did arrive, the recipient gets it twice, charged twice.")
            buttons.append(
                Button(
                    action_ids.UNKNOWN_SEND_AGAIN, say("Send again"), revision_ref, "danger", risk
                )
            )
        buttons.append(Button(action_ids.UNKNOWN_TREAT_AS_SENT, say("Treat as sent"), revision_ref))
    if State.QUEUED in present:
        buttons.append(Button(action_ids.MESSAGE_CANCEL, say("Cancel"), ref))
    if message.gateway_ids and not present.keys().isdisjoint(WITH_GATEWAY):
        buttons.append(Button(action_ids.MESSAGE_CHECK, say("Check now"), ref))
        buttons.append(Button(action_ids.MESSAGE_SUPPORT, say("Support text"), ref))
    if message.size > 1 and not present.keys().isdisjoint(FAILED):
        buttons.append(Button(action_ids.MESSAGE_FAILURES, say("Failures (CSV)"), ref))
    return buttons


def _format_recipients(message: Message, say: Language) -> str:
    first = say.join(mask(phone) for phone in message.first_phones)
    return status_text.with_more(first, message.size - len(message.first_phones), say)


def _progress_blocks(message: Message, say: Language) -> list[Block]:
    """Returns a progress bar with a count, if there are many recipients."""
    total = message.size
    if total < PROGRESS_MIN_RECIPIENTS:
        return []
    waiting = sum(message.counts.get(state, 0) for state in status_text.PENDING_STATES)
    cells = BAR_CELLS * (total - waiting) // total
    bar = "█" * cells + "░" * (BAR_CELLS - cells)
    done = say("{done} of {total} done", done=total - waiting, total=total)
    return [blocks.section(f"`{bar}` {done}")]


def _explanation_blocks(message: Message, say: Language) -> list[Block]:
    lines = [blocks.escape(sentence) for sentence in status_text.explanations(message, say)]
    due = status_text.next_attempt(message)
    if due:
        lines.append(say("Next try: {time}.", time=blocks.format_time(due, say)))
    return [blocks.section("\n".join(lines))] if lines else []


def _facts_line(message: Message, author: str, say: Language) -> str:
    count = message.size
    length = say.plural("{count} page", "{count} pages", message.pages)
    if count > 1:
        length += " × " + say.plural("{count} number", "{count} numbers", count)
    parts = [
        say("From {sender}", sender=blocks.escape(message.sender_id)),
        say("asked by {name}", name=blocks.escape(author)),
        length,
    ]
    if message.points is not None:
        parts.append(
            say("{credits} charged", credits=status_text.pluralize_credits(message.points, say))
        )
    remaining = message.balance_after
    if remaining is not None:
        parts.append(say("{credits} left", credits=status_text.pluralize_credits(remaining, say)))
    if message.test:
        parts.append(say("test mode: not delivered, credits held until deleted at kwtsms.com"))
    return " · ".join(parts)


def _ids_line(message: Message, say: Language) -> str:
    known = [blocks.escape(one) for one in message.gateway_ids[:2]]
    ids = [f"`{message.ref}`", *(f"kwtSMS `{one}`" for one in known)]
    return say("id {ids}", ids=" · ".join(map(say.ltr, ids)))
