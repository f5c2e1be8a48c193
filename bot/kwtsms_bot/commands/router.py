"""Dispatches a typed line to its command, after checking the permission."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

import structlog

from kwtsms_bot.commands import (
    account,
    balance,
    control,
    dlr,
    doctor,
    history,
    status,
    tokens,
)
from kwtsms_bot.commands import help as help_
from kwtsms_bot.commands.base import Command, CommandContext, Invocation, Reply, Severity
from kwtsms_bot.commands.bridge import alerts, drill, integrations, on_call, silences, test_alert
from kwtsms_bot.commands.bridge.incident_access import is_contact
from kwtsms_bot.commands.error_replies import database_error_reply, gateway_error_reply, refuse
from kwtsms_bot.commands.policy import allows
from kwtsms_bot.commands.send import command as send_command
from kwtsms_bot.commands.send.number_groups import DIGIT, INVISIBLE
from kwtsms_bot.database import DatabaseError
from kwtsms_bot.i18n.translator import Language
from kwtsms_client import KwtSMSError

COMMANDS: dict[str, Command] = {
    command.name: command
    for command in (
        send_command.COMMAND,
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
        *alerts.COMMANDS,
        *silences.COMMANDS,
        integrations.COMMAND,
        test_alert.COMMAND,
        on_call.COMMAND,
        drill.COMMAND,
    )
}
COMMANDS["help"] = help_.help_command(COMMANDS)

MAX_ECHOED = 500  # Characters of a typed line that a reply repeats.
log = structlog.get_logger(__name__)
_VERB = re.compile(rf"[\s{INVISIBLE}]*([^\s{INVISIBLE}]+)[\s{INVISIBLE}]*")
_RECIPIENT = re.compile(
    rf"[+(@{DIGIT}{tokens.PLACEHOLDERS}]"
)  # A recipient where a command is expected.


async def handle(context: CommandContext, request: Invocation) -> Reply:
    """Runs the requested command: help for an empty line, a refusal without the permission."""
    verb = _VERB.match(request.text)
    name = verb[1].casefold() if verb else "help"
    command = COMMANDS.get(name)
    if command is None:
        name, line = (tokens.show(text, request.tokens) for text in (name, request.text))
        allowed = [
            one.name
            for one in COMMANDS.values()
            if allows(context.config.access, request.person, one.permission)
            and (context.incidents or not one.needs_bridge)
        ]
        slash = context.config.slack.command
        return unknown_command_reply(slash, name, request.say, line, allowed=allowed)
    if not _may_run(context, request, command):
        return await refuse(context, request, command.permission, command.command_line("use"))
    try:
        rest = request.text[verb.end() :] if verb else ""
        if not command.reads_tokens:
            rest = tokens.show(rest, request.tokens)
        return await command.handler(context, request, rest)
    except KwtSMSError as error:
        return gateway_error_reply(error, request.say)
    except DatabaseError as error:
        log.error("database trouble", command=name, error=str(error))
        return database_error_reply(error, context.config.slack.command, request.say)


def _may_run(context: CommandContext, request: Invocation, command: Command) -> bool:
    if allows(context.config.access, request.person, command.permission):
        return True
    return command.open_to_contacts and is_contact(context, request.person)


def unknown_command_reply(
    slash: str, name: str, say: Language, line: str = "", *, allowed: Iterable[str] = COMMANDS
) -> Reply:
    """The reply to an unknown subcommand; `line` is all that was typed.

    It proposes only commands that are `allowed` to this person.
    """
    allowed = tuple(allowed)
    if _RECIPIENT.match(name) and send_command.COMMAND.name in allowed:
        title = say("Message not sent: add {command} before the number.", command=say.ltr("send"))
        typed = send_command.COMMAND.command_line(slash, line.strip()[:MAX_ECHOED])
        return Reply(Severity.ERROR, title, examples=(typed,))
    close = get_close_matches(name, allowed, n=1, cutoff=0.5)
    title = say("Unknown command: {command}", command=say.ltr(f"{slash} {name[:40]}"))
    details: tuple[str, ...] = (
        say("To see all commands, type {command}.", command=say.ltr(f"{slash} help")),
    )
    if not close:
        return Reply(Severity.ERROR, title, details)
    meant = COMMANDS[close[0]]
    details = (say("Did you mean {command}?", command=say.ltr(meant.name)), *details)
    examples = tuple(meant.command_line(slash, example) for example in meant.examples)
    return Reply(Severity.ERROR, title, details, examples=examples)
