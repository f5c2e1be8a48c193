"""Every SQL statement of the outbox. SQLAlchemy stops here; facts go in and out."""

from kwtsms_bot.outbox.audit import Actor, Audit, AuditEntry
from kwtsms_bot.outbox.delivery.store import DeliveryStore
from kwtsms_bot.outbox.dispatch.claim_store import ClaimStore
from kwtsms_bot.outbox.dispatch.lease_store import LeaseStore
from kwtsms_bot.outbox.dispatch.settlement_store import SettlementStore
from kwtsms_bot.outbox.flow_control.breaker_store import BreakerStore
from kwtsms_bot.outbox.flow_control.kill_switch import ActivePause, KillSwitch, SendingPaused
from kwtsms_bot.outbox.flow_control.rate_limiter import (
    INTERVAL,
    DatabaseRateLimiter,
    QueryRateLimiter,
)
from kwtsms_bot.outbox.intake.batch import IntakeStore
from kwtsms_bot.outbox.intake.draft_store import DraftStore
from kwtsms_bot.outbox.intake.store import Accepted, IdempotencyConflict
from kwtsms_bot.outbox.queries.cards import CardStore
from kwtsms_bot.outbox.queries.messages import MessageQueries
from kwtsms_bot.outbox.retention.erase_number import Erased, NumberEraser
from kwtsms_bot.outbox.retention.purge_store import PurgeStore
from kwtsms_bot.outbox.unknown.cancellation import Cancellation, Cancelled
from kwtsms_bot.outbox.unknown.decision_store import DecisionStore
from kwtsms_bot.outbox.unknown.evidence_store import EvidenceStore

__all__ = [
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
    "QueryRateLimiter",
    "SendingPaused",
    "Store",
]


class Store(
    IntakeStore,
    DraftStore,
    MessageQueries,
    CardStore,
    ClaimStore,
    SettlementStore,
    LeaseStore,
    BreakerStore,
    EvidenceStore,
    DecisionStore,
    Cancellation,
    DeliveryStore,
    PurgeStore,
    NumberEraser,
    KillSwitch,
):
    """The outbox in its database."""
