"""Direct messages with the card of an incident: who gets one, and what each shows.

They follow an incident's state and step only, so that a storm does not edit all of them.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, case, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.bridge.escalation.policy import NO_POLICIES, Policies
from kwtsms_bot.bridge.incidents.views import IncidentView
from kwtsms_bot.bridge.models import AlertSeverity
from kwtsms_bot.bridge.states import IncidentState
from kwtsms_bot.bridge.store.incident_queries import load_view
from kwtsms_bot.database import Database
from kwtsms_bot.database.claims import ExpiringClaim
from kwtsms_bot.database.tables import DM_OPEN, incident, incident_dm
from kwtsms_bot.outbox.message import CardLocation
from kwtsms_bot.outbox.sql import upsert

# Longer than Slack takes to answer; then another replica may post it, so it may come twice.
DM_CLAIM = ExpiringClaim(incident_dm.c.showing_until, timedelta(seconds=30))
IS_ACKNOWLEDGED = incident.c.state == IncidentState.ACKNOWLEDGED.value


@dataclass(frozen=True, slots=True)
class OutdatedDm:
    """A direct message that does not show its incident's state."""

    incident_id: int
    user: str
    severity: AlertSeverity
    is_posted: bool


@dataclass(frozen=True, slots=True)
class ClaimedDm:
    """A direct message to be posted or edited, and the incident as it is now."""

    user: str
    incident: IncidentView
    step: int
    location: CardLocation | None


async def add_dms(connection: AsyncConnection, users: Collection[tuple[int, str]]) -> None:
    """Gives each of these users a direct message about an incident, unless they have one.

    One that shows the end is brought up to date: the incident has been reopened.
    """
    if not users:
        return
    rows = [
        {"incident_id": number, "slack_user": user, "shown_step": 0}
        for number, user in sorted(set(users))
    ]
    inserted = upsert(connection, incident_dm)
    await connection.execute(
        inserted.on_conflict_do_update(
            index_elements=["incident_id", "slack_user"],
            set_={"shown_state": None},
            where=incident_dm.c.shown_state == IncidentState.RESOLVED.value,
        ),
        rows,
    )


class IncidentDmStore:
    """Store of what direct messages show, for their publisher."""

    def __init__(self, database: Database, policies: Policies = NO_POLICIES) -> None:
        self._database, self._policies = database, policies

    async def add(self, ref: str, users: Collection[str]) -> None:
        """Gives these users a direct message about an incident, though nobody is texted."""
        wanted = select(incident.c.id).where(incident.c.ref == ref)
        async with self._database.transaction() as connection:
            number = (await connection.execute(wanted)).scalar_one()
            await add_dms(connection, [(number, user) for user in users])

    async def outdated_dms(self, limit: int) -> tuple[OutdatedDm, ...]:
        """Returns what is to be posted or edited: new ones first, then the worst.

        What was acknowledged before it was posted is not posted.
        """
        is_new = incident_dm.c.ts.is_(None)
        query = (
            select(
                incident_dm.c.incident_id,
                incident_dm.c.slack_user,
                incident_dm.c.ts,
                incident.c.severity,
            )
            .join_from(incident_dm, incident)
            .where(self._is_claimable(), or_(~is_new, ~IS_ACKNOWLEDGED))
            .order_by(case((is_new, 0), else_=1), incident.c.severity.desc(), incident.c.id)
            .limit(limit)
        )
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(
            OutdatedDm(row.incident_id, row.slack_user, AlertSeverity(row.severity), bool(row.ts))
            for row in rows
        )

    async def claim_dm(self, incident_id: int, user: str) -> ClaimedDm | None:
        """Claims a direct message; returns it, or None if another replica has it."""
        now = self._database.now_expression
        claim = DM_CLAIM.claim(now, *_is(incident_id, user), DM_OPEN, DM_CLAIM.is_free(now))
        async with self._database.transaction() as connection:
            if (await connection.execute(claim)).rowcount != 1:
                return None
        query = (
            select(incident_dm.c.channel, incident_dm.c.ts, incident.c.step)
            .join_from(incident_dm, incident)
            .where(*_is(incident_id, user))
        )
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).one()
            view = await load_view(connection, incident.c.id == incident_id, self._policies)
        if view is None:
            return None
        location = CardLocation(row.channel, row.ts) if row.ts else None
        return ClaimedDm(user, view, row.step, location)

    async def release_dm(self, incident_id: int, user: str) -> None:
        """Releases a direct message that could not be shown, so that any replica may try again."""
        await self._update(incident_id, user, showing_until=None)

    async def record_dm(self, one: ClaimedDm, location: CardLocation | None) -> None:
        """Records that the direct message at `location` shows this state; None: it needs none."""
        await self._update(
            one.incident.id,
            one.user,
            showing_until=None,
            shown_state=one.incident.state.value,
            shown_step=one.step,
            channel=location.channel if location else None,
            ts=location.ts if location else None,
        )

    async def record_refusal(self, incident_id: int, user: str, reason: str) -> None:
        """Records that Slack refuses the direct message, so that it is not tried again."""
        await self._update(incident_id, user, showing_until=None, refused_why=reason[:60])

    async def _update(self, incident_id: int, user: str, **changes: object) -> None:
        async with self._database.transaction() as connection:
            await connection.execute(
                update(incident_dm).where(*_is(incident_id, user)).values(**changes)
            )

    def _is_claimable(self) -> ColumnElement[bool]:
        """The condition that a direct message is out of date, and that no replica is posting it."""
        is_outdated = or_(
            incident_dm.c.shown_state.is_distinct_from(incident.c.state),
            incident_dm.c.shown_step != incident.c.step,
        )
        return and_(DM_OPEN, is_outdated, DM_CLAIM.is_free(self._database.now_expression))


def _is(incident_id: int, user: str) -> tuple[ColumnElement[bool], ...]:
    return incident_dm.c.incident_id == incident_id, incident_dm.c.slack_user == user
