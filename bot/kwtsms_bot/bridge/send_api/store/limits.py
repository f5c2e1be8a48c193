"""The budgets of an application, checked in the transaction that accepts its message."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.bridge.send_api.errors import ApiError, ErrorCode
from kwtsms_bot.bridge.send_api.terms import ApiTerms
from kwtsms_bot.database.tables import message, recipient
from kwtsms_bot.kuwait_time import midnight_after
from kwtsms_bot.outbox.message import NewMessage
from kwtsms_bot.outbox.quota.admission import AdmissionRequest, day_of
from kwtsms_bot.outbox.quota.limits import HOUR
from kwtsms_bot.outbox.quota.usage_store import NOT_COUNTED_STATES, spent_on
from kwtsms_bot.outbox.sql import chunks


async def check_limits(
    connection: AsyncConnection, terms: ApiTerms, request: AdmissionRequest
) -> None:
    """Checks a message against what its application has sent.

    Raises:
        ApiError: a limit is reached; it says when to try again.
    """
    await _check_credits(connection, terms, request)
    await _check_numbers(connection, terms, request.new, request.at)


async def _check_credits(
    connection: AsyncConnection, terms: ApiTerms, request: AdmissionRequest
) -> None:
    spent = await spent_on(connection, day_of(request.at), terms.author)
    left = max(0, terms.credits_per_day - spent)
    if request.credits > left:
        text = f"The message costs {request.credits} credits; {left} are left today."
        wait = _seconds(midnight_after(request.at) - request.at)
        raise ApiError(ErrorCode.CREDITS_EXHAUSTED, text, retry_after=wait)


async def _check_numbers(
    connection: AsyncConnection, terms: ApiTerms, new: NewMessage, at: datetime
) -> None:
    """Refuses a message to a number that the application has sent to too often in this hour."""
    for part in chunks(new.recipients):
        query = (
            select(func.min(message.c.created_at))
            .join_from(recipient, message)
            .where(
                recipient.c.phone.in_(part),
                recipient.c.state.not_in(NOT_COUNTED_STATES),
                message.c.author == terms.author,
                message.c.created_at > at - HOUR,
            )
            .group_by(recipient.c.phone)
            .having(func.count() >= terms.per_number_per_hour)
        )
        full = (await connection.execute(query)).scalars().all()
        if full:
            wait = _seconds(max(full) + HOUR - at)
            raise ApiError(ErrorCode.NUMBER_LIMIT, retry_after=wait)


def _seconds(wait: timedelta) -> int:
    return max(1, int(wait.total_seconds()) + 1)
