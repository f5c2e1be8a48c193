"""The table of button handlers, and the replies where the database or kwtSMS fails."""

from collections.abc import Awaitable, Callable, Mapping

import structlog

from kwtsms_bot.commands import control
from kwtsms_bot.commands.actions import (
    approve,
    draft_buttons,
    follow_up,
    incidents,
    resolve_unknown,
)
from kwtsms_bot.commands.base import ButtonPress, CommandContext, Reply
from kwtsms_bot.commands.bridge import drill, silences, test_alert
from kwtsms_bot.commands.error_replies import database_error_reply, gateway_error_reply
from kwtsms_bot.database import DatabaseError
from kwtsms_client import KwtSMSError

HANDLERS: Mapping[str, Callable[[CommandContext, ButtonPress], Awaitable[Reply]]] = {
    **draft_buttons.HANDLERS,
    **approve.HANDLERS,
    **control.HANDLERS,
    **follow_up.HANDLERS,
    **resolve_unknown.HANDLERS,
    **incidents.HANDLERS,
    **silences.HANDLERS,
    **test_alert.HANDLERS,
    **drill.HANDLERS,
}
log = structlog.get_logger(__name__)


async def dispatch(context: CommandContext, action: str, press: ButtonPress) -> Reply:
    """Runs the handler for a pressed button. Each handler checks the user's role again."""
    try:
        return await HANDLERS[action](context, press)
    except KwtSMSError as error:
        return gateway_error_reply(error, press.say)
    except DatabaseError as error:
        log.error("database trouble", deed=action, error=str(error))
        return database_error_reply(error, context.config.slack.command, press.say)
