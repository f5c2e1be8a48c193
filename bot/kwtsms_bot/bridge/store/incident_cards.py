"""Cards of incidents that are out of date, and the claims by which one replica updates each."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select, update

from kwtsms_bot.bridge.escalation.policy import NO_POLICIES, Policies
from kwtsms_bot.bridge.incidents.views import IncidentView
from kwtsms_bot.bridge.models import AlertSeverity
from kwtsms_bot.bridge.store.incident_queries import load_view
from kwtsms_bot.database import Database
from kwtsms_bot.database.claims import ExpiringClaim
from kwtsms_bot.database.tables import INCIDENT_OUTDATED, incident, incident_event
from kwtsms_bot.outbox.message import CardLocation

# Longer than Slack takes to answer; then another replica may post the card.
INCIDENT_CARD_CLAIM = ExpiringClaim(incident.c.showing_until, timedelta(seconds=30))
NOT_IN_THREAD = incident_event.c.id > func.coalesce(incident.c.shown_event, 0)
# The card itself says that it was opened: that makes no post of its own.
LACKS_LINE = exists().where(
    incident_event.c.incident_id == incident.c.id, NOT_IN_THREAD, incident_event.c.kind != "opened"
)


@dataclass(frozen=True, slots=True)
class OutdatedCard:
    """An incident that its card does not show as it is."""

    id: int
    receiver: str
    severity: AlertSeverity
    is_posted: bool


class IncidentCardStore:
    """Store of what the cards of incidents show, for their publisher."""

    def __init__(self, database: Database, policies: Policies = NO_POLICIES) -> None:
        self._database, self._policies = database, policies

    async def outdated_cards(
        self, limit: int, *, except_for: Collection[str] = ()
    ) -> tuple[OutdatedCard, ...]:
        """Returns incidents to show: those without a card first, then the worst.

        Those of the receivers in `except_for` are left out.
        """
        is_posted = case((incident.c.place_ts.is_(None), 0), else_=1)
        query = (
            select(incident.c.id, incident.c.receiver, incident.c.severity, incident.c.place_ts)
            .where(self._is_claimable(), incident.c.receiver.not_in(except_for))
            .order_by(is_posted, incident.c.severity.desc(), incident.c.id)
            .limit(limit)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(
            OutdatedCard(
                row.id, row.receiver, AlertSeverity(row.severity), row.place_ts is not None
            )
            for row in rows
        )

    async def claim_card(self, incident_id: int) -> IncidentView | None:
        """Claims an incident's card; returns the incident, or None if another replica has it."""
        now = self._database.now_expression
        claim = INCIDENT_CARD_CLAIM.claim(now, incident.c.id == incident_id, self._is_claimable())
        async with self._database.transaction() as connection:
            if (await connection.execute(claim)).rowcount != 1:
                return None
        async with self._database.reading() as connection:  # Alerts are accepted meanwhile.
            return await load_view(connection, incident.c.id == incident_id, self._policies)

    async def release_card(self, incident_id: int) -> None:
        """Releases a card that could not be shown, so that any replica may try again."""
        async with self._database.transaction() as connection:
            await connection.execute(
                update(incident).where(incident.c.id == incident_id).values(showing_until=None)
            )

    async def record_shown(
        self, incident_id: int, revision: int, location: CardLocation | None
    ) -> None:
        """Records that the card at `location` shows this revision of the incident.

        If a newer one was shown meanwhile, ours has covered it: then the card is updated once more.
        """
        overwrote_newer = incident.c.shown_revision > revision
        shown = {
            "revision": case((overwrote_newer, incident.c.revision + 1), else_=incident.c.revision),
            "shown_revision": case((overwrote_newer, incident.c.shown_revision), else_=revision),
            "showing_until": None,
            "place_channel": location.channel if location else None,
            "place_ts": location.ts if location else None,
            "thread_due": or_(incident.c.thread_due, LACKS_LINE) if location else False,
        }
        async with self._database.transaction() as connection:
            await connection.execute(
                update(incident).where(incident.c.id == incident_id).values(shown)
            )

    def _is_claimable(self) -> ColumnElement[bool]:
        """The condition that a card is out of date, and that no replica is posting it."""
        return and_(INCIDENT_OUTDATED, INCIDENT_CARD_CLAIM.is_free(self._database.now_expression))
