"""`/sms help`: what can be typed, and what of it this person may do."""

from collections.abc import Mapping

from kwtsms_bot.commands.base import Command, Desk, Invocation, Reply, Run, Tone
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
            (one.typed(slash, say(one.usage) if one.usage else ""), say(one.summary))
            for one in mine
        )
        details: tuple[str, ...] = ()
        if not allows(access, ask.person, Action.SEND):
            details = (
                say(
                    "You may not do more than this here. Ask an administrator of the bot for the "
                    "role sender or reader; your Slack id is {user}.",
                    user=ask.person.user,
                ),
            )
        examples = tuple(one.typed(slash, one.examples[0]) for one in mine if one.examples[0])
        return Reply(Tone.PLAIN, say("Text messages by kwtSMS"), details, facts, examples)

    return run
