"""Cards that are out of date, and the claims by which one replica updates each.

A card belongs to one replica while it is posted: two of them would post it twice, and the later of
two updates might show the earlier state.
"""

from datetime import timedelta

from sqlalchemy import ColumnElement, and_, case, select, update

from kwtsms_bot.database import Database
from kwtsms_bot.database.claims import ExpiringClaim
from kwtsms_bot.database.tables import CARD_OUTDATED, message
from kwtsms_bot.outbox.message import CardLocation, Message
from kwtsms_bot.outbox.queries.load import load_message

# Longer than Slack takes to answer; then another replica may post the card.
CARD_CLAIM = ExpiringClaim(message.c.showing_until, timedelta(seconds=30))


class CardStore:
    """Store of what the cards show, for the card publisher."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def outdated_cards(self, limit: int) -> tuple[int, ...]:
        """Messages that changed since their card was updated, and whose card is not claimed."""
        query = select(message.c.id).where(self._is_claimable()).order_by(message.c.id).limit(limit)
        async with self._database.reading() as connection:
            return tuple((await connection.execute(query)).scalars())

    async def claim_card(self, message_id: int) -> Message | None:
        """Claims the message's card; returns the message, or None if another replica has it."""
        now = self._database.now_expression
        claim = CARD_CLAIM.claim(now, message.c.id == message_id, self._is_claimable())
        async with self._database.transaction() as connection:
            if (await connection.execute(claim)).rowcount != 1:
                return None
            return await load_message(connection, message.c.id == message_id)

    async def release_card(self, message_id: int) -> None:
        """Releases a card that could not be posted, so that any replica may try again."""
        async with self._database.transaction() as connection:
            await connection.execute(
                update(message).where(message.c.id == message_id).values(showing_until=None)
            )

    async def record_shown(
        self, message_id: int, revision: int, location: CardLocation | None
    ) -> None:
        """Records that the card at `location` shows this revision of the message.

        If a newer one was shown meanwhile, ours has covered it: then the card is updated once more.
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
        """The condition that a card is out of date, and that no replica is posting it."""
        return and_(CARD_OUTDATED, CARD_CLAIM.is_free(self._database.now_expression))
