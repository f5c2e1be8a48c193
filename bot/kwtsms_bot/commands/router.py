"""From a typed line to the command that answers it: the table, the permission, the ledger."""

import re
from difflib import get_close_matches

import structlog

from kwtsms_bot.commands import account, balance, control, dlr, doctor, history, send, status
from kwtsms_bot.commands import help as help_
from kwtsms_bot.commands.base import Command, Desk, Invocation, Reply, Tone
from kwtsms_bot.commands.digits import DIGIT, MARKS
from kwtsms_bot.commands.failures import explain, trouble
from kwtsms_bot.commands.policy import allows
from kwtsms_bot.commands.refusals import refuse
from kwtsms_bot.database import DatabaseTrouble
from kwtsms_bot.language import Language
from kwtsms_client import KwtSMSError

COMMANDS: dict[str, Command] = {
    command.name: command
    for command in (
        send.COMMAND,
        balance.COMMAND,
        status.COMMAND,
        dlr.COMMAND,
        history.HISTORY,
        control.CANCEL_COMMAND,
        account.VALIDATE,
        account.SENDERS,
        account.COVERAGE,
        history.WHOAMI,
        doctor.COMMAND,
        control.PAUSE,
        control.RESUME,
    )
}
COMMANDS["help"] = help_.command(COMMANDS)

MAX_SHOWN = 500  # Characters of a line that is given back to be typed again.
log = structlog.get_logger(__name__)
_VERB = re.compile(rf"[\s{MARKS}]*([^\s{MARKS}]+)[\s{MARKS}]*")
_WHOM = re.compile(rf"[+(@{DIGIT}]")  # Somebody to send to, where a command is expected.


async def handle(desk: Desk, ask: Invocation) -> Reply:
    """The answer to `ask`: help for an empty line, a refusal for what is not granted."""
    verb = _VERB.match(ask.text)
    name = verb[1].casefold() if verb else "help"
    command = COMMANDS.get(name)
    if command is None:
        return unknown(desk.config.slack.command, name, ask.say, ask.text)
    if not allows(desk.config.access, ask.person, command.action):
        return await refuse(desk, ask, command.action, command.typed("use"))
    try:
        return await command.run(desk, ask, ask.text[verb.end() :] if verb else "")
    except KwtSMSError as error:
        return explain(error, ask.say)
    except DatabaseTrouble as error:
        log.error("database trouble", command=name, error=str(error))
        return trouble(error, desk.config.slack.command, ask.say)


def unknown(slash: str, name: str, say: Language, line: str = "") -> Reply:
    """The answer to a subcommand that does not exist; `line` is all that was typed."""
    if _WHOM.match(name):
        title = say("Nothing was sent: {command} is missing.", command=say.ltr("send"))
        typed = send.COMMAND.typed(slash, line.strip()[:MAX_SHOWN])
        return Reply(Tone.BAD, title, examples=(typed,))
    close = get_close_matches(name, COMMANDS, n=1, cutoff=0.5)
    meant = COMMANDS[close[0]] if close else COMMANDS["help"]
    title = say("There is no {command}.", command=say.ltr(f"{slash} {name[:40]}"))
    details = (say("There are: {commands}.", commands=say.listed(COMMANDS)),)
    examples = tuple(meant.typed(slash, example) for example in meant.examples)
    return Reply(Tone.BAD, title, details, examples=examples)
