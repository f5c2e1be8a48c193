"""The buttons that follow a message up: what kwtSMS says of it now, and the complaint to send."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from kwtsms_bot.cells import harmless
from kwtsms_bot.commands import lookup, status, wording
from kwtsms_bot.commands.base import Desk, File, Press, Reply, Tone
from kwtsms_bot.commands.policy import Action, allows
from kwtsms_bot.commands.refusals import record, refuse
from kwtsms_bot.kuwait import ZONE
from kwtsms_bot.language import LANGUAGES, Language, language
from kwtsms_bot.outbox.complaint import TakenCall, in_time
from kwtsms_bot.outbox.message import Message, Recipient, State

CHECK, SUPPORT, FAILURES = "message_check", "message_support", "message_failures"
MAX_NAMED = 20  # Numbers in a complaint.
# What is complained about: the first of these that occur.
NOT_ARRIVED = ((State.STUCK, State.UNDELIVERED), (State.SENT,))
BOM = "\ufeff"  # Without it, Excel takes Arabic for Latin.
FAILED = (State.REJECTED, State.EXPIRED, State.UNDELIVERED, State.STUCK, State.UNKNOWN)

Deed = Callable[[Desk, Press], Awaitable[Reply]]


def _of_message(work: Callable[[Desk, Press, Message], Awaitable[Reply]], action: Action) -> Deed:
    """A deed about the message that the button names, for those who hold the role."""

    async def run(desk: Desk, press: Press) -> Reply:
        if not allows(desk.config.access, press.person, action):
            return await refuse(desk, press, action, "follow up")
        message = await desk.store.find(press.value)
        if message is None:
            return Reply(Tone.PLAIN, press.say("That message is not there any more."))
        return await work(desk, press, message)

    return run


def _of_own(work: Callable[[Desk, Press, Message], Awaitable[Reply]]) -> Deed:
    """A deed that shows whole numbers: for the message's author, and for who approves."""

    async def run(desk: Desk, press: Press, message: Message) -> Reply:
        own = message.author == press.person.user
        if not (own or allows(desk.config.access, press.person, Action.APPROVE)):
            return await refuse(desk, press, Action.APPROVE, "whole numbers")
        return await work(desk, press, message)

    return _of_message(run, Action.SEND)


async def _check(desk: Desk, press: Press, message: Message) -> Reply:
    return await status.tell(desk, press, lookup.found(message))


async def _support(desk: Desk, press: Press, message: Message) -> Reply:
    """The complaint as kwtSMS wants it, in both languages; about nothing that is too old for it."""
    say = press.say
    await record(desk, press, "allowed", (Action.SEND, message.ref, "support text"))
    calls = await _concerned(desk, message)
    if not calls:
        return Reply(Tone.PLAIN, say("There is nothing left to complain about."))
    current = in_time(calls, desk.now())
    details: tuple[str, ...] = (say("The 24 hours in which kwtSMS looks at complaints are over."),)
    if current:
        until = _time(min(one.until for one in current))
        details = (
            say(
                "Send it to kwtSMS's support; complaints are looked at within 24 hours of sending."
            ),
            say("That is until {time} (Kuwait).", time=until),
        )
    if sum(len(one.phones) for one in calls) == MAX_NAMED:
        details = (*details, say("It names {count} numbers at most.", count=MAX_NAMED))
    account = desk.config.kwtsms.username
    both = tuple(complaint(account, message, current or calls, code) for code in LANGUAGES)
    title = say("A complaint to copy, in English and Arabic")
    return Reply(Tone.PLAIN, title, details, examples=both)


async def _concerned(desk: Desk, message: Message) -> tuple[TakenCall, ...]:
    """What kwtSMS has and did not bring to a phone; where nothing is known to have failed, all."""
    for states in NOT_ARRIVED:
        if calls := await desk.store.taken_calls(message.id, states, limit=MAX_NAMED):
            return calls
    return ()


def complaint(account: str, message: Message, calls: Sequence[TakenCall], code: str) -> str:
    """What kwtSMS asks for: https://www.kwtsms.com/help.html."""
    say = language(code)
    lines = [
        say("This message did not arrive. Please look into it."),
        say("Account: {name}", name=account),
        say("Sender ID: {sender}", sender=message.sender_id),
    ]
    for one in calls:
        lines += [
            say("Message id: {id}", id=one.gateway_id),
            say("Sent: {time} (Kuwait)", time=_time(one.taken_at)),
            say("Numbers: {numbers}", numbers=say.listed(one.phones)),
        ]
    lines.append(say("Text: {text}", text=(message.text or "–")[:1000]))
    return "\n".join(lines)


async def _failures(desk: Desk, press: Press, message: Message) -> Reply:
    """The numbers that did not get it, as a file for whoever may send to so many."""
    if message.counts.keys().isdisjoint(FAILED):
        return Reply(Tone.PLAIN, press.say("No number of this message has failed."))
    await record(desk, press, "allowed", (Action.SEND, message.ref, "failures as CSV"))
    title = press.say("The numbers that failed are in your direct messages.")
    file = File(f"{message.ref}-failures.csv", await _table(desk, message, press.say))
    return Reply(Tone.GOOD, title, file=file)


async def _table(desk: Desk, message: Message, say: Language) -> str:
    """A line for each, read page by page."""
    lines, after = ["number,state,code,reason"], 0
    while rows := await desk.store.recipients(message.id, FAILED, after=after):
        lines += [
            ",".join(map(_cell, (one.phone, one.state.value, one.code, _reason(one, say))))
            for one in rows
        ]
        after = rows[-1].id
    table = "\n".join(lines) + "\n"
    return table if table.isascii() else BOM + table


def _reason(one: Recipient, say: Language) -> str:
    return wording.why(one.code, one.reason, say)


def _cell(text: str | None) -> str:
    safe = harmless(text or "").replace('"', '""')
    return f'"{safe}"'


def _time(at: datetime) -> str:
    return at.astimezone(ZONE).strftime("%Y-%m-%d %H:%M")


DEEDS: dict[str, Deed] = {
    CHECK: _of_message(_check, Action.READ),
    SUPPORT: _of_own(_support),
    FAILURES: _of_own(_failures),
}
