"""The tables of the balance monitor: samples, notices and their deliveries."""

from sqlalchemy import Boolean, Column, ForeignKey, String, Table, Text

from kwtsms_bot.database.column_types import DecimalText, Id, UtcDateTime, metadata

balance_notice = Table(
    "balance_notice",
    metadata,
    Column("id", Id, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("level", String(20), nullable=False),
    Column("available", DecimalText, nullable=False),
    Column("threshold", DecimalText, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("details", Text, nullable=False),  # Further details, as JSON.
)

# One row for each target of a notice; deleted once it is delivered.
notice_delivery = Table(
    "notice_delivery",
    metadata,
    Column("notice_id", ForeignKey("balance_notice.id"), primary_key=True),
    Column("target", String(500), primary_key=True),
    Column("claimed_until", UtcDateTime),  # While a replica is delivering it.
    Column("admins_notified", Boolean, nullable=False),  # That the target refuses it.
)

balance_sample = Table(
    "balance_sample",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("available", DecimalText, nullable=False),
    Column("level", String(20), nullable=False),
    # The cost of our calls since the last sample with a value; NULL: one was in flight meanwhile.
    Column("ours", DecimalText),
    Column("unsure", DecimalText),  # What calls of unknown outcome may have cost in addition.
)
