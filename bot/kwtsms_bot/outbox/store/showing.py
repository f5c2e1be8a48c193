"""What people see of a message: which cards are not up to date, and which replica brings one so.

A card belongs to one replica while it is posted: two of them would post it twice, and the later of
two updates might show the earlier state.
"""

from datetime import timedelta

from sqlalchemy import ColumnElement, and_, case, or_, select, update

from kwtsms_bot.database.columns import later
from kwtsms_bot.database.tables import message
from kwtsms_bot.outbox.message import Message, Place
from kwtsms_bot.outbox.store.base import Base
from kwtsms_bot.outbox.store.loading import load

SHOWING = timedelta(seconds=30)  # Longer than Slack takes; then another replica does it.


class Showing(Base):
    """The publisher's questions."""

    async def unshown(self, limit: int) -> tuple[int, ...]:
        """Messages that have changed since they were shown and that nobody is showing now."""
        query = select(message.c.id).where(self._free()).order_by(message.c.id).limit(limit)
        async with self.database.reading() as connection:
            return tuple((await connection.execute(query)).scalars())

    async def take_to_show(self, message_id: int) -> Message | None:
        """The message as it is now, and ours to show; None where another replica is at it."""
        mine = (
            update(message)
            .where(message.c.id == message_id, self._free())
            .values(showing_until=later(self.database.now_expression, SHOWING))
        )
        async with self.database.transaction() as connection:
            if (await connection.execute(mine)).rowcount != 1:
                return None
            return await load(connection, message.c.id == message_id)

    async def not_shown(self, message_id: int) -> None:
        """It could not be shown: whoever comes next may try."""
        async with self.database.transaction() as connection:
            await connection.execute(
                update(message).where(message.c.id == message_id).values(showing_until=None)
            )

    async def shown(self, message_id: int, revision: int, place: Place | None) -> None:
        """This revision of the message is what people see, at `place`.

        Where a newer one was shown meanwhile, ours has covered it: then it is shown once more.
        """
        covered = message.c.shown_revision > revision
        async with self.database.transaction() as connection:
            await connection.execute(
                update(message)
                .where(message.c.id == message_id)
                .values(
                    revision=case((covered, message.c.revision + 1), else_=message.c.revision),
                    shown_revision=case((covered, message.c.shown_revision), else_=revision),
                    showing_until=None,
                    place_channel=place.channel if place else None,
                    place_ts=place.ts if place else None,
                )
            )

    def _free(self) -> ColumnElement[bool]:
        """Not up to date, and in nobody's hands; a clock that went back holds no card for long."""
        now = self.database.now_expression
        until = message.c.showing_until
        idle = or_(until.is_(None), until <= now, until > later(now, SHOWING))
        return and_(message.c.revision > message.c.shown_revision, idle)
