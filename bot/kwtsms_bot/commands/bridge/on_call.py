"""`/sms oncall`: who is on call, and who takes a turn out of order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from kwtsms_bot.commands import tokens
from kwtsms_bot.commands.base import (
    Command,
    CommandContext,
    Invocation,
    OnCallControl,
    Reply,
    Severity,
)
from kwtsms_bot.commands.bridge.incident_actions import not_set_up_reply
from kwtsms_bot.commands.bridge.on_call_text import Presentation, summary_line, view_reply
from kwtsms_bot.commands.error_replies import actor_of, refuse
from kwtsms_bot.commands.mentions import mention
from kwtsms_bot.commands.policy import Permission, allows
from kwtsms_bot.commands.tokens import TokenKind
from kwtsms_bot.config.fields import parse_duration
from kwtsms_bot.config.on_call import SCHEDULE_PREFIX
from kwtsms_bot.i18n.translator import N_, Language
from kwtsms_bot.outbox.message import DedupeKey

SHORTEST, LONGEST = timedelta(minutes=5), timedelta(days=31)
END = "off"
FOR = ("for", "لمدة")
_UNITS = {
    "m": re.compile("(\\d{1,5})(?:m|mins?|minutes?|دقيقة|دقائق)"),
    "h": re.compile("(\\d{1,5})(?:h|hrs?|hours?|ساعة|ساعات)"),
    "d": re.compile("(\\d{1,5})(?:d|days?|يوم|يومًا|أيام)"),
}
MAX_ECHOED = 40


@dataclass(frozen=True, slots=True)
class _Override:
    """An override as a person asked for it."""

    schedule: str
    contact: str
    lasts: timedelta


async def run(context: CommandContext, request: Invocation, rest: str) -> Reply:
    """Shows one schedule or all; with a person and a time, puts that person on call."""
    control, say = context.on_call, request.say
    if control is None:
        return not_set_up_reply(say)
    if not control.names:
        details = (say("An admin adds them to config.yaml, under bridge.oncall."),)
        return Reply(Severity.INFO, say("No schedule is configured."), details)
    words = rest.split()
    if not words:
        return _list_reply(context, control, say)
    name = tokens.show(words[0], request.tokens).casefold().removeprefix(SCHEDULE_PREFIX)
    if name not in control.names:
        slash = context.config.slack.command
        examples = tuple(COMMAND.command_line(slash, one) for one in control.names)
        return Reply(Severity.ERROR, say("There is no schedule of that name."), examples=examples)
    if len(words) == 1:
        return _schedule_reply(context, control, name, say)
    return await _change(context, control, request, words=(name, *words[1:]))


async def _change(
    context: CommandContext,
    control: OnCallControl,
    request: Invocation,
    *,
    words: tuple[str, ...],
) -> Reply:
    """Puts a person on call, or ends what was changed by hand."""
    if not allows(context.config.access, request.person, Permission.SEND):
        return await refuse(context, request, Permission.SEND, COMMAND.name)
    if len(words) == 2 and words[1].casefold() == END:
        return await _end(context, control, request, words[0])
    wanted = await _parse(context, request, words[0], words[1:])
    if isinstance(wanted, Reply):
        return wanted
    return await _put_on_call(context, control, request, wanted)


def _list_reply(context: CommandContext, control: OnCallControl, say: Language) -> Reply:
    if len(control.names) == 1:
        return _schedule_reply(context, control, control.names[0], say)
    facts = tuple(
        (name, summary_line(control.view(name, context.now()), _shown(context, name, say)))
        for name in control.names
    )
    return Reply(Severity.INFO, say("Who is on call"), facts=facts)


def _schedule_reply(
    context: CommandContext, control: OnCallControl, name: str, say: Language
) -> Reply:
    return view_reply(control.view(name, context.now()), _shown(context, name, say))


def _shown(context: CommandContext, name: str, say: Language) -> Presentation:
    if context.config.bridge is None:
        raise LookupError(name)  # There is a control only where the section is.
    return Presentation(context.config.phonebook, context.config.bridge.oncall[name].zone, say)


async def _parse(
    context: CommandContext, request: Invocation, schedule: str, words: Sequence[str]
) -> _Override | Reply:
    """Returns the override that was typed after the name of a schedule, or what is wrong."""
    say, slash = request.say, context.config.slack.command
    contact = await _contact(context, request, words[0])
    if isinstance(contact, Reply):
        return contact
    rest = words[2:] if len(words) > 1 and words[1].casefold() in FOR else words[1:]
    try:
        lasts = _parse_length("".join(rest).casefold())
    except ValueError:
        usage = say.ltr(COMMAND.command_line(slash, f"{schedule} @{contact} for 4h"))
        return Reply(Severity.ERROR, say("Type it as {usage}.", usage=usage))
    if not SHORTEST <= lasts <= LONGEST:
        return Reply(Severity.ERROR, say("Expected a time between 5 minutes and 31 days."))
    return _Override(schedule, contact, lasts)


def _parse_length(text: str) -> timedelta:
    """Returns a length such as `4h` or `4hours`.

    Raises:
        ValueError: it has another form.
    """
    for unit, pattern in _UNITS.items():
        if match := pattern.fullmatch(text):
            text = f"{int(match[1])}{unit}"
    lasts: timedelta = parse_duration(text)
    return lasts


async def _contact(context: CommandContext, request: Invocation, word: str) -> str | Reply:
    """Returns the contact that a mention or a name means."""
    say, contacts = request.say, context.config.phonebook.contacts
    token = tokens.find(word, request.tokens)
    if token is not None and token.kind is TokenKind.USER:
        for name, contact in contacts.items():
            if contact.slack == token.id:
                return name
        facts = ((say("Person"), await mention(context, token.id)),)
        title = say("This person isn't in the phone book.")
        details = (say("An admin adds their number and slack: ID to phonebook.contacts."),)
        return Reply(Severity.ERROR, title, details, facts)
    name = tokens.show(word, request.tokens).removeprefix("@").casefold()
    if name in contacts:
        return name
    title = say("There is no contact {name} in the phone book.", name=name[:MAX_ECHOED])
    return Reply(Severity.ERROR, title)


async def _put_on_call(
    context: CommandContext, control: OnCallControl, request: Invocation, wanted: _Override
) -> Reply:
    """Stores an override; the channel and the person are notified as of any handover."""
    say, now = request.say, context.now()
    if not await _is_first_delivery(context, request):
        return Reply(Severity.INFO, say("Duplicate request ignored."))
    await control.override(
        wanted.schedule, wanted.contact, now, wanted.lasts, actor=actor_of(request)
    )
    title = say(
        "On call for {schedule} until {time}: {people}",
        schedule=wanted.schedule,
        time=_shown(context, wanted.schedule, say).time(now + wanted.lasts),
        people=wanted.contact,
    )
    line = COMMAND.command_line(context.config.slack.command, f"{wanted.schedule} {END}")
    details = (say("To end it earlier, type {command}.", command=say.ltr(line)),)
    return Reply(Severity.GOOD, title, details)


async def _end(
    context: CommandContext, control: OnCallControl, request: Invocation, name: str
) -> Reply:
    """Ends what was changed by hand, so that the schedule itself counts again."""
    if not await control.end_overrides(name, context.now(), actor_of(request)):
        return Reply(Severity.INFO, request.say("Nobody was put on call by hand."))
    return _schedule_reply(context, control, name, request.say)


async def _is_first_delivery(context: CommandContext, request: Invocation) -> bool:
    return await context.outbox.intake.use_key_once(DedupeKey("oncall", request.key), context.now())


COMMAND = Command(
    "oncall",
    N_("[NAME [@PERSON for 4h]]"),
    N_("Show who is on call, or put someone on call"),
    ("", "ops", "ops @sara for 4h", f"ops {END}"),
    Permission.READ,
    run,
    reads_tokens=True,
    needs_bridge=True,
)
