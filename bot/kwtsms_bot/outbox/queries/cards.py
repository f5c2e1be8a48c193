"""What people see of a message: which cards are not up to date, and which replica brings one so.

A card belongs to one replica while it is posted: two of them would post it twice, and the later of
two updates might show the earlier state.
"""

from datetime import timedelta

from sqlalchemy import ColumnElement, and_, case, or_, select, update

from kwtsms_bot.database import Database
from kwtsms_bot.database.column_types import add_delay
from kwtsms_bot.database.tables import message
from kwtsms_bot.outbox.message import CardLocation, Message
from kwtsms_bot.outbox.queries.load import load_message

CARD_LEASE = timedelta(seconds=30)  # Longer than Slack takes; then another replica does it.


class CardStore:
    """The publisher's questions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def outdated_cards(self, limit: int) -> tuple[int, ...]:
        """Messages that have changed since they were shown and that nobody is showing now."""
        query = select(message.c.id).where(self._is_claimable()).order_by(message.c.id).limit(limit)
        async with self._database.reading() as connection:
            return tuple((await connection.execute(query)).scalars())

    async def claim_card(self, message_id: int) -> Message | None:
        """The message as it is now, and ours to show; None where another replica is at it."""
        claim = (
            update(message)
            .where(message.c.id == message_id, self._is_claimable())
            .values(showing_until=add_delay(self._database.now_expression, CARD_LEASE))
        )
        async with self._database.transaction() as connection:
            if (await connection.execute(claim)).rowcount != 1:
                return None
            return await load_message(connection, message.c.id == message_id)

    async def release_card(self, message_id: int) -> None:
        """It could not be shown: whoever comes next may try."""
        async with self._database.transaction() as connection:
            await connection.execute(
                update(message).where(message.c.id == message_id).values(showing_until=None)
            )

    async def record_shown(
        self, message_id: int, revision: int, location: CardLocation | None
    ) -> None:
        """This revision of the message is what people see, at `place`.

        Where a newer one was shown meanwhile, ours has covered it: then it is shown once more.
        """
        overwrote_newer = message.c.shown_revision > revision
        async with self._database.transaction() as connection:
            await connection.execute(
                update(message)
                .where(message.c.id == message_id)
                .values(
                    revision=case(
                        (overwrote_newer, message.c.revision + 1), else_=message.c.revision
                    ),
                    shown_revision=case(
                        (overwrote_newer, message.c.shown_revision), else_=revision
                    ),
                    showing_until=None,
                    place_channel=location.channel if location else None,
                    place_ts=location.ts if location else None,
                )
            )

    def _is_claimable(self) -> ColumnElement[bool]:
        """Not up to date, and in nobody's hands; a clock that went back holds no card for long."""
        now = self._database.now_expression
        until = message.c.showing_until
        unclaimed = or_(until.is_(None), until <= now, until > add_delay(now, CARD_LEASE))
        return and_(message.c.revision > message.c.shown_revision, unclaimed)
