"""One pass of the bundler: outcomes, recalls and new messages, in one transaction.

Nothing is awaited in it but the database, so there is no lease: a process that dies in it has done
nothing. Of several replicas, one makes a pass at a time.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.bridge.bundling import (
    Bundle,
    BundleDecision,
    DeferralReason,
    DroppedReason,
    Gate,
    PendingContact,
    Phones,
    Recipients,
    decide,
    deferred_contacts,
)
from kwtsms_bot.bridge.pace import after_message, fresh_pace
from kwtsms_bot.bridge.records import WaitingNotification
from kwtsms_bot.bridge.reports import Receiver
from kwtsms_bot.bridge.states import NotificationState
from kwtsms_bot.bridge.store.credit_notices import NoticeTargets, queue_credit_notice
from kwtsms_bot.bridge.store.due import (
    is_due,
    load_alerts,
    load_due,
    load_notified,
    load_paces,
    load_pending,
)
from kwtsms_bot.bridge.store.gate import BUDGET, load_gate
from kwtsms_bot.bridge.store.incident_clock import (
    advance_incidents,
    has_due_change,
    pass_unreached,
)
from kwtsms_bot.bridge.store.incident_dms import add_dms
from kwtsms_bot.bridge.store.intake import database_time
from kwtsms_bot.bridge.store.open_messages import (
    LEFT,
    OpenRecipient,
    copy_outcomes,
    load_open,
    recall,
)
from kwtsms_bot.bridge.store.silence_clock import NO_INHIBITION, Inhibition
from kwtsms_bot.bridge.store.snapshot import show_incidents
from kwtsms_bot.bridge.store.transitions import move_by_id
from kwtsms_bot.database import Database
from kwtsms_bot.database.column_types import EPOCH
from kwtsms_bot.database.tables import notification, number_cooldown, phone_pace, recipient
from kwtsms_bot.outbox.dedupe import INTAKE_LOCK
from kwtsms_bot.outbox.flow_control.cooldown import in_cooldown
from kwtsms_bot.outbox.intake.admit import Accepted, admit
from kwtsms_bot.outbox.message import NewMessage, Priority
from kwtsms_bot.outbox.quota.admission import AdmissionRequest
from kwtsms_bot.outbox.quota.limits import UNLIMITED
from kwtsms_bot.outbox.sql import chunks, upsert

AUTHOR = "bridge"
NOTIFICATIONS_LOCK = "bridge notifications"
MESSAGE_LASTS = timedelta(minutes=10)  # Then it expires, and its notifications wait for another.


@dataclass(frozen=True, slots=True)
class SendingTerms:
    """Settings of messages about alerts."""

    sender_id: str
    test: bool
    credits_per_day: int
    recipients: Recipients
    receivers: Mapping[str, Receiver]
    inhibition: Inhibition = NO_INHIBITION
    notice_targets: NoticeTargets = field(default_factory=NoticeTargets)


class BundleStore:
    """Store that turns notifications into messages of the outbox."""

    def __init__(self, database: Database, terms: SendingTerms) -> None:
        self._database, self._terms, self._inhibition = database, terms, terms.inhibition

    async def has_work(self) -> bool:
        """Whether anything is waiting, under way, about to close, or a step due."""
        states = (NotificationState.WAITING.value, NotificationState.BUNDLED.value)
        pending = exists().where(notification.c.state.in_(states))
        changing = has_due_change(self._database.now_expression)
        async with self._database.reading() as connection:
            return bool((await connection.execute(select(or_(pending, changing)))).scalar())

    async def run_pass(self) -> bool:
        """Makes one pass; returns whether a message was made.

        Incidents are changed first and apart: while one is locked, its new alerts wait.

        Raises:
            DatabaseError: what was to be done is done by the next pass.
        """
        self._inhibition = await self._database.run_transaction(self.advance)
        return await self._database.run_transaction(self.make_pass)

    async def advance(self, connection: AsyncConnection) -> Inhibition:
        """Makes the changes of incidents that are due, as a part of a transaction.

        Returns the inhibition that the next pass begins with.
        """
        if not await try_lock(connection, self._database):
            return self._inhibition
        now = await database_time(connection, self._database)
        return await advance_incidents(connection, self._terms.receivers, now, self._inhibition)

    async def make_pass(self, connection: AsyncConnection) -> bool:
        """Makes messages as a part of a transaction; returns whether there is one.

        The cards' incidents are written last, shortly before it is committed.
        """
        outdated: set[int] = set()
        has_message = await self._make_messages(connection, outdated)
        await show_incidents(connection, outdated)
        return has_message

    async def _make_messages(self, connection: AsyncConnection, outdated: set[int]) -> bool:
        """Makes messages; adds the incidents to `outdated` whose cards are to be updated."""
        if not await try_lock(connection, self._database):
            return False
        await self._database.acquire_lock(connection, INTAKE_LOCK)
        now = await database_time(connection, self._database)
        gate = await load_gate(connection, now, self._terms.credits_per_day)
        await queue_credit_notice(connection, gate, self._terms.notice_targets)
        still_open, retries = await _settle(connection, gate, now, outdated)
        pending = await load_pending(connection, now)
        if not pending:
            return False
        phones = await self._phones(connection, pending, still_open)
        recipients = self._terms.recipients
        deferred = deferred_contacts(pending, recipients=recipients, phones=phones, gate=gate)
        outdated |= await _write_deferrals(connection, deferred, now)
        due = await load_due(connection, {one.contact for one in pending} - deferred.keys(), now)
        decision = decide(
            due,
            await load_alerts(connection, {one.incident.id: one.incident for one in due}),
            recipients=recipients,
            notified=await load_notified(connection, due),
            phones=phones,
            gate=gate,
        )
        outdated |= await _write_undelivered(connection, due, decision, now)
        for bundle in decision.bundles:
            not_before = max((retries.get(phone, now) for phone in bundle.phones), default=now)
            await self._send(connection, bundle, now, not_before)
            outdated |= bundle.incidents
        return bool(decision.bundles)

    async def _phones(
        self,
        connection: AsyncConnection,
        pending: Sequence[PendingContact],
        still_open: Sequence[OpenRecipient],
    ) -> Phones:
        people = self._terms.recipients.people
        numbers = {people[one.contact].phone for one in pending if one.contact in people}
        return Phones(
            paces=await load_paces(connection, numbers),
            open={one.phone for one in still_open},
            cooling_down=await self._cooling_down(connection, numbers),
        )

    async def _cooling_down(
        self, connection: AsyncConnection, numbers: Collection[str]
    ) -> frozenset[str]:
        found: set[str] = set()
        for part in chunks(sorted(numbers)):
            query = select(number_cooldown.c.phone).where(
                number_cooldown.c.phone.in_(part), in_cooldown(self._database.now_expression)
            )
            found.update((await connection.execute(query)).scalars())
        return frozenset(found)

    async def _send(
        self, connection: AsyncConnection, bundle: Bundle, now: datetime, not_before: datetime
    ) -> None:
        """Puts a message into the outbox, and marks its notifications as part of it."""
        new = NewMessage(
            source="bridge",
            author=AUTHOR,
            text=bundle.text,
            sender_id=self._terms.sender_id,
            recipients=bundle.phones,
            pages=bundle.pages,
            priority=Priority.URGENT,
            expires_at=now + MESSAGE_LASTS,
            test=self._terms.test,
            budget=BUDGET,
            has_card=False,
            not_before=not_before,
        )
        request = AdmissionRequest(new, now)
        (result,) = await admit(self._database, connection, [request], UNLIMITED)
        if not isinstance(result, Accepted):
            raise result  # The gate was open in this very transaction.
        await _mark_bundled(connection, bundle, result.message.id, now)
        people = self._terms.recipients.people
        notified = (one for rows in bundle.contents.values() for one, _ in rows)
        users = ((one.incident.id, people[one.contact].slack) for one in notified)
        await add_dms(connection, [(number, user) for number, user in users if user])


async def _mark_bundled(
    connection: AsyncConnection, bundle: Bundle, message_id: int, now: datetime
) -> None:
    """Marks the notifications of a bundle as part of this message."""
    query = select(recipient.c.phone, recipient.c.id).where(recipient.c.message_id == message_id)
    ids = {row.phone: row.id for row in await connection.execute(query)}
    for phone, contents in bundle.contents.items():
        equal: defaultdict[tuple[int, str | None], list[int]] = defaultdict(list)
        for one, count in contents:
            equal[count, one.refusal].append(one.id)
        after = NotificationState.BUNDLED
        for (count, reason), rows in equal.items():
            changes = {"recipient_id": ids[phone], "counted": count, "reason": reason}
            await move_by_id(connection, rows, after, now, **changes)


async def try_lock(connection: AsyncConnection, database: Database) -> bool:
    """Takes the lock of notifications unless another replica has it; SQLite has one writer."""
    if database.dialect != "postgresql":
        return True
    lock = func.pg_try_advisory_xact_lock(func.hashtext(NOTIFICATIONS_LOCK))
    return bool((await connection.execute(select(lock))).scalar())


async def _settle(
    connection: AsyncConnection, gate: Gate, now: datetime, outdated: set[int]
) -> tuple[tuple[OpenRecipient, ...], dict[str, datetime]]:
    """Copies outcomes and recalls what is stale; adds the incidents with outcomes to `outdated`.

    Returns what is still under way, and when the next try of each recalled phone was due.
    """
    found = await load_open(connection)
    settled = [one for one in found if one.outcome is not None]
    await copy_outcomes(connection, settled, now)
    outdated |= {number for one in settled for number in one.incidents}
    await _start_gaps(connection, settled, now)
    failed = {
        number
        for one in settled
        if one.outcome is NotificationState.FAILED
        for number in one.incidents
    }
    await pass_unreached(connection, failed, now)
    in_progress = [one for one in found if one.outcome is None]
    stale = [
        one
        for one in in_progress
        if one.is_stale(now) or gate.deferral_reason(one.severity) is not None
    ]
    recalled = await recall(connection, stale, now)
    still_open = tuple(one for one in in_progress if one not in recalled)
    return still_open, {one.phone: one.due_at for one in recalled if one.tries}


async def _start_gaps(
    connection: AsyncConnection, settled: Sequence[OpenRecipient], now: datetime
) -> None:
    """Records, for their pace, the phones that a message has or may have reached."""
    reached = {one.phone: one.severity for one in settled if one.outcome in LEFT}
    paces = await load_paces(connection, reached)
    for phone, severity in sorted(reached.items()):
        pace = after_message(paces.get(phone) or fresh_pace(now), severity, now)
        values = {
            "sent_at": pace.sent_at,
            "severity": int(pace.severity),
            "tokens": pace.tokens,
            "tokens_at": pace.tokens_at,
            "bypasses": [(one - EPOCH).total_seconds() for one in pace.bypasses],
        }
        inserted = upsert(connection, phone_pace).values(phone=phone, **values)
        await connection.execute(
            inserted.on_conflict_do_update(index_elements=["phone"], set_=values)
        )


async def _write_undelivered(
    connection: AsyncConnection,
    due: Sequence[WaitingNotification],
    decision: BundleDecision,
    now: datetime,
) -> set[int]:
    """Writes what is over, and what the others wait for; returns the incidents that changed."""
    for why in DroppedReason:
        ids = [number for number, reason in decision.dropped.items() if reason is why]
        is_resolved = why is DroppedReason.RESOLVED_BEFORE
        after = NotificationState.NOT_NEEDED if is_resolved else NotificationState.CANCELLED
        await move_by_id(connection, ids, after, now, reason=why.value)
    rows = {one.id: one.incident.id for one in due}
    changed = {rows[number] for number in decision.dropped}
    removed = {
        rows[number] for number, why in decision.dropped.items() if why is DroppedReason.REMOVED
    }
    await pass_unreached(connection, removed, now)
    by_reason: defaultdict[DeferralReason, list[int]] = defaultdict(list)
    for number, reason in decision.deferred.items():
        by_reason[reason].append(number)
    for reason, ids in by_reason.items():
        for part in chunks(sorted(ids)):
            changed |= await _write_reason(connection, notification.c.id.in_(part), reason, now)
    return changed


async def _write_deferrals(
    connection: AsyncConnection, deferred: Mapping[str, DeferralReason], now: datetime
) -> set[int]:
    """Writes why these contacts are not notified now; returns the incidents that changed."""
    changed: set[int] = set()
    contacts: defaultdict[DeferralReason, list[str]] = defaultdict(list)
    for contact, reason in deferred.items():
        contacts[reason].append(contact)
    for reason, names in contacts.items():
        for part in chunks(sorted(names)):
            where = is_due(now) & notification.c.contact.in_(part)
            changed |= await _write_reason(connection, where, reason, now)
    return changed


async def _write_reason(
    connection: AsyncConnection,
    where: ColumnElement[bool],
    reason: DeferralReason,
    now: datetime,
) -> set[int]:
    """Writes a reason where it is another one; returns the incidents that changed."""
    changed = await connection.execute(
        update(notification)
        .where(where, notification.c.reason.is_distinct_from(reason.value))
        .values(reason=reason.value, updated_at=now)
        .returning(notification.c.incident_id)
    )
    return set(changed.scalars())
