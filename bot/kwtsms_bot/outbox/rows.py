"""Rows of `recipient` as objects, and conditions on them that several packages share."""

from typing import Any

from sqlalchemy import Row

from kwtsms_bot.database.tables import recipient
from kwtsms_bot.outbox.message import ERASED, Recipient
from kwtsms_bot.outbox.states import State

FIRST_PHONES = 3  # Numbers that a message is known by.
# The condition that a number is not erased. Its first half serves the index of a message's numbers,
# in which erased ones come first.
HAS_NUMBER = (recipient.c.phone >= "0") & recipient.c.phone.not_like(f"{ERASED}%")


def as_recipient(row: Row[Any]) -> Recipient:
    """The recipient in a row."""
    return Recipient(
        id=row.id,
        phone=row.phone,
        state=State(row.state),
        due_at=row.due_at,
        tries=row.tries,
        gateway_id=row.gateway_id,
        code=row.code,
        reason=row.reason,
        updated_at=row.updated_at,
    )
