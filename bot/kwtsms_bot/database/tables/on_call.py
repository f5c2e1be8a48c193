"""The tables of on call: silences, overrides, copies of calendars, and drills."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, String, Table

from kwtsms_bot.database.column_types import ForeignText, Id, UtcDateTime, metadata

# Alerts that match it are not texted from its start to its end.
silence = Table(
    "silence",
    metadata,
    Column("id", Id, primary_key=True),
    Column("ref", String(16), nullable=False, unique=True),
    Column("conditions", JSON, nullable=False),  # As `when` of a route; {} with an incident's ref.
    Column("incident_ref", String(16)),  # NULL: it mutes by its conditions.
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False, index=True),
    Column("is_weekly", Boolean, nullable=False),  # It begins again a week after its start.
    Column("applies_at", UtcDateTime, index=True),  # When open incidents are muted; NULL: done.
    Column("reason", ForeignText(200), nullable=False),
    Column("created_by", ForeignText(80), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("ended_by", ForeignText(80)),
    Column("ended_at", UtcDateTime),  # Before its time, by a person.
)

# A person is on call in place of others.
on_call_override = Table(
    "on_call_override",
    metadata,
    Column("id", Id, primary_key=True),
    Column("schedule", String(40), nullable=False),
    Column("contact", String(80), nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("created_by", ForeignText(80), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index(None, "schedule", "ends_at"),
)

# The last readable copy of each calendar: a calendar that is away is not nobody on call.
calendar_copy = Table(
    "calendar_copy",
    metadata,
    Column("schedule", String(40), primary_key=True),
    Column("source_hash", String(64), nullable=False),  # Of its address: another has no copy yet.
    Column("body", ForeignText(1_048_576)),
    Column("etag", ForeignText(255)),
    Column("fetched_at", UtcDateTime),  # When it was last read, or was unchanged.
    Column("failed_since", UtcDateTime),  # NULL: the last try succeeded.
    Column("failure", ForeignText(200)),
    Column("reported_at", UtcDateTime),  # When the failure was announced in Slack.
)

# A handover, or a gap ahead, is announced once.
on_call_notice = Table(
    "on_call_notice",
    metadata,
    Column("schedule", String(40), primary_key=True),
    Column("kind", String(20), primary_key=True),
    Column("at", UtcDateTime, primary_key=True),  # The moment that it is about.
    Column("announced_at", UtcDateTime, nullable=False),
)

# A test of the whole way to a phone and back.
drill = Table(
    "drill",
    metadata,
    Column("id", Id, primary_key=True),
    Column("incident_id", ForeignKey("incident.id"), nullable=False, index=True),
    Column("receiver", String(40), nullable=False),
    Column("started_by", ForeignText(80), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),  # An acknowledgement counts until then.
    Column("accepted_at", UtcDateTime),  # By kwtSMS.
    Column("acknowledged_at", UtcDateTime),
    Column("acknowledged_by", ForeignText(80)),
    Column("outcome", String(12)),  # passed, failed; NULL while it runs.
    Column("reported_at", UtcDateTime),
)
