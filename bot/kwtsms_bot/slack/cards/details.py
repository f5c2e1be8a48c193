"""Renders the modal with all that is known about a message. Pure."""

from kwtsms_bot.balance.messages import pluralize_credits
from kwtsms_bot.commands import status_text
from kwtsms_bot.commands.base import UserMention
from kwtsms_bot.i18n.translator import Language
from kwtsms_bot.outbox.message import Message
from kwtsms_bot.slack import blocks
from kwtsms_bot.slack.blocks import Block
from kwtsms_bot.slack.cards import timeline

MAX_GATEWAY_IDS = 5


def render(message: Message, say: Language) -> Block:
    """Returns the modal: the facts, the steps with their times, and the remarks."""
    made = [
        blocks.facts(_facts(message, say), say),
        blocks.section("\n".join(map(_capitalize, timeline.format_steps(message, say)))),
    ]
    made += [blocks.context(blocks.escape(one)) for one in status_text.notes(message, say)]
    return blocks.modal(say("Message {ref}", ref=message.ref), made, say("Close"))


def _capitalize(step: str) -> str:
    return step[0].upper() + step[1:]


def _facts(message: Message, say: Language) -> tuple[tuple[str, str], ...]:
    author = message.author
    summary = status_text.summary(message.counts, say, presumed_sent=message.presumed_sent)
    found = [
        (say("Status"), summary),
        (say("To"), status_text.format_recipients(message, say)),
        (say("Sender ID"), message.sender_id),
        (say("Sent by"), UserMention(author, author) if blocks.is_user_id(author) else author),
        (say("Length"), say.plural("{count} page", "{count} pages", message.pages)),
    ]
    if message.points is not None:
        found.append((say("Cost"), pluralize_credits(message.points, say)))
    if message.balance_after is not None:
        balance = pluralize_credits(message.balance_after, say)
        found.append((say("Balance after"), balance))
    found.append((say("ID"), message.ref))
    found += [(say("kwtSMS message ID"), one) for one in message.gateway_ids[:MAX_GATEWAY_IDS]]
    return tuple(found)
