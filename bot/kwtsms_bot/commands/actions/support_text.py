"""The text with which a user asks kwtSMS's support about a message that did not arrive. Pure."""

from collections.abc import Sequence

from kwtsms_bot.i18n.dates import format_datetime
from kwtsms_bot.i18n.translator import language
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
        say("This message didn't arrive. Please investigate."),
        say("Account: {name}", name=account),
        say("Sender ID: {sender}", sender=message.sender_id),
    ]
    for one in calls:
        lines += [
            say("Message ID: {id}", id=one.gateway_id),
            say("Sent: {time}", time=format_datetime(one.accepted_at, say)),
            say("Numbers: {numbers}", numbers=say.join(one.phones)),
        ]
    lines.append(say("Text: {text}", text=(message.text or "–")[:MAX_TEXT]))
    return "\n".join(lines)
