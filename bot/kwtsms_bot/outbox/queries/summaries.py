"""A read model for lists of messages: as much of each as a line shows, all in one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.database.tables import decision, message, recipient
from kwtsms_bot.outbox.decision import DecisionKind
from kwtsms_bot.outbox.queries.load import count_presumed_sent
from kwtsms_bot.outbox.states import State

MAX_TEXT_START = 80  # Characters.


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSummary:
    """Message as a list shows it: as small for 100,000 recipients as for three."""

    id: int
    ref: str
    author: str
    created_at: datetime
    first_phone: str = field(repr=False)
    text_start: str | None = field(repr=False)  # None once the text is erased.
    counts: Mapping[State, int]  # In the order of the states; only those that occur.
    presumed_sent: int  # Of the sent: marked as sent by a person, not confirmed by kwtSMS.

    @property
    def size(self) -> int:
        """The number of recipients."""
        return sum(self.counts.values())


async def load_summaries(
    connection: AsyncConnection, author: str | None, limit: int
) -> tuple[MessageSummary, ...]:
    """The newest messages, of one author or of all; the newest first."""
    rows = (await connection.execute(_newest_by_state(author, limit))).all()
    return tuple(_as_summary(list(group)) for _, group in groupby(rows, key=lambda row: row.id))


def _newest_by_state(author: str | None, limit: int) -> Select[Any]:
    """A row for each state of each message: the recipients are counted in their index alone."""
    first_phone = (
        select(recipient.c.phone)
        .where(recipient.c.message_id == message.c.id)
        .order_by(recipient.c.message_id, recipient.c.id)
        .limit(1)
    )
    query = (
        select(
            message.c.id,
            message.c.ref,
            message.c.author,
            message.c.created_at,
            func.substr(message.c.text, 1, MAX_TEXT_START).label("text_start"),
            first_phone.scalar_subquery().label("first_phone"),
            _presumed_sent().label("presumed_sent"),
        )
        .order_by(message.c.id.desc())
        .limit(limit)
    )
    if author is not None:
        query = query.where(message.c.author == author)
    newest = query.cte("newest")
    counted = (
        select(recipient.c.message_id, recipient.c.state, func.count().label("recipients"))
        .where(recipient.c.message_id.in_(select(newest.c.id)))
        .group_by(recipient.c.message_id, recipient.c.state)
        .subquery("counted")
    )
    return (
        select(newest, counted.c.state, counted.c.recipients)
        .join(counted, counted.c.message_id == newest.c.id)
        .order_by(newest.c.id.desc())
    )


def _presumed_sent() -> ColumnElement[int]:
    """Counts recipients only where a person has decided: that reads each one that is sent."""
    decided = select(decision.c.id).where(
        decision.c.message_id == message.c.id,
        decision.c.what == DecisionKind.TREAT_AS_SENT.value,
    )
    counted = count_presumed_sent(message.c.id).scalar_subquery()
    return case((decided.exists(), counted), else_=0)


def _as_summary(rows: Sequence[Row[Any]]) -> MessageSummary:
    first = rows[0]
    counts = {row.state: row.recipients for row in rows}
    return MessageSummary(
        id=first.id,
        ref=first.ref,
        author=first.author,
        created_at=first.created_at,
        first_phone=first.first_phone,
        text_start=first.text_start,
        counts={state: counts[state.value] for state in State if state.value in counts},
        presumed_sent=first.presumed_sent,
    )
