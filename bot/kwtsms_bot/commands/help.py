"""`/sms help`: what can be typed, and what of it this person may do."""

from collections.abc import Mapping

from kwtsms_bot.commands.base import Command, Desk, Invocation, Reply, Run, Tone
from kwtsms_bot.commands.policy import Action, allows


def command(table: Mapping[str, Command]) -> Command:
    """The help command for `table`, which it is a part of."""
    return Command("help", "", "This list", ("",), Action.HELP, _runner(table))


def _runner(table: Mapping[str, Command]) -> Run:
    async def run(desk: Desk, ask: Invocation, _rest: str) -> Reply:
        slash, access = desk.config.slack.command, desk.config.access
        mine = [one for one in table.values() if allows(access, ask.person, one.action)]
        facts = tuple((f"{one.typed(slash, one.usage)}", one.summary) for one in mine)
        if len(mine) == len(table):
            details: tuple[str, ...] = ()
        else:
            details = (
                "You may not do more than this here. Ask an administrator of the bot for the role "
                f"sender or reader; your Slack id is {ask.person.user}, "
                f"this channel's is {ask.person.channel}.",
            )
        examples = tuple(one.typed(slash, one.examples[0]) for one in mine if one.name != "help")
        return Reply(Tone.PLAIN, "Text messages by kwtSMS", details, facts, examples)

    return run
