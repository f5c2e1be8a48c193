"""Renders a message's card, which shows its current state. Pure.

What went well takes two lines; the rest is in `details`. What needs a person says why, and has
buttons.
"""

from kwtsms_bot.balance.messages import pluralize_credits
from kwtsms_bot.commands import action_ids, status_text
from kwtsms_bot.commands.actions.failures_csv import FAILED
from kwtsms_bot.commands.base import Button, Severity, TextSpan
from kwtsms_bot.i18n.translator import ENGLISH, N_, Language
from kwtsms_bot.outbox.message import Message
from kwtsms_bot.outbox.states import State
from kwtsms_bot.slack import blocks, ids
from kwtsms_bot.slack.blocks import Block, Payload
from kwtsms_bot.slack.cards import timeline

PROGRESS_MIN_RECIPIENTS = 10  # From so many on, a bar shows the progress.
BAR_CELLS = 20
MAX_SHORT_TEXT, MAX_SHORT_LINES = 160, 3  # A text that fits below the title.
WITH_GATEWAY = (State.SENT, State.STUCK, State.DELIVERED, State.UNDELIVERED)
# States that the sender reports to kwtSMS, or asks about again.
COMPLAINTS = (State.STUCK, State.UNDELIVERED)
PENDING_ICON = ":hourglass_flowing_sand:"
TITLES = {
    State.SENT: N_("Sent to {recipients}"),
    State.DELIVERED: N_("Delivered to {recipients}"),
}


def render(message: Message, say: Language = ENGLISH) -> Payload:
    """Returns the card of `message`."""
    title, recipients = _title(message, say)
    facts = [blocks.escape(one) for one in (recipients, *_facts(message, say)) if one]
    author = say.auto(blocks.mention(message.author))
    header = " · ".join((f"{_icon(message)} *{blocks.escape(title)}*", *facts))
    header += " · " + say("by {name}", name=author)
    made = [
        *_message_blocks(header, message, say),
        *_progress_blocks(message, say),
        *_explanation_blocks(message, say),
    ]
    if needs_person(message):
        made.append(blocks.context(timeline.format_timeline(message, say)))
    made[0]["accessory"] = _menu(message, say)
    if buttons := [blocks.reply_button(one, say) for one in message_buttons(message, say)]:
        made.append(blocks.actions(*buttons))
    return {"text": blocks.escape(" · ".join(filter(None, (title, recipients)))), "blocks": made}


def needs_person(message: Message) -> bool:
    """Whether somebody has to look at the message."""
    return status_text.severity_of(message) in (Severity.WARNING, Severity.ERROR)


def message_buttons(message: Message, say: Language) -> list[Button]:
    """Returns the buttons for what somebody has to decide or to do about the message."""
    present, ref = message.counts, message.ref
    buttons = status_text.decision_buttons(message, say)
    if status_text.next_attempt(message):
        buttons.append(Button(action_ids.MESSAGE_CANCEL, say("Cancel message"), ref))
    if not present.keys().isdisjoint(COMPLAINTS):
        buttons.append(Button(action_ids.MESSAGE_CHECK, say("Check status"), ref))
        buttons.append(Button(action_ids.MESSAGE_SUPPORT, say("Get support text"), ref))
    if message.size > 1 and not present.keys().isdisjoint(FAILED):
        buttons.append(Button(action_ids.MESSAGE_FAILURES, say("Download failed numbers"), ref))
    return buttons


def menu_actions(message: Message, say: Language) -> list[Button]:
    """Returns the actions behind the three dots: those that are rarely needed."""
    present, ref = message.counts, message.ref
    actions = [Button(action_ids.MESSAGE_DETAILS, say("Show details"), ref)]
    if message.gateway_ids and not present.keys().isdisjoint(WITH_GATEWAY):
        actions.append(Button(action_ids.MESSAGE_CHECK, say("Check status"), ref))
        actions.append(Button(action_ids.MESSAGE_SUPPORT, say("Get support text"), ref))
    if State.QUEUED in present:
        actions.append(Button(action_ids.MESSAGE_CANCEL, say("Cancel message"), ref))
    shown = {one.action for one in message_buttons(message, say)}
    return [one for one in actions if one.action not in shown]


def _menu(message: Message, say: Language) -> Block:
    options = [(one.label, f"{one.action} {one.value}") for one in menu_actions(message, say)]
    return blocks.overflow(ids.MESSAGE_MENU, options)


def _icon(message: Message) -> str:
    severity = status_text.severity_of(message)
    if severity is Severity.INFO and status_text.is_pending(message):
        return PENDING_ICON
    return blocks.ICONS[severity]


def _title(message: Message, say: Language) -> tuple[str, str]:
    """Returns the title, and the recipients unless the title names them."""
    recipients = status_text.format_recipients(message, say)
    states = list(message.counts)
    if len(states) == 1 and states[0] in TITLES and not message.presumed_sent:
        return say(TITLES[states[0]], recipients=recipients), ""
    summary = status_text.summary(message.counts, say, presumed_sent=message.presumed_sent)
    return summary, recipients


def _facts(message: Message, say: Language) -> list[str]:
    """Returns the price once it is known, and whether this is only a test."""
    facts = []
    if message.points is not None:
        facts.append(pluralize_credits(message.points, say))
    if message.test:
        facts.append(say("test mode, not delivered"))
    return facts


def _message_blocks(header: str, message: Message, say: Language) -> list[Block]:
    """Returns the title and the text: one block if the text is short."""
    text = message.text if message.text is not None else say("(text erased)")
    if len(text) <= MAX_SHORT_TEXT and len(text.splitlines()) <= MAX_SHORT_LINES:
        return [blocks.quoting_section(header, text)]
    return [blocks.section(header), blocks.quote((TextSpan(text),))]


def _progress_blocks(message: Message, say: Language) -> list[Block]:
    """Returns a progress bar with a count, while many recipients are being sent to."""
    total = message.size
    waiting = sum(message.counts.get(state, 0) for state in status_text.PENDING_STATES)
    if total < PROGRESS_MIN_RECIPIENTS or not waiting:
        return []
    cells = BAR_CELLS * (total - waiting) // total
    bar = "█" * cells + "░" * (BAR_CELLS - cells)
    done = say("{done} of {total} done", done=f"{total - waiting:,}", total=f"{total:,}")
    return [blocks.section(f"`{bar}` {done}")]


def _explanation_blocks(message: Message, say: Language) -> list[Block]:
    lines = [blocks.escape(sentence) for sentence in status_text.explanations(message, say)]
    due = status_text.next_attempt(message)
    if due:
        lines.append(say("Next attempt: {time}.", time=blocks.format_datetime(due, say)))
    return [blocks.section("\n".join(lines))] if lines else []
