"""The text with which a user asks kwtSMS's support about a message that did not arrive. Pure."""

from collections.abc import Sequence
from datetime import datetime

from kwtsms_bot.i18n.translator import language
from kwtsms_bot.kuwait_time import KUWAIT_TZ
from kwtsms_bot.outbox.delivery.rules import AcceptedCall
from kwtsms_bot.outbox.message import Message
from kwtsms_bot.outbox.states import State

MAX_NAMED = 20  # Numbers in a support text.
MAX_TEXT = 1000  # Characters of the message.
# States to complain about: the first of these groups that occurs.
REPORTED_STATES = ((State.STUCK, State.UNDELIVERED), (State.SENT,))


def support_text(account: str, message: Message, calls: Sequence[AcceptedCall], code: str) -> str:
    """The facts that kwtSMS's support asks for: https://www.kwtsms.com/help.html."""
    say = language(code)
    lines = [
        say("This message did not arrive. Please look into it."),
        say("Account: {name}", name=account),
        say("Sender ID: {sender}", sender=message.sender_id),
    ]
    for one in calls:
        lines += [
            say("Message id: {id}", id=one.gateway_id),
            say("Sent: {time} (Kuwait)", time=format_time(one.accepted_at)),
            say("Numbers: {numbers}", numbers=say.join(one.phones)),
        ]
    lines.append(say("Text: {text}", text=(message.text or "–")[:MAX_TEXT]))
    return "\n".join(lines)


def format_time(at: datetime) -> str:
    """A date and time of day in Kuwait."""
    return at.astimezone(KUWAIT_TZ).strftime("%Y-%m-%d %H:%M")
