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
from kwtsms_bot.commands.policy import Permission, allows
from kwtsms_bot.i18n.translator import N_


def help_command(table: Mapping[str, Command]) -> Command:
    """The help command for `table`, which contains it too."""
    return Command("help", "", N_("This list"), ("",), Permission.HELP, _make_handler(table))


def _make_handler(table: Mapping[str, Command]) -> CommandHandler:
    async def run(context: CommandContext, request: Invocation, _rest: str) -> Reply:
        slash, access, say = context.config.slack.command, context.config.access, request.say
        allowed = [one for one in table.values() if allows(access, request.person, one.permission)]
        facts = tuple(
            (
                say.ltr(one.command_line(slash, say(one.usage) if one.usage else "")),
                say(one.summary),
            )
            for one in allowed
        )
        form_button = Button(action_ids.OPEN_FORM, say("Send SMS"), "help", "primary")
        details = (say("{command} alone opens a form.", command=say.ltr(f"{slash} send")),)
        may_send = allows(access, request.person, Permission.SEND)
        if not may_send:
            details = (
                say(
                    "You may not do more than this here. Ask an administrator of the bot for the "
                    "role sender or reader; your Slack id is {user}.",
                    user=request.person.user,
                ),
            )
        examples = tuple(
            one.command_line(slash, one.examples[0]) for one in allowed if one.examples[0]
        )
        title, buttons = say("Text messages by kwtSMS"), (form_button,) if may_send else ()
        return Reply(Severity.INFO, title, details, facts, examples, buttons=buttons)

    return run
