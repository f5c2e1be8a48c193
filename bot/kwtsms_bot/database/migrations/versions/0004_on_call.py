"""The tables of on call, direct messages, integrations' activity, and answers to repeat."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

# The column types as they were in this version: a migration does not follow later changes.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UtcDateTime = sa.BigInteger()


def upgrade() -> None:
    """Upgrades to this version."""
    _extend_incidents()
    _create_bridge_tables()
    _create_on_call_tables()


def _extend_incidents() -> None:
    op.add_column(
        "incident", sa.Column("step", sa.SmallInteger(), server_default="1", nullable=False)
    )
    op.add_column("incident", sa.Column("step_due_at", UtcDateTime))
    op.add_column(
        "incident",
        sa.Column("step_offset", sa.SmallInteger(), server_default="0", nullable=False),
    )
    op.add_column("incident", sa.Column("steps_from", UtcDateTime))
    op.add_column("incident", sa.Column("remind_at", UtcDateTime))
    op.add_column("incident", sa.Column("grown_at", UtcDateTime))
    op.add_column("incident", sa.Column("muted_by", sa.String(length=16)))
    op.add_column("incident", sa.Column("silenced_until", UtcDateTime))
    op.add_column("incident", sa.Column("shown_event", ID))
    op.add_column(
        "incident",
        sa.Column("thread_due", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column("alert", sa.Column("expires_at", UtcDateTime))
    op.create_index(op.f("ix_alert_expires_at"), "alert", ["expires_at"])
    op.create_index(op.f("ix_incident_remind_at"), "incident", ["remind_at"])
    op.create_index(op.f("ix_incident_silenced_until"), "incident", ["silenced_until"])
    op.create_index(op.f("ix_incident_step_due_at"), "incident", ["step_due_at"])
    op.create_index(
        "ix_incident_thread_due",
        "incident",
        ["id"],
        sqlite_where=sa.text("thread_due = 1"),  # As queries write it.
        postgresql_where=sa.text("thread_due"),
    )


def _create_bridge_tables() -> None:
    op.create_table(
        "integration_state",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("last_at", UtcDateTime),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("refused_at", UtcDateTime),
        sa.Column("refused_why", sa.String(length=200)),
        sa.Column("token_used", sa.JSON(), nullable=False),
        sa.Column("requests", sa.JSON(), nullable=False),
        sa.Column("overdue_since", UtcDateTime),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_integration_state")),
    )
    op.create_table(
        "request_key",
        sa.Column("scope", sa.String(length=80), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("scope", "key_hash", name=op.f("pk_request_key")),
    )
    op.create_index(op.f("ix_request_key_created_at"), "request_key", ["created_at"])
    op.create_table(
        "api_message",
        sa.Column("message_id", ID, nullable=False),
        sa.Column("author", sa.String(length=80), nullable=False),
        sa.Column("reference", sa.String(length=120)),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_api_message_message_id")
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_api_message")),
    )
    op.create_index(
        op.f("ix_api_message_author_reference_message_id"),
        "api_message",
        ["author", "reference", "message_id"],
    )
    op.create_table(
        "incident_dm",
        sa.Column("incident_id", ID, nullable=False),
        sa.Column("slack_user", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=40)),
        sa.Column("ts", sa.String(length=40)),
        sa.Column("shown_state", sa.String(length=16)),
        sa.Column("shown_step", sa.SmallInteger(), nullable=False),
        sa.Column("showing_until", UtcDateTime),
        sa.Column("refused_why", sa.String(length=60)),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_incident_dm_incident_id")
        ),
        sa.PrimaryKeyConstraint("incident_id", "slack_user", name=op.f("pk_incident_dm")),
    )
    is_open = sa.text("refused_why IS NULL AND (shown_state IS NULL OR shown_state != 'resolved')")
    op.create_index(
        "ix_incident_dm_open",
        "incident_dm",
        ["incident_id"],
        sqlite_where=is_open,
        postgresql_where=is_open,
    )


def _create_on_call_tables() -> None:
    op.create_table(
        "calendar_copy",
        sa.Column("schedule", sa.String(length=40), nullable=False),
        sa.Column("source_hash", sa.String(length=64), nullable=False),
        sa.Column("body", sa.String(length=1048576)),
        sa.Column("etag", sa.String(length=255)),
        sa.Column("fetched_at", UtcDateTime),
        sa.Column("failed_since", UtcDateTime),
        sa.Column("failure", sa.String(length=200)),
        sa.Column("reported_at", UtcDateTime),
        sa.PrimaryKeyConstraint("schedule", name=op.f("pk_calendar_copy")),
    )
    op.create_table(
        "on_call_notice",
        sa.Column("schedule", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("announced_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("schedule", "kind", "at", name=op.f("pk_on_call_notice")),
    )
    op.create_table(
        "on_call_override",
        sa.Column("id", ID, nullable=False),
        sa.Column("schedule", sa.String(length=40), nullable=False),
        sa.Column("contact", sa.String(length=80), nullable=False),
        sa.Column("starts_at", UtcDateTime, nullable=False),
        sa.Column("ends_at", UtcDateTime, nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_on_call_override")),
    )
    op.create_index(
        op.f("ix_on_call_override_schedule_ends_at"), "on_call_override", ["schedule", "ends_at"]
    )
    op.create_table(
        "silence",
        sa.Column("id", ID, nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("incident_ref", sa.String(length=16)),
        sa.Column("starts_at", UtcDateTime, nullable=False),
        sa.Column("ends_at", UtcDateTime, nullable=False),
        sa.Column("is_weekly", sa.Boolean(), nullable=False),
        sa.Column("applies_at", UtcDateTime),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("ended_by", sa.String(length=80)),
        sa.Column("ended_at", UtcDateTime),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_silence")),
        sa.UniqueConstraint("ref", name=op.f("uq_silence_ref")),
    )
    op.create_index(op.f("ix_silence_applies_at"), "silence", ["applies_at"])
    op.create_index(op.f("ix_silence_ends_at"), "silence", ["ends_at"])
    op.create_table(
        "drill",
        sa.Column("id", ID, nullable=False),
        sa.Column("incident_id", ID, nullable=False),
        sa.Column("receiver", sa.String(length=40), nullable=False),
        sa.Column("started_by", sa.String(length=80), nullable=False),
        sa.Column("started_at", UtcDateTime, nullable=False),
        sa.Column("ends_at", UtcDateTime, nullable=False),
        sa.Column("accepted_at", UtcDateTime),
        sa.Column("acknowledged_at", UtcDateTime),
        sa.Column("acknowledged_by", sa.String(length=80)),
        sa.Column("outcome", sa.String(length=12)),
        sa.Column("reported_at", UtcDateTime),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_drill_incident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drill")),
    )
    op.create_index(op.f("ix_drill_incident_id"), "drill", ["incident_id"])
