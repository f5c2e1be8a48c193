"""The tables that say whether a request may start now: one row for each account."""

from sqlalchemy import Boolean, Column, SmallInteger, String, Table

from kwtsms_bot.database.columns import UtcDateTime, metadata

rate_limit = Table(
    "rate",
    metadata,
    Column("account", String(40), primary_key=True),
    Column("next_free", UtcDateTime, nullable=False),
)

# Whether anything may leave while the gateway's answers cannot be read: outbox/hold.py.
circuit_breaker = Table(
    "hold",
    metadata,
    Column("account", String(40), primary_key=True),
    Column("unread", SmallInteger, nullable=False),
    Column("since", UtcDateTime),
    Column("shut", Boolean, nullable=False),
    Column("in_vain", SmallInteger, nullable=False),
    Column("next_at", UtcDateTime),
)
