"""What buttons do: the table, and the last answer where the database or kwtSMS fails."""

from collections.abc import Awaitable, Callable, Mapping

import structlog

from kwtsms_bot.commands import approvals, confirming, control, follow, sparing, unknown
from kwtsms_bot.commands.base import Desk, Press, Reply
from kwtsms_bot.commands.failures import explain, trouble
from kwtsms_bot.database import DatabaseTrouble
from kwtsms_client import KwtSMSError

DEEDS: Mapping[str, Callable[[Desk, Press], Awaitable[Reply]]] = {
    **confirming.DEEDS,
    **approvals.DEEDS,
    **sparing.DEEDS,
    **control.DEEDS,
    **follow.DEEDS,
    **unknown.DEEDS,
}
log = structlog.get_logger(__name__)


async def do(desk: Desk, deed: str, press: Press) -> Reply:
    """What came of pressing a button; each deed asks for the role itself, at this moment."""
    try:
        return await DEEDS[deed](desk, press)
    except KwtSMSError as error:
        return explain(error, press.say)
    except DatabaseTrouble as error:
        log.error("database trouble", deed=deed, error=str(error))
        return trouble(error, desk.config.slack.command, press.say)
