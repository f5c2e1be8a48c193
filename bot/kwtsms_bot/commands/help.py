"""`/sms help`: what can be typed, and what of it this person may do."""

from collections.abc import Mapping

from kwtsms_bot.commands.base import OPEN_FORM, Choice, Command, Desk, Invocation, Reply, Run, Tone
from kwtsms_bot.commands.policy import Action, allows
from kwtsms_bot.language import marked


def command(table: Mapping[str, Command]) -> Command:
    """The help command for `table`, which it is a part of."""
    return Command("help", "", marked("This list"), ("",), Action.HELP, _runner(table))


def _runner(table: Mapping[str, Command]) -> Run:
    async def run(desk: Desk, ask: Invocation, _rest: str) -> Reply:
        slash, access, say = desk.config.slack.command, desk.config.access, ask.say
        mine = [one for one in table.values() if allows(access, ask.person, one.action)]
        facts = tuple(
            (say.ltr(one.typed(slash, say(one.usage) if one.usage else "")), say(one.summary))
            for one in mine
        )
        form = Choice(OPEN_FORM, say("Send SMS"), "help", "primary")
        details = (say("{command} alone opens a form.", command=say.ltr(f"{slash} send")),)
        may_send = allows(access, ask.person, Action.SEND)
        if not may_send:
            details = (
                say(
                    "You may not do more than this here. Ask an administrator of the bot for the "
                    "role sender or reader; your Slack id is {user}.",
                    user=ask.person.user,
                ),
            )
        examples = tuple(one.typed(slash, one.examples[0]) for one in mine if one.examples[0])
        title, choices = say("Text messages by kwtSMS"), (form,) if may_send else ()
        return Reply(Tone.PLAIN, title, details, facts, examples, choices=choices)

    return run
