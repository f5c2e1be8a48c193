"""From a typed line to the command that answers it: the table, the permission, the ledger."""

import re
from difflib import get_close_matches

import structlog

from kwtsms_bot.commands import balance, dlr, send, status
from kwtsms_bot.commands import help as help_
from kwtsms_bot.commands.base import Command, Desk, Invocation, Reply, Tone
from kwtsms_bot.commands.failures import explain
from kwtsms_bot.commands.policy import ROLES, Action, Person, allows
from kwtsms_bot.database import DatabaseTrouble
from kwtsms_bot.outbox.store import AuditEntry
from kwtsms_client import KwtSMSError

COMMANDS: dict[str, Command] = {
    command.name: command
    for command in (send.COMMAND, balance.COMMAND, status.COMMAND, dlr.COMMAND)
}
COMMANDS["help"] = help_.command(COMMANDS)

NOT_WRITTEN = Reply(
    Tone.BAD,
    "The bot's database does not answer. Nothing was accepted, and nothing was sent.",
    details=("Try again in a minute; if it stays so, tell whoever runs the bot.",),
)
log = structlog.get_logger(__name__)
_VERB = re.compile(r"\s*(\S+)\s*")


async def handle(desk: Desk, ask: Invocation) -> Reply:
    """The answer to `ask`: help for an empty line, a refusal for what is not granted."""
    verb = _VERB.match(ask.text)
    name = verb[1].casefold() if verb else "help"
    command = COMMANDS.get(name)
    if command is None:
        return unknown(desk.config.slack.command, name)
    if not allows(desk.config.access, ask.person, command.action):
        subject = command.typed(f"use {desk.config.slack.command}")
        return await refuse(desk, ask.person, command.action, subject)
    try:
        return await command.run(desk, ask, ask.text[verb.end() :] if verb else "")
    except KwtSMSError as error:
        return explain(error)
    except DatabaseTrouble as error:
        log.error("database trouble", command=name, error=str(error))
        return NOT_WRITTEN


def unknown(slash: str, name: str) -> Reply:
    """The answer to a subcommand that does not exist."""
    close = get_close_matches(name, COMMANDS, n=1, cutoff=0.5)
    meant = COMMANDS[close[0]] if close else COMMANDS["help"]
    return Reply(
        Tone.BAD,
        f"There is no {slash} {name[:40]}.",
        details=(f"There are: {', '.join(COMMANDS)}.",),
        examples=tuple(meant.typed(slash, example) for example in meant.examples),
    )


async def refuse(desk: Desk, person: Person, action: Action, subject: str) -> Reply:
    """The answer to somebody who may not; the refusal is in the audit log before it is told."""
    detail = f"needs one of: {', '.join(ROLES[action])}; asked in {person.channel}"
    await desk.audit.record(
        AuditEntry(desk.now(), person.user, action.value, "refused", subject, detail)
    )
    return Reply(
        Tone.BAD,
        f"You may not {subject} here.",
        details=(
            f"Ask an administrator of the bot for the role {ROLES[action][0]}: "
            "it is given in config.yaml, under access.",
        ),
        facts=(("Your Slack id", person.user), ("This channel", person.channel)),
    )
