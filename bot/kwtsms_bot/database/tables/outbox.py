"""The tables of messages, recipients and calls, and of the audit log."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    or_,
    true,
)

from kwtsms_bot.database.column_types import DecimalText, ForeignText, Id, UtcDateTime, metadata

message = Table(
    "message",
    metadata,
    Column("id", Id, primary_key=True),
    Column("ref", String(16), nullable=False, unique=True),
    Column("source", String(40), nullable=False),
    Column("author", String(80), nullable=False),
    Column("team", String(40), nullable=False),
    Column("request", String(16), nullable=False),  # The request's ID in the log.
    Column("text", Text),  # NULL once erased.
    Column("text_hash", String(64), nullable=False),
    Column("sender_id", String(20), nullable=False),
    Column("priority", SmallInteger, nullable=False),
    Column("pages", SmallInteger, nullable=False),
    Column("test", Boolean, nullable=False),
    # For its author's hour, as estimated; 0 if a second person approved it.
    Column("counted_credits", Integer, nullable=False),
    # Whose credits of the day it takes: people, bridge.
    Column("budget", String(40), nullable=False, server_default="people"),
    # Whether it has a card of its own in Slack.
    Column("has_card", Boolean, nullable=False, server_default=true()),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("cancelled_at", UtcDateTime),  # By a person; NULL: not, or sent again since.
    Column("revision", Integer, nullable=False),
    Column("shown_revision", Integer, nullable=False),
    Column("showing_until", UtcDateTime),  # While a replica is posting its card.
    Column("place_channel", String(40)),
    Column("place_ts", String(40)),
    Index(None, "author", "id"),
    Index(None, "author", "created_at"),
)

# Messages whose card is out of date; the index holds almost no row.
CARD_OUTDATED = and_(message.c.has_card, message.c.revision > message.c.shown_revision)

Index(
    "ix_message_unshown", message.c.id, sqlite_where=CARD_OUTDATED, postgresql_where=CARD_OUTDATED
)

# What is to be erased: erased messages are not in this index.
HAS_TEXT = message.c.text.is_not(None)

Index("ix_message_unerased", message.c.created_at, sqlite_where=HAS_TEXT, postgresql_where=HAS_TEXT)

attempt = Table(
    "attempt",
    metadata,
    Column("id", Id, primary_key=True),
    Column("message_id", ForeignKey("message.id"), nullable=False, index=True),
    Column("state", String(12), nullable=False),  # claimed, in_flight, over
    Column("owner", String(120), nullable=False),
    Column("lease_until", UtcDateTime, nullable=False),
    Column("gateway_id", String(64), index=True),
    Column("points", DecimalText),
    Column("balance_after", DecimalText),
    Column("begun_at", UtcDateTime, index=True),  # When it was put in flight.
    Column("settled_at", UtcDateTime),
    Column("accepted_at", UtcDateTime),  # When the gateway accepted it; NULL: it has not said so.
    Column("price", BigInteger, nullable=False),  # In credits, as estimated.
    Column("lost", Boolean, nullable=False),  # Its outcome is unknown.
    Column("check_at", UtcDateTime, index=True),  # When to poll it; NULL: never again.
    Column("checks", Integer, nullable=False),
    Column("status", String(80)),  # The gateway's latest, digits masked.
    Column("status_at", UtcDateTime),
    Index(None, "state", "lease_until"),
)

Index("ix_attempt_lost", attempt.c.id, sqlite_where=attempt.c.lost, postgresql_where=attempt.c.lost)

# Evidence on calls of unknown outcome, from the balance or a late answer.
evidence = Table(
    "evidence",
    metadata,
    Column("attempt_id", ForeignKey("attempt.id"), primary_key=True),
    Column("verdict", String(12), nullable=False),
    Column("before", DecimalText),
    Column("after", DecimalText),
    Column("meanwhile", DecimalText, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

# Decisions by people about a message.
decision = Table(
    "decision",
    metadata,
    Column("id", Id, primary_key=True),
    Column("message_id", ForeignKey("message.id"), nullable=False, index=True),
    Column("what", String(20), nullable=False),
    Column("actor", ForeignText(80), nullable=False),
    Column("recipients", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

recipient = Table(
    "recipient",
    metadata,
    Column("id", Id, primary_key=True),
    Column("message_id", ForeignKey("message.id"), nullable=False),
    Column("phone", String(20), nullable=False),
    Column("state", String(12), nullable=False),
    Column("priority", SmallInteger, nullable=False),  # The message's, for the index.
    Column("due_at", UtcDateTime, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("attempt_id", ForeignKey("attempt.id"), index=True),
    Column("gateway_id", String(64)),
    Column("code", String(20)),
    Column("reason", String(500)),
    Column("updated_at", UtcDateTime, nullable=False),
    UniqueConstraint("message_id", "phone"),
    Index(None, "phone"),
    Index(None, "message_id", "id"),
    # Serves the counts of a message's states and the search for its next call, without the table.
    Index("ix_recipient_state", "message_id", "state", "due_at", "id", "updated_at"),
    Index(None, "state", "priority", "due_at", "id"),
)

# Recipients with a reason to show: deferred, refused or unknown.
HAS_REASON = or_(recipient.c.code.is_not(None), recipient.c.reason.is_not(None))

Index(
    "ix_recipient_reason",
    recipient.c.message_id,
    sqlite_where=HAS_REASON,
    postgresql_where=HAS_REASON,
)

dedupe = Table(
    "dedupe",
    metadata,
    Column("scope", String(40), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("content_hash", String(64), nullable=False),
    Column("message_id", ForeignKey("message.id")),
    Column("created_at", UtcDateTime, nullable=False, index=True),
)

# A message that waits for its author's confirmation or a second person's approval. Used once.
draft = Table(
    "draft",
    metadata,
    Column("token", String(40), primary_key=True),
    Column("kind", String(12), nullable=False),  # confirm, approve
    Column("author", String(80), nullable=False),
    Column("team", String(40), nullable=False),
    Column("channel", String(40), nullable=False),
    Column("locale", String(10), nullable=False),
    Column("text", Text, nullable=False),
    Column("phones", Text, nullable=False),  # Separated by commas.
    Column("sender_id", String(20), nullable=False),
    Column("pages", SmallInteger, nullable=False),
    Column("test", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)

# Credits accepted on each day in Kuwait, by whose budget they are.
spending = Table(
    "spending",
    metadata,
    Column("budget", String(40), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("credits", BigInteger, nullable=False),
)

# The audit log. The database itself refuses to change or remove a row: the migration's triggers.
audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", ForeignText(80), nullable=False),
    Column("team", ForeignText(40), nullable=False),
    Column("channel", ForeignText(40), nullable=False),
    Column("action", ForeignText(40), nullable=False),
    Column("decision", ForeignText(20), nullable=False),
    Column("subject", ForeignText(80), nullable=False),
    Column("detail", ForeignText(500), nullable=False),
    Column("request", ForeignText(16), nullable=False),
    Index(None, "at", "id"),
)
