"""The one message that tells a text message's life: rendered anew at each step. Pure."""

from collections.abc import Mapping
from types import MappingProxyType

from kwtsms_bot.commands import wording
from kwtsms_bot.commands.base import Choice, Piece
from kwtsms_bot.commands.control import CANCEL
from kwtsms_bot.commands.follow import CHECK, FAILED, FAILURES, SUPPORT
from kwtsms_bot.commands.unknown import SEND_AGAIN, TREAT_AS_SENT
from kwtsms_bot.language import ENGLISH, Language
from kwtsms_bot.outbox.message import Message, State
from kwtsms_bot.slack import blocks, timeline
from kwtsms_bot.slack.blocks import Block, Payload
from kwtsms_client import mask

MANY = 10  # From so many numbers on, a bar shows how far it is.
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
    """The card of `message`, asked for by the person called `author`.

    `names` are of those who decided about it.
    """
    summary = wording.summary(message, say)
    title = f"{blocks.ICONS[wording.tone(message)]} *{blocks.escape(summary)}*"
    erased = say("(the text was erased)")
    made = [
        blocks.section(f"{title} · {_whom(message, say)}"),
        blocks.quote((Piece(message.text or erased),)),
        *_progress(message, say),
        *_why(message, say),
        blocks.context(timeline.told(message, names, say)),
        blocks.context(_facts(message, author, say)),
        blocks.context(_ids(message, say)),
    ]
    buttons = [blocks.choice(one, say) for one in choices(message, say)]
    if buttons:
        made.append(blocks.actions(*buttons))
    told = blocks.escape(f"{summary} · {_whom(message, say)}")
    return {"text": told, "blocks": made}


def choices(message: Message, say: Language) -> list[Choice]:
    """What a person can do now, by the states that occur."""
    present, ref = message.counts, message.ref
    found = []
    if State.UNKNOWN in present:
        once = f"{ref}.{message.revision}"
        if message.text is not None:  # What is erased cannot be sent.
            risk = say("If the first one did arrive, the recipient gets it twice, charged twice.")
            found.append(Choice(SEND_AGAIN, say("Send again"), once, "danger", risk))
        found.append(Choice(TREAT_AS_SENT, say("Treat as sent"), once))
    if State.QUEUED in present:
        found.append(Choice(CANCEL, say("Cancel"), ref))
    if message.gateway_ids and not present.keys().isdisjoint(WITH_GATEWAY):
        found.append(Choice(CHECK, say("Check now"), ref))
        found.append(Choice(SUPPORT, say("Support text"), ref))
    if message.size > 1 and not present.keys().isdisjoint(FAILED):
        found.append(Choice(FAILURES, say("Failures (CSV)"), ref))
    return found


def _whom(message: Message, say: Language) -> str:
    first = say.listed(mask(phone) for phone in message.first)
    return wording.with_more(first, message.size - len(message.first), say)


def _progress(message: Message, say: Language) -> list[Block]:
    """How far a message to many is: a bar, and the count."""
    total = message.size
    if total < MANY:
        return []
    waiting = sum(message.counts.get(state, 0) for state in wording.UNDER_WAY)
    cells = BAR_CELLS * (total - waiting) // total
    bar = "█" * cells + "░" * (BAR_CELLS - cells)
    done = say("{done} of {total} done", done=total - waiting, total=total)
    return [blocks.section(f"`{bar}` {done}")]


def _why(message: Message, say: Language) -> list[Block]:
    lines = [blocks.escape(sentence) for sentence in wording.explanations(message, say)]
    due = wording.next_try(message)
    if due:
        lines.append(say("Next try: {time}.", time=blocks.clock(due, say)))
    return [blocks.section("\n".join(lines))] if lines else []


def _facts(message: Message, author: str, say: Language) -> str:
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
            say("{credits} charged", credits=wording.credits_in_words(message.points, say))
        )
    left = message.balance_after
    if left is not None:
        parts.append(say("{credits} left", credits=wording.credits_in_words(left, say)))
    if message.test:
        parts.append(say("test mode: not delivered, credits held until deleted at kwtsms.com"))
    return " · ".join(parts)


def _ids(message: Message, say: Language) -> str:
    ids = [f"`{message.ref}`", *(f"kwtSMS `{one}`" for one in message.gateway_ids[:2])]
    return say("id {ids}", ids=" · ".join(map(say.ltr, ids)))
