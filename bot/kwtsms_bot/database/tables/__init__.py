"""The tables, by owner. `migrations/` brings a database to them."""

from kwtsms_bot.database.tables.balance import balance_notice, balance_sample, notice_delivery
from kwtsms_bot.database.tables.coordination import (
    circuit_breaker,
    database_start,
    job_slot,
    number_cooldown,
    rate_limit,
    switch,
)
from kwtsms_bot.database.tables.outbox import (
    CARD_OUTDATED,
    HAS_REASON,
    HAS_TEXT,
    attempt,
    audit,
    decision,
    dedupe,
    draft,
    evidence,
    message,
    recipient,
    spending,
)

__all__ = [
    "CARD_OUTDATED",
    "HAS_REASON",
    "HAS_TEXT",
    "attempt",
    "audit",
    "balance_notice",
    "balance_sample",
    "circuit_breaker",
    "database_start",
    "decision",
    "dedupe",
    "draft",
    "evidence",
    "job_slot",
    "message",
    "notice_delivery",
    "number_cooldown",
    "rate_limit",
    "recipient",
    "spending",
    "switch",
]
