"""What buttons do: the table, and the last answer where the database or kwtSMS fails."""

from collections.abc import Awaitable, Callable, Mapping

import structlog

from kwtsms_bot.commands import approvals, confirming, control, follow, sparing, unknown
from kwtsms_bot.commands.base import ButtonPress, CommandContext, Reply
from kwtsms_bot.commands.failures import database_error_reply, gateway_error_reply
from kwtsms_bot.database import DatabaseError
from kwtsms_client import KwtSMSError

HANDLERS: Mapping[str, Callable[[CommandContext, ButtonPress], Awaitable[Reply]]] = {
    **confirming.HANDLERS,
    **approvals.HANDLERS,
    **sparing.HANDLERS,
    **control.HANDLERS,
    **follow.HANDLERS,
    **unknown.HANDLERS,
}
log = structlog.get_logger(__name__)


async def dispatch(context: CommandContext, action: str, press: ButtonPress) -> Reply:
    """What came of pressing a button; each deed asks for the role itself, at this moment."""
    try:
        return await HANDLERS[action](context, press)
    except KwtSMSError as error:
        return gateway_error_reply(error, press.say)
    except DatabaseError as error:
        log.error("database trouble", deed=action, error=str(error))
        return database_error_reply(error, context.config.slack.command, press.say)
