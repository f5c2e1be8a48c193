"""`/sms help`: the commands that this person may use."""

from collections.abc import Mapping

from kwtsms_bot.commands import action_ids
from kwtsms_bot.commands.base import (
    Button,
    Command,
    CommandContext,
    CommandHandler,
    Invocation,
    Reply,
    Severity,
)
from kwtsms_bot.commands.mentions import admin_facts
from kwtsms_bot.commands.policy import Permission, allows
from kwtsms_bot.i18n.translator import N_

READ_ONLY = N_(
    "You have read-only access here. To send messages, ask an admin for the sender role."
)
NO_ACCESS = N_("You don't have access here yet. Ask an admin for the reader or sender role.")


def help_command(table: Mapping[str, Command]) -> Command:
    """The help command for `table`, which contains it too."""
    return Command("help", "", N_("Show this list"), ("",), Permission.HELP, _make_handler(table))


def _make_handler(table: Mapping[str, Command]) -> CommandHandler:
    async def run(context: CommandContext, request: Invocation, _rest: str) -> Reply:
        slash, access, say = context.config.slack.command, context.config.access, request.say
        allowed = [
            one
            for one in table.values()
            if allows(access, request.person, one.permission)
            and (context.incidents or not one.needs_bridge)
        ]
        facts = tuple(
            (
                say.ltr(one.command_line(slash, say(one.usage) if one.usage else "")),
                say(one.summary),
            )
            for one in allowed
        )
        form_button = Button(action_ids.OPEN_FORM, say("Send SMS"), "help", "primary")
        details: tuple[str, ...] = (
            say("To fill in a form instead, type {command}.", command=say.ltr(f"{slash} send")),
        )
        may_send = allows(access, request.person, Permission.SEND)
        if not may_send:
            may_read = allows(access, request.person, Permission.READ)
            details = (
                say(READ_ONLY if may_read else NO_ACCESS),
                say("Your Slack ID is {user}.", user=request.person.user),
            )
            facts += await admin_facts(context, say)
        examples = tuple(
            one.command_line(slash, one.examples[0]) for one in allowed if one.examples[0]
        )
        title, buttons = say("Send SMS through kwtSMS"), (form_button,) if may_send else ()
        return Reply(Severity.INFO, title, details, facts, examples, buttons=buttons)

    return run
