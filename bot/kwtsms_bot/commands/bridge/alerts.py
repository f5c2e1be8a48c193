"""`/sms alerts`, `ack`, `unack`, `resolve`: lists open incidents, and acts on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwtsms_bot.commands import action_ids
from kwtsms_bot.commands.base import (
    Button,
    Command,
    CommandContext,
    CommandRequest,
    IncidentControl,
    Invocation,
    Reply,
    Severity,
)
from kwtsms_bot.commands.bridge.incident_access import is_contact, may_act
from kwtsms_bot.commands.bridge.incident_actions import (
    LIST_COMMAND,
    MAX_AT_ONCE,
    IncidentAction,
    act,
    not_set_up_reply,
)
from kwtsms_bot.commands.bridge.incident_text import cut_text, format_alert_count, format_severity
from kwtsms_bot.commands.bridge.silence_actions import SILENCES
from kwtsms_bot.commands.error_replies import refuse
from kwtsms_bot.commands.mentions import mention_actor
from kwtsms_bot.commands.policy import Permission, allows
from kwtsms_bot.i18n.dates import format_short_datetime
from kwtsms_bot.i18n.foreign_text import clean_text
from kwtsms_bot.i18n.translator import N_, Language

if TYPE_CHECKING:  # Without the section `bridge`, none of its modules is loaded.
    from kwtsms_bot.bridge.incidents.views import OpenIncident

MAX_LISTED, MAX_ON_HOME, MAX_TITLE = 20, 10, 120
ALL, MINE, BLOCKED = "all", "mine", "held"


async def list_open(context: CommandContext, request: Invocation, rest: str) -> Reply:
    """Lists open incidents, or those whose SMS are held."""
    if context.incidents is None:
        return not_set_up_reply(request.say)
    wanted = rest.strip().casefold()
    if wanted not in ("", "open", BLOCKED):
        return _usage_reply(context, request, LIST)
    return await open_reply(
        context, context.incidents, request, limit=MAX_LISTED, blocked=wanted == BLOCKED
    )


async def open_reply(
    context: CommandContext,
    control: IncidentControl,
    request: CommandRequest,
    *,
    limit: int,
    blocked: bool = False,
) -> Reply:
    """The reply with the worst `limit` open incidents."""
    say = request.say
    count = await control.count_open(blocked=blocked)
    if not count:
        title = say("No SMS is held.") if blocked else say("No incident is open.")
        return Reply(Severity.GOOD, title)
    found = await control.open_incidents(limit, blocked=blocked)
    title = say.plural("{count} open incident", "{count} open incidents", count)
    facts = [(one.ref, await _format(context, one, say)) for one in found]
    details = [say("The SMS about these are held.")] if blocked else []
    if silenced := await control.count_silenced():
        line = say.ltr(f"{context.config.slack.command} {SILENCES}")
        details.append(
            say.plural(
                "{count} is silenced: see {command}.",
                "{count} are silenced: see {command}.",
                silenced,
                command=line,
            )
        )
    if count > len(found):
        rest = count - len(found)
        details.append(say.plural("{count} more isn't shown.", "{count} more aren't shown.", rest))
    firing = [one.ref for one in found if _is_untaken(one)]
    examples: tuple[str, ...] = ()
    if firing and may_act_on_all(context, request):
        examples = (ACK.command_line(context.config.slack.command, firing[0]),)
    return Reply(Severity.WARNING, title, tuple(details), tuple(facts), examples)


async def home_reply(
    context: CommandContext, control: IncidentControl, request: CommandRequest
) -> Reply:
    """The open incidents as App Home shows them: those that nobody has taken have a button."""
    reply = await open_reply(context, control, request, limit=MAX_ON_HOME)
    if not may_act_on_all(context, request):
        return reply
    say = request.say
    buttons = tuple(
        Button(action_ids.INCIDENT_ACKNOWLEDGE, say("Acknowledge {ref}", ref=one.ref), one.ref)
        for one in await control.open_incidents(MAX_ON_HOME)
        if _is_untaken(one)
    )
    return Reply(reply.severity, reply.title, reply.details, reply.facts, buttons=buttons)


def _is_untaken(one: OpenIncident) -> bool:
    """Whether nobody has acknowledged it, and it is not silenced."""
    return one.state == "firing" and one.silenced_until is None and not one.inhibited_by


def may_act_on_all(context: CommandContext, request: CommandRequest) -> bool:
    """Whether this person may acknowledge and resolve any incident."""
    return allows(context.config.access, request.person, Permission.SEND)


async def _format(context: CommandContext, one: OpenIncident, say: Language) -> str:
    """An incident in one line of a list."""
    is_test = one.kind.value == "test"
    parts = [
        say("Test") if is_test else format_severity(one.severity.word, say),
        say.auto(cut_text(clean_text(one.title), MAX_TITLE)),
        say("since {time}", time=format_short_datetime(one.since, say)),
    ]
    if one.alerts > 1:
        parts.append(format_alert_count(one.alerts, one.firing, say))
    if one.silenced_until is not None:
        until = format_short_datetime(one.silenced_until, say)
        parts.append(say("silenced until {time}", time=until))
    if one.inhibited_by:
        parts.append(say("no SMS while {ref} fires", ref=one.inhibited_by))
    if one.is_escalated:
        parts.append(say("escalated"))
    if one.acked_by:
        name = await mention_actor(context, one.acked_by)
        parts.append(say("acknowledged by {name}", name=say.auto(name)))
    return " · ".join(parts)


async def acknowledge(context: CommandContext, request: Invocation, rest: str) -> Reply:
    """Takes incidents by their references, those that this person was texted about, or all."""
    wanted = rest.strip().casefold()
    if wanted == MINE:
        return await _acknowledge_mine(context, request)
    is_all = wanted == ALL
    if is_all:
        allowed = may_act_on_all(context, request)
    else:
        allowed = await may_act(context, request.person, _refs(rest))
    if not allowed:
        return await refuse(context, request, Permission.SEND, ACK.command_line("use"))
    if is_all:
        return await _acknowledge_all(context, request)
    return await _act_on_typed(
        context, request, rest, action=IncidentAction.ACKNOWLEDGE, command=ACK
    )


async def _acknowledge_mine(context: CommandContext, request: Invocation) -> Reply:
    """Takes the incidents that nobody has and that this person was texted about."""
    say, control = request.say, context.incidents
    if control is None:
        return not_set_up_reply(say)
    user = request.person.user
    if not is_contact(context, request.person):
        title = say("Your Slack ID isn't in the phone book.")
        key = say.ltr(f"slack: {user}")
        details = (say("An admin can add {key} to your contact in config.yaml.", key=key),)
        return Reply(Severity.INFO, title, details)
    found = await control.unacknowledged_of(user, MAX_AT_ONCE)
    if not found:
        return Reply(Severity.GOOD, say("Nothing is left to acknowledge."))
    return await act(context, request, IncidentAction.ACKNOWLEDGE, [one.ref for one in found])


async def _acknowledge_all(context: CommandContext, request: Invocation) -> Reply:
    """Takes all incidents that nobody has; asks first if they are of several receivers."""
    say, control = request.say, context.incidents
    if control is None:
        return not_set_up_reply(say)
    found = await control.unacknowledged(MAX_AT_ONCE)
    if not found:
        return Reply(Severity.GOOD, say("Nothing is left to acknowledge."))
    refs = tuple(one.ref for one in found)
    receivers = sorted({one.receiver for one in found})
    if len(receivers) == 1:
        return await act(context, request, IncidentAction.ACKNOWLEDGE, refs)
    label = say.plural("Acknowledge {count} incident", "Acknowledge {count} incidents", len(refs))
    button = Button(action_ids.INCIDENT_ACKNOWLEDGE_ALL, label, ",".join(refs), "primary")
    title = say("Acknowledge the incidents of several receivers?")
    details = (say("This acknowledges the incidents of other teams, too."),)
    facts = ((say("Receivers"), say.join(receivers)),)
    return Reply(Severity.WARNING, title, details, facts, buttons=(button,))


async def unacknowledge(context: CommandContext, request: Invocation, rest: str) -> Reply:
    """Gives incidents back."""
    return await _act_on_typed(
        context, request, rest, action=IncidentAction.UNACKNOWLEDGE, command=UNACK
    )


async def resolve(context: CommandContext, request: Invocation, rest: str) -> Reply:
    """Resolves incidents, whatever their tool says."""
    return await _act_on_typed(
        context, request, rest, action=IncidentAction.RESOLVE, command=RESOLVE
    )


async def _act_on_typed(
    context: CommandContext,
    request: Invocation,
    rest: str,
    *,
    action: IncidentAction,
    command: Command,
) -> Reply:
    refs = _refs(rest)
    if context.incidents is not None and not refs:
        return _usage_reply(context, request, command)
    return await act(context, request, action, refs)


def _refs(rest: str) -> list[str]:
    return rest.replace(",", " ").split()


def _usage_reply(context: CommandContext, request: Invocation, command: Command) -> Reply:
    slash, say = context.config.slack.command, request.say
    usage = say.ltr(command.command_line(slash, say(command.usage)))
    examples = tuple(command.command_line(slash, one) for one in command.examples)
    return Reply(Severity.ERROR, say("Type it as {usage}.", usage=usage), examples=examples)


LIST = Command(
    LIST_COMMAND,
    N_("[held]"),
    N_("List open incidents, the worst first"),
    ("", BLOCKED),
    Permission.READ,
    list_open,
    needs_bridge=True,
)
ACK = Command(
    "ack",
    N_("ID…, mine or all"),
    N_("Acknowledge incidents: no more SMS about them"),
    ("A7F3K", MINE, ALL),
    Permission.SEND,
    acknowledge,
    needs_bridge=True,
    open_to_contacts=True,
)
UNACK = Command(
    "unack",
    N_("ID…"),
    N_("Withdraw an acknowledgement"),
    ("A7F3K",),
    Permission.SEND,
    unacknowledge,
    needs_bridge=True,
)
RESOLVE = Command(
    "resolve",
    N_("ID…"),
    N_("Resolve incidents by hand"),
    ("A7F3K",),
    Permission.SEND,
    resolve,
    needs_bridge=True,
)
COMMANDS = (LIST, ACK, UNACK, RESOLVE)
