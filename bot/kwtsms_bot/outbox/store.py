"""The outbox as a whole: its stores, composed. Each loop takes only the stores that it uses."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from kwtsms_bot.database import Database
from kwtsms_bot.outbox.audit import Actor, Audit, AuditEntry
from kwtsms_bot.outbox.delivery.store import DeliveryStore
from kwtsms_bot.outbox.dispatch.claim_store import ClaimStore
from kwtsms_bot.outbox.dispatch.lease_store import LeaseStore
from kwtsms_bot.outbox.dispatch.settlement_store import SettlementStore
from kwtsms_bot.outbox.flow_control.breaker_store import BreakerStore
from kwtsms_bot.outbox.flow_control.cooldown import COOLDOWN
from kwtsms_bot.outbox.flow_control.kill_switch import ActivePause, KillSwitch, SendingPaused
from kwtsms_bot.outbox.flow_control.rate_limiter import (
    INTERVAL,
    DatabaseRateLimiter,
    QueryRateLimiter,
)
from kwtsms_bot.outbox.intake.admit import Accepted, IdempotencyConflict
from kwtsms_bot.outbox.intake.draft_store import DraftStore
from kwtsms_bot.outbox.intake.store import IntakeStore
from kwtsms_bot.outbox.message import Message, no_quiet_hours
from kwtsms_bot.outbox.queries.cards import CardStore
from kwtsms_bot.outbox.queries.messages import MessageQueries
from kwtsms_bot.outbox.queries.statistics import OutboxStatistics
from kwtsms_bot.outbox.retention.erase_number import Erased, NumberEraser
from kwtsms_bot.outbox.retention.purge_store import PurgeStore
from kwtsms_bot.outbox.unknown.cancellation import Cancellation, Cancelled
from kwtsms_bot.outbox.unknown.decision_store import DecisionStore
from kwtsms_bot.outbox.unknown.evidence_store import EvidenceStore

__all__ = [
    "COOLDOWN",
    "INTERVAL",
    "Accepted",
    "ActivePause",
    "Actor",
    "Audit",
    "AuditEntry",
    "Cancelled",
    "DatabaseRateLimiter",
    "Erased",
    "IdempotencyConflict",
    "Outbox",
    "QueryRateLimiter",
    "SendingPaused",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """The stores of one database."""

    database: Database
    intake: IntakeStore
    drafts: DraftStore
    messages: MessageQueries
    cards: CardStore
    claims: ClaimStore
    settlements: SettlementStore
    leases: LeaseStore
    delivery: DeliveryStore
    breaker: BreakerStore
    kill_switch: KillSwitch
    evidence: EvidenceStore
    decisions: DecisionStore
    cancellation: Cancellation
    purge: PurgeStore
    eraser: NumberEraser
    statistics: OutboxStatistics
    audit: Audit


def open_outbox(
    database: Database,
    *,
    cooldown: timedelta = COOLDOWN,
    in_quiet_hours: Callable[[], bool] = no_quiet_hours,
    on_accepted: Callable[[Message], None] = lambda _: None,
) -> Outbox:
    """The outbox in `database`.

    A number that was sent to rests for `cooldown`. `in_quiet_hours` says whether bulk messages
    wait now; `on_accepted` gets each message once it is durable.
    """
    return Outbox(
        database=database,
        intake=IntakeStore(database, on_accepted=on_accepted),
        drafts=DraftStore(database, on_accepted=on_accepted),
        messages=MessageQueries(database),
        cards=CardStore(database),
        claims=ClaimStore(database, in_quiet_hours=in_quiet_hours),
        settlements=SettlementStore(database, cooldown=cooldown),
        leases=LeaseStore(database),
        delivery=DeliveryStore(database),
        breaker=BreakerStore(database),
        kill_switch=KillSwitch(database),
        evidence=EvidenceStore(database),
        decisions=DecisionStore(database),
        cancellation=Cancellation(database),
        purge=PurgeStore(database),
        eraser=NumberEraser(database),
        statistics=OutboxStatistics(database, in_quiet_hours=in_quiet_hours),
        audit=Audit(database),
    )
