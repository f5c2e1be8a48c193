"""The tables of the bridge: alerts of other tools, incidents, and who is notified of them."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    and_,
    false,
    or_,
)

from kwtsms_bot.database.column_types import ForeignText, Id, UtcDateTime, metadata

# What people see, acknowledge and resolve: one alert, a group of the tool's, or a storm.
incident = Table(
    "incident",
    metadata,
    Column("id", Id, primary_key=True),
    Column("ref", String(16), nullable=False, unique=True),
    Column("kind", String(12), nullable=False),  # alert, group, storm, test
    Column("integration", String(40), nullable=False),
    Column("receiver", String(40), nullable=False),
    Column("state", String(16), nullable=False),  # bridge/incidents.py
    Column("severity", SmallInteger, nullable=False),  # The worst so far.
    Column("ack_severity", SmallInteger),  # The severity when it was acknowledged.
    Column("ack_kinds", JSON),  # The kinds of its alerts when it was acknowledged.
    Column("title", ForeignText(1024), nullable=False),
    Column("wave", Integer, nullable=False),  # Grows with each report of new alerts.
    Column("alerts", Integer, nullable=False),  # All that have belonged to it.
    Column("firing", Integer, nullable=False),
    Column("grown_at", UtcDateTime),  # When its last alert came.
    Column("reopened", Integer, nullable=False),  # Within the hour before the last time.
    Column("reopened_since", UtcDateTime),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("acked_by", ForeignText(80)),
    Column("acked_at", UtcDateTime),
    Column("resolved_by", ForeignText(80)),  # A person, or the tool.
    Column("resolved_at", UtcDateTime),
    Column("closes_at", UtcDateTime),  # A test closes by itself.
    # Escalation: the last step that came due (1 is `to`), and when the next one does.
    Column("step", SmallInteger, nullable=False, server_default="1"),
    Column("step_due_at", UtcDateTime, index=True),  # NULL: no further step, or it is suspended.
    # The steps before the clock was restarted, and when it was; NULL: at the opening.
    Column("step_offset", SmallInteger, nullable=False, server_default="0"),
    Column("steps_from", UtcDateTime),
    Column("remind_at", UtcDateTime, index=True),  # When Slack is reminded of it.
    Column("muted_by", String(16)),  # The silence, or the incident, for which nothing is texted.
    Column("silenced_until", UtcDateTime, index=True),  # Then what still fires is texted.
    Column("revision", Integer, nullable=False),
    Column("shown_revision", Integer, nullable=False),
    Column("showing_until", UtcDateTime),  # While a replica is posting its card.
    Column("place_channel", String(40)),
    Column("place_ts", String(40)),
    Column("shown_event", Id),  # The last line of its history that is in the card's thread.
    Column("thread_due", Boolean, nullable=False, server_default=false()),  # It lacks a line.
    Index(None, "receiver", "opened_at"),
    Index(None, "state", "changed_at"),
)

INCIDENT_OUTDATED = incident.c.revision > incident.c.shown_revision

Index(
    "ix_incident_unshown",
    incident.c.id,
    sqlite_where=INCIDENT_OUTDATED,
    postgresql_where=INCIDENT_OUTDATED,
)

Index(
    "ix_incident_thread_due",
    incident.c.id,
    sqlite_where=incident.c.thread_due,
    postgresql_where=incident.c.thread_due,
)

# One row for each condition that a tool reports: its present episode.
alert = Table(
    "alert",
    metadata,
    Column("id", Id, primary_key=True),
    Column("integration", String(40), nullable=False),
    Column("key_hash", String(64), nullable=False),
    Column("key", ForeignText(255), nullable=False),
    Column("incident_id", ForeignKey("incident.id")),  # NULL: it was over when it was first heard.
    Column("wave", Integer, nullable=False),  # The wave of the incident that announced it.
    Column("status", String(12), nullable=False),  # firing, resolved
    Column("severity", SmallInteger, nullable=False),
    Column("kind", ForeignText(255), nullable=False),
    Column("title", ForeignText(1024), nullable=False),
    Column("text", ForeignText(6144), nullable=False),
    Column("place", ForeignText(255), nullable=False),
    Column("amounts", ForeignText(255), nullable=False),
    Column("url", ForeignText(1024), nullable=False),
    Column("labels", JSON, nullable=False),
    Column("started_at", UtcDateTime),  # By the tool; NULL: it does not say.
    Column("ended_at", UtcDateTime),
    Column("first_at", UtcDateTime, nullable=False),  # When this episode was first reported.
    Column("changed_at", UtcDateTime, nullable=False),
    Column("closes_at", UtcDateTime, index=True),  # NULL: only the tool or a person ends it.
    Column("expires_at", UtcDateTime, index=True),  # Then it is forgotten, without another report.
    UniqueConstraint("integration", "key_hash"),
    Index(None, "incident_id", "wave", "status"),
)

# What is to be erased: erased alerts are not in this index.
HAS_TITLE = alert.c.title != ""

Index(
    "ix_alert_unerased",
    alert.c.status,
    alert.c.changed_at,
    sqlite_where=HAS_TITLE,
    postgresql_where=HAS_TITLE,
)

# The incident that takes the next alert of a group.
incident_group = Table(
    "incident_group",
    metadata,
    Column("integration", String(40), primary_key=True),
    Column("group_hash", String(64), primary_key=True),
    Column("incident_id", ForeignKey("incident.id"), nullable=False),
)

# One row for each person, and each thing that they are to be notified of.
notification = Table(
    "notification",
    metadata,
    Column("id", Id, primary_key=True),
    Column("incident_id", ForeignKey("incident.id"), nullable=False),
    Column("wave", Integer, nullable=False),
    Column("contact", String(80), nullable=False),
    Column("step", SmallInteger, nullable=False),
    Column("kind", String(12), nullable=False),  # new, more, worse, reopened, flapping, resolved …
    Column("severity", SmallInteger, nullable=False),
    Column("state", String(12), nullable=False),  # bridge/incidents.py
    Column("reason", ForeignText(80)),  # Why it waits, or why it was not sent.
    Column("due_at", UtcDateTime, nullable=False),
    Column("recipient_id", Id, index=True),
    Column("counted", Integer, nullable=False),  # The alerts that its text counts.
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    UniqueConstraint("incident_id", "wave", "contact", "step", "kind"),
    Index(None, "state", "due_at"),
)

# The pace of the bridge's messages to each phone.
phone_pace = Table(
    "phone_pace",
    metadata,
    Column("phone", String(20), primary_key=True),
    Column("sent_at", UtcDateTime, index=True),  # Of the last that may have reached it.
    Column("severity", SmallInteger, nullable=False),  # The worst in that message.
    Column("tokens", Integer, nullable=False),
    Column("tokens_at", UtcDateTime, nullable=False),
    Column("bypasses", JSON, nullable=False),  # Times of messages that did not wait for a token.
)

incident_event = Table(
    "incident_event",
    metadata,
    Column("id", Id, primary_key=True),
    Column("incident_id", ForeignKey("incident.id"), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("actor", ForeignText(80), nullable=False),
    Column("detail", ForeignText(500), nullable=False),
)

# The direct messages with the card of an incident, to those who are texted.
incident_dm = Table(
    "incident_dm",
    metadata,
    Column("incident_id", ForeignKey("incident.id"), primary_key=True),
    Column("slack_user", String(40), primary_key=True),
    Column("channel", String(40)),  # NULL: not posted yet.
    Column("ts", String(40)),
    Column("shown_state", String(16)),  # The state of the incident that it shows.
    Column("shown_step", SmallInteger, nullable=False),
    Column("showing_until", UtcDateTime),  # While a replica is posting it.
    Column("refused_why", String(60)),  # Slack's error: it is not tried again.
)

# Those that are posted or may still change: the others are at their end.
DM_OPEN = and_(
    incident_dm.c.refused_why.is_(None),
    or_(incident_dm.c.shown_state.is_(None), incident_dm.c.shown_state != "resolved"),
)

Index(
    "ix_incident_dm_open",
    incident_dm.c.incident_id,
    sqlite_where=DM_OPEN,
    postgresql_where=DM_OPEN,
)

# What was last heard of each integration, by all replicas.
integration_state = Table(
    "integration_state",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("last_at", UtcDateTime),  # Of its last accepted request.
    Column("accepted", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("refused_at", UtcDateTime),
    Column("refused_why", ForeignText(200)),
    Column("token_used", JSON, nullable=False),  # By a token's last four characters: when.
    Column("requests", JSON, nullable=False),  # The last ten: when, alerts, and why refused.
    Column("overdue_since", UtcDateTime),  # NULL: it reports as often as expected.
)

# Answers to requests with an Idempotency-Key, for a day.
request_key = Table(
    "request_key",
    metadata,
    Column("scope", String(80), primary_key=True),  # Whose request it was.
    Column("key_hash", String(64), primary_key=True),
    Column("body_hash", String(64), nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("answer", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False, index=True),
)

# What an application said of its message, beside what the outbox keeps.
api_message = Table(
    "api_message",
    metadata,
    Column("message_id", ForeignKey("message.id"), primary_key=True),
    Column("author", String(80), nullable=False),  # The message's, for the index.
    Column("reference", ForeignText(120)),  # The application's own; NULL: none, or erased.
    Column("changes", JSON, nullable=False),  # What cleaning changed in its text.
    Index(None, "author", "reference", "message_id"),
)
