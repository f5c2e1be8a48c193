"""The tables that say whether a request may start now: one row for each account."""

from sqlalchemy import Boolean, Column, SmallInteger, String, Table

from kwtsms_bot.database.columns import Moment, metadata

rate = Table(
    "rate",
    metadata,
    Column("account", String(40), primary_key=True),
    Column("next_free", Moment, nullable=False),
)

# Whether anything may leave while the gateway's answers cannot be read: outbox/hold.py.
hold = Table(
    "hold",
    metadata,
    Column("account", String(40), primary_key=True),
    Column("unread", SmallInteger, nullable=False),
    Column("since", Moment),
    Column("shut", Boolean, nullable=False),
    Column("in_vain", SmallInteger, nullable=False),
    Column("next_at", Moment),
)
