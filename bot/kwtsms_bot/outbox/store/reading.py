"""Out of the outbox: messages by id, and those whose card does not show what is so."""

from sqlalchemy import and_, case, select, update

from kwtsms_bot.database.tables import message, recipient
from kwtsms_bot.outbox.message import Message, Place
from kwtsms_bot.outbox.store.base import Base, load


class Reading(Base):
    """The questions."""

    async def get(self, message_id: int) -> Message | None:
        """The message with our number."""
        async with self.database.reading() as connection:
            return await load(connection, message.c.id == message_id)

    async def find(self, wanted: str) -> Message | None:
        """The message with this reference, or with this id at the gateway."""
        by_gateway = select(recipient.c.message_id).where(recipient.c.gateway_id == wanted)
        async with self.database.reading() as connection:
            found = await load(connection, message.c.ref == wanted)
            return found or await load(connection, message.c.id.in_(by_gateway))

    async def latest(self, author: str) -> Message | None:
        """What this person sent last."""
        async with self.database.reading() as connection:
            return await load(connection, message.c.author == author)

    async def unshown(self, limit: int) -> tuple[Message, ...]:
        """Messages that have changed since they were shown, oldest first."""
        async with self.database.reading() as connection:
            ids = (
                await connection.execute(
                    select(message.c.id)
                    .where(message.c.revision > message.c.shown_revision)
                    .order_by(message.c.id)
                    .limit(limit)
                )
            ).scalars()
            found = [await load(connection, message.c.id == one) for one in ids.all()]
        return tuple(one for one in found if one is not None)

    async def shown(self, message_id: int, revision: int, place: Place | None) -> None:
        """This revision of the message is what people see, at `place`."""
        newer = and_(message.c.shown_revision < revision)
        async with self.database.transaction() as connection:
            await connection.execute(
                update(message)
                .where(message.c.id == message_id)
                .values(
                    shown_revision=case((newer, revision), else_=message.c.shown_revision),
                    place_channel=place.channel if place else None,
                    place_ts=place.ts if place else None,
                )
            )
