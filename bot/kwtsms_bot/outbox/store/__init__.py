"""Every SQL statement of the outbox. SQLAlchemy stops here; facts go in and out."""

from kwtsms_bot.outbox.store.accepting import IntakeStore
from kwtsms_bot.outbox.store.admitting import Accepted, IdempotencyConflict
from kwtsms_bot.outbox.store.audit import Actor, Audit, AuditEntry
from kwtsms_bot.outbox.store.cancelling import Cancellation, Cancelled
from kwtsms_bot.outbox.store.claiming import ClaimStore
from kwtsms_bot.outbox.store.deciding import DecisionStore
from kwtsms_bot.outbox.store.dispatching import SettlementStore
from kwtsms_bot.outbox.store.drafts import DraftStore
from kwtsms_bot.outbox.store.erasing import PurgeStore
from kwtsms_bot.outbox.store.evidence import EvidenceStore
from kwtsms_bot.outbox.store.following import DeliveryStore
from kwtsms_bot.outbox.store.forgetting import Erased, NumberEraser
from kwtsms_bot.outbox.store.holding import BreakerStore
from kwtsms_bot.outbox.store.pace import INTERVAL, DatabaseRateLimiter, QueryRateLimiter
from kwtsms_bot.outbox.store.reading import MessageQueries
from kwtsms_bot.outbox.store.showing import CardStore
from kwtsms_bot.outbox.store.switches import ActivePause, KillSwitch, SendingPaused
from kwtsms_bot.outbox.store.takeover import LeaseStore

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
