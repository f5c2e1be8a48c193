"""The tables of the balance watch: samples, notices and their deliveries."""

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
    Column("details", Text, nullable=False),  # What else is told, as JSON.
)

# One row for each place that an alert has to reach; gone once it is there.
notice_delivery = Table(
    "notice_delivery",
    metadata,
    Column("notice_id", ForeignKey("balance_notice.id"), primary_key=True),
    Column("target", String(500), primary_key=True),
    Column("claimed_until", UtcDateTime),  # While a replica is bringing it there.
    Column("admins_notified", Boolean, nullable=False),  # It is refused there; people know.
)

balance_sample = Table(
    "balance_sample",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("available", DecimalText, nullable=False),
    Column("level", String(20), nullable=False),
    # What our calls cost since the last sample that has it; NULL: one was in flight meanwhile.
    Column("ours", DecimalText),
    Column("unsure", DecimalText),  # What calls of unknown outcome may have cost besides.
)
