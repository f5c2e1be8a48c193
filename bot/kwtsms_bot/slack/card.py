"""The one message that tells a text message's life: rendered anew at each step. Pure."""

from kwtsms_bot.alerts.wording import credits_text
from kwtsms_bot.commands import wording
from kwtsms_bot.outbox.message import Message, State
from kwtsms_bot.slack import blocks
from kwtsms_bot.slack.blocks import Block, Payload
from kwtsms_client import mask

SEND_AGAIN = "unknown_send_again"
TREAT_AS_SENT = "unknown_treat_as_sent"
MAX_MASKED = 3  # Numbers shown on the card; the rest is a count.
ERASED = "(the text was erased after the retention time)"


def render(message: Message, author: str) -> Payload:
    """The card of `message`, asked for by the person called `author`."""
    summary = wording.summary(message)
    title = f"{blocks.ICONS[wording.tone(message)]} *{blocks.escape(summary)}*"
    made = [
        blocks.section(f"{title} · {_whom(message)}"),
        blocks.quote(message.text or ERASED),
        *_why(message),
        blocks.context(_facts(message, author)),
        blocks.context(_ids(message)),
    ]
    return {
        "text": blocks.escape(f"{summary} · {_whom(message)}"),
        "blocks": made + _choice(message),
    }


def _whom(message: Message) -> str:
    first = ", ".join(mask(one.phone) for one in message.recipients[:MAX_MASKED])
    more = len(message.recipients) - MAX_MASKED
    return f"{first} and {more} more" if more > 0 else first


def _why(message: Message) -> list[Block]:
    lines = [blocks.escape(sentence) for sentence in wording.explanations(message)]
    due = wording.next_try(message)
    if due:
        lines.append(f"Next try: {blocks.clock(due)}.")
    return [blocks.section("\n".join(lines))] if lines else []


def _facts(message: Message, author: str) -> str:
    count = len(message.recipients)
    pages = f"{message.pages} page" + ("s" if message.pages != 1 else "")
    parts = [
        f"From {blocks.escape(message.sender_id)}",
        f"asked by {blocks.escape(author)}",
        f"{pages} × {count} numbers" if count > 1 else pages,
    ]
    if message.points is not None:
        parts.append(f"{credits_text(message.points)} charged")
    if message.balance_after is not None:
        parts.append(f"{credits_text(message.balance_after)} left")
    if message.test:
        parts.append("test mode: not delivered, credits held until deleted at kwtsms.com")
    return " · ".join(parts)


def _ids(message: Message) -> str:
    ids = [f"`{message.ref}`", *(f"kwtSMS `{one}`" for one in message.gateway_ids[:2])]
    return f"id {' · '.join(ids)} · {blocks.clock(message.created_at)}"


def _choice(message: Message) -> list[Block]:
    """The decision that only a person can take, while there is one to take."""
    unknown = message.counts.get(State.UNKNOWN, 0)
    if not unknown or message.text is None:
        return []
    again = blocks.button(
        SEND_AGAIN,
        "Send again",
        message.ref,
        style="danger",
        confirm="If the first one did arrive, the recipient gets it twice, charged twice.",
    )
    return [blocks.actions(again, blocks.button(TREAT_AS_SENT, "Treat as sent", message.ref))]
