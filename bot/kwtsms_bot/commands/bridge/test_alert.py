"""`/sms test-alert`: tries the way of an alert to people, in Slack only or with SMS."""

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
from kwtsms_bot.commands.bridge.incident_actions import not_set_up_reply
from kwtsms_bot.commands.error_replies import audit, refuse
from kwtsms_bot.commands.policy import Permission, allows
from kwtsms_bot.i18n.translator import N_, language

if TYPE_CHECKING:  # Without the section `bridge`, none of its modules is loaded.
    from kwtsms_bot.bridge.alert_tester import AlertTester

NAME, WITH_SMS = "test-alert", "--sms"
TITLE = N_("Test alert")  # On the card and on phones, in the bot's language.


async def run(context: CommandContext, request: Invocation, rest: str) -> Reply:
    """Opens a test incident of a receiver; with `--sms`, asks first."""
    if context.incidents is None:
        return not_set_up_reply(request.say)
    tester = context.incidents.tester
    words = rest.casefold().replace("\N{EM DASH}", "--").split()  # As phones write two hyphens.
    names = [one for one in words if one != WITH_SMS] or list(tester.receivers)
    if len(names) != 1 or names[0] not in tester.receivers:
        return _which_reply(context, request, tester)
    if WITH_SMS in words:
        return _confirmation(context, request, tester, names[0])
    return await _open(context, request, names[0], with_sms=False)


async def send(context: CommandContext, press: ButtonPress) -> Reply:
    """Opens a test incident whose people are texted, after the confirmation."""
    if not allows(context.config.access, press.person, Permission.ADMIN):
        return await refuse(context, press, Permission.ADMIN, NAME)
    if context.incidents is None or press.value not in context.incidents.tester.receivers:
        title = press.say("There is no receiver of that name.")
        return Reply(Severity.ERROR, title, replaces=True)
    return await _open(context, press, press.value, with_sms=True)


async def _open(
    context: CommandContext, request: CommandRequest, receiver: str, *, with_sms: bool
) -> Reply:
    say, control = request.say, context.incidents
    if control is None:
        return not_set_up_reply(say)
    ref = await control.tester.run(receiver, _title(context), with_sms=with_sms, at=context.now())
    control.wake()
    detail = f"{receiver}, {'with' if with_sms else 'without'} sms, {ref}"
    await audit(context, request, "tested", (Permission.ADMIN, NAME, detail))
    details = (
        say("Its people are texted now. Acknowledge it on its card.")
        if with_sms
        else say("Nobody is texted: only Slack shows it. Acknowledge it on its card."),
        say("It closes by itself after 10 minutes."),
    )
    title = say("Test alert {ref} is open.", ref=ref)
    return Reply(Severity.GOOD, title, details, replaces=with_sms)


def _confirmation(
    context: CommandContext, request: CommandRequest, tester: AlertTester, receiver: str
) -> Reply:
    """The question before a test that costs credits, with all that it would send."""
    say = request.say
    preview = tester.preview(receiver, _title(context), context.now())
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
    button = Button(action_ids.INCIDENT_TEST, label, receiver, "primary")
    title = say("Send this test alert by SMS?")
    text = (TextSpan(preview.text),)
    return Reply(Severity.WARNING, title, facts=facts, text_spans=text, buttons=(button,))


def _which_reply(context: CommandContext, request: CommandRequest, tester: AlertTester) -> Reply:
    slash, names = context.config.slack.command, tester.receivers
    examples = tuple(COMMAND.command_line(slash, one) for one in names)
    return Reply(Severity.ERROR, request.say("Name one of the receivers."), examples=examples)


def _title(context: CommandContext) -> str:
    return language(context.config.language)(TITLE)


COMMAND = Command(
    NAME,
    N_("[RECEIVER] [--sms]"),
    N_("Try the way of an alert to people"),
    ("", "ops", f"ops {WITH_SMS}"),
    Permission.ADMIN,
    run,
    needs_bridge=True,
)
HANDLERS = {action_ids.INCIDENT_TEST: send}
