"""`/sms drill`: tests the whole way to a phone and back, now or each week."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwtsms_bot.commands import action_ids
from kwtsms_bot.commands.base import (
    Button,
    ButtonPress,
    Command,
    CommandContext,
    CommandRequest,
    Invocation,
    Reply,
    Severity,
    TextSpan,
)
from kwtsms_bot.commands.bridge.drill_text import format_elapsed, view_reply
from kwtsms_bot.commands.bridge.incident_actions import not_set_up_reply
from kwtsms_bot.commands.bridge.on_call_text import Presentation
from kwtsms_bot.commands.error_replies import actor_of, audit, refuse
from kwtsms_bot.commands.policy import Permission, allows
from kwtsms_bot.i18n.translator import N_
from kwtsms_bot.kuwait_time import KUWAIT_TZ

if TYPE_CHECKING:  # Without the section `bridge`, none of its modules is loaded.
    from kwtsms_bot.bridge.drills.control import DrillControl

NAME = "drill"
NOW, OFF, ON, STATUS = "now", "off", "on", "status"
REFUSED = {
    "critical": N_("Drill not started: a critical incident is firing."),
    "running": N_("Drill not started: another one is running."),
}


async def run(context: CommandContext, request: Invocation, rest: str) -> Reply:
    """Shows the drills; with a word, starts one or turns the weekly ones off and on."""
    if context.incidents is None:
        return not_set_up_reply(request.say)
    drills, words = context.incidents.drills, rest.casefold().split()
    match words:
        case [] | ["status"]:
            return await _view(context, request, drills)
        case ["now", *names]:
            return _confirmation(context, request, drills, names)
        case ["off"]:
            return await _switch(context, request, drills, enables=False)
        case ["on"]:
            return await _switch(context, request, drills, enables=True)
    slash = context.config.slack.command
    examples = tuple(COMMAND.command_line(slash, one) for one in (NOW, OFF, ON, STATUS))
    return Reply(Severity.ERROR, request.say("Write one of these words."), examples=examples)


async def start(context: CommandContext, press: ButtonPress) -> Reply:
    """Starts a drill after the confirmation."""
    if not allows(context.config.access, press.person, Permission.ADMIN):
        return await refuse(context, press, Permission.ADMIN, NAME)
    say = press.say
    if context.incidents is None or press.value not in context.incidents.drills.receivers:
        title = say("There is no receiver of that name.")
        return Reply(Severity.ERROR, title, replaces=True)
    drills = context.incidents.drills
    started = await drills.start(press.value, actor_of(press))
    if refused := REFUSED.get(started):
        return Reply(Severity.WARNING, say(refused), replaces=True)
    await audit(context, press, "drilled", (Permission.ADMIN, NAME, f"{press.value}, {started}"))
    within = format_elapsed(drills.within, say)
    details = (
        say("Acknowledge its incident when the SMS arrives, within {time}.", time=within),
        say("The result is posted in the channel of alerts."),
    )
    title = say("Drill {ref} has started.", ref=started)
    return Reply(Severity.GOOD, title, details, replaces=True)


async def _view(context: CommandContext, request: CommandRequest, drills: DrillControl) -> Reply:
    bridge = context.config.bridge
    zone = bridge.drill.zone if bridge and bridge.drill else KUWAIT_TZ
    shown = Presentation(context.config.phonebook, zone, request.say)
    command = COMMAND.command_line(context.config.slack.command, ON)
    return view_reply(await drills.view(context.now()), shown, command)


def _confirmation(
    context: CommandContext, request: CommandRequest, drills: DrillControl, names: list[str]
) -> Reply:
    """The question before a drill, with all that it would send."""
    say, slash = request.say, context.config.slack.command
    wanted = names or list(drills.receivers)
    if len(wanted) != 1 or wanted[0] not in drills.receivers:
        examples = tuple(COMMAND.command_line(slash, f"{NOW} {one}") for one in drills.receivers)
        return Reply(Severity.ERROR, say("Name one of the receivers."), examples=examples)
    (receiver,) = wanted
    preview = drills.preview(receiver, context.now())
    if not preview.people:
        return Reply(
            Severity.ERROR,
            say("Nobody of {receiver} is texted.", receiver=receiver),
            (say("Add contacts of the phone book to it in config.yaml."),),
        )
    facts = (
        (say("Receiver"), receiver),
        (say("People"), say.join(preview.people)),
        (say("Pages"), str(preview.pages)),
        (say("Credits"), str(preview.credits)),
    )
    label = say.plural("Send for {count} credit", "Send for {count} credits", preview.credits)
    button = Button(action_ids.DRILL_START, label, receiver, "primary")
    title, text = say("Start this drill?"), (TextSpan(preview.text),)
    return Reply(Severity.WARNING, title, facts=facts, text_spans=text, buttons=(button,))


async def _switch(
    context: CommandContext, request: CommandRequest, drills: DrillControl, *, enables: bool
) -> Reply:
    say, now, actor = request.say, context.now(), actor_of(request)
    if enables:
        await drills.switch_on(now, actor)
        return Reply(Severity.GOOD, say("Weekly drills are on."))
    await drills.switch_off(now, actor)
    command = COMMAND.command_line(context.config.slack.command, ON)
    details = (say("{command} turns them on.", command=command),)
    return Reply(Severity.WARNING, say("Weekly drills are off."), details)


COMMAND = Command(
    NAME,
    N_("[now, off or on]"),
    N_("Test the way to a phone and back"),
    ("", NOW, OFF),
    Permission.ADMIN,
    run,
    needs_bridge=True,
)
HANDLERS = {action_ids.DRILL_START: start}
