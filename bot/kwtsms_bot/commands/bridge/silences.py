"""`/sms silence`, `silences`, `unsilence`: alerts that are shown but not texted for a time."""

from kwtsms_bot.commands import action_ids
from kwtsms_bot.commands.base import (
    ButtonPress,
    Command,
    CommandContext,
    Invocation,
    Reply,
    Severity,
    SilenceForm,
)
from kwtsms_bot.commands.bridge.incident_actions import not_set_up_reply
from kwtsms_bot.commands.bridge.silence_actions import (
    EXAMPLES,
    SILENCE,
    SILENCES,
    UNSILENCE,
    WEEKLY_EXAMPLE,
    create,
    end,
    form_reply,
)
from kwtsms_bot.commands.bridge.silence_text import format_reason, format_target, format_window
from kwtsms_bot.commands.error_replies import refuse
from kwtsms_bot.commands.mentions import mention_actor
from kwtsms_bot.commands.policy import Permission, allows
from kwtsms_bot.i18n.translator import N_

MAX_LISTED = 20


async def silence(context: CommandContext, request: Invocation, rest: str) -> Reply:
    """Silences what was typed; opens the form if nothing was."""
    if context.incidents is not None and not rest.strip():
        return form_reply(context, SilenceForm(), request.say)
    return await create(context, request, rest)


async def list_silences(context: CommandContext, request: Invocation, _rest: str) -> Reply:
    """Lists the silences in force or ahead."""
    control, say = context.incidents, request.say
    if control is None:
        return not_set_up_reply(say)
    found = await control.silences()
    if not found:
        return Reply(Severity.GOOD, say("Nothing is silenced."))
    facts = []
    for one in found[:MAX_LISTED]:
        author = await mention_actor(context, one.created_by)
        parts = [
            format_target(one, say),
            format_window(one, context.now(), say),
            say("by {name}", name=say.auto(author)),
        ]
        if one.reason:
            parts.append(format_reason(one.reason, say))
        facts.append((one.ref, " · ".join(parts)))
    line = say.ltr(UNSILENCE_COMMAND.command_line(context.config.slack.command, found[0].ref))
    details = [say("To end one, type {command}.", command=line)]
    if more := len(found) - len(facts):
        details.append(say.plural("{count} more isn't shown.", "{count} more aren't shown.", more))
    title = say.plural("{count} silence", "{count} silences", len(found))
    return Reply(Severity.INFO, title, tuple(details), tuple(facts))


async def unsilence(context: CommandContext, request: Invocation, rest: str) -> Reply:
    """Ends a silence by its reference."""
    if not rest.strip():
        return await list_silences(context, request, "")
    return await end(context, request, rest.split(maxsplit=1)[0])


async def open_form(context: CommandContext, press: ButtonPress) -> Reply:
    """Opens the form for an incident."""
    if not allows(context.config.access, press.person, Permission.SEND):
        return await refuse(context, press, Permission.SEND, SILENCE)
    if context.incidents is None:
        return not_set_up_reply(press.say)
    incident = await context.incidents.find(press.value)
    if incident is None:
        return Reply(Severity.INFO, press.say("That incident no longer exists."))
    return form_reply(context, SilenceForm(incident.ref, incident.title), press.say)


async def end_pressed(context: CommandContext, press: ButtonPress) -> Reply:
    """Ends the silence of an incident's card."""
    if not allows(context.config.access, press.person, Permission.SEND):
        return await refuse(context, press, Permission.SEND, UNSILENCE)
    return await end(context, press, press.value)


SILENCE_COMMAND = Command(
    SILENCE,
    N_("[ID or key=value… 2h REASON]"),
    N_("Silence alerts for a time: no SMS about them"),
    (*EXAMPLES, WEEKLY_EXAMPLE),
    Permission.SEND,
    silence,
    needs_bridge=True,
)
LIST_COMMAND = Command(
    SILENCES,
    "",
    N_("List what is silenced, and until when"),
    ("",),
    Permission.READ,
    list_silences,
    needs_bridge=True,
)
UNSILENCE_COMMAND = Command(
    UNSILENCE,
    N_("ID"),
    N_("End a silence"),
    ("S2K4M",),
    Permission.SEND,
    unsilence,
    needs_bridge=True,
)
COMMANDS = (SILENCE_COMMAND, LIST_COMMAND, UNSILENCE_COMMAND)
HANDLERS = {
    action_ids.INCIDENT_SILENCE: open_form,
    action_ids.INCIDENT_UNSILENCE: end_pressed,
}
