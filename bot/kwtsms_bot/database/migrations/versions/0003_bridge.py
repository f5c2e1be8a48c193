"""The tables of the bridge; each message takes its credits from a budget."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

# The column types as they were in this version: a migration does not follow later changes.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UtcDateTime = sa.BigInteger()
OUTDATED = {
    "sqlite": "has_card = 1 AND revision > shown_revision",
    "postgresql": "has_card AND revision > shown_revision",
}


def upgrade() -> None:
    """Upgrades to this version."""
    _add_budgets()
    _create_tables()


def _add_budgets() -> None:
    people = sa.Column("budget", sa.String(length=40), nullable=False, server_default="people")
    op.add_column("message", people)
    op.add_column(
        "message",
        sa.Column("has_card", sa.Boolean(), nullable=False, server_default=sa.true()),
    )
    op.drop_index("ix_message_unshown", "message")
    op.create_index(
        "ix_message_unshown",
        "message",
        ["id"],
        sqlite_where=sa.text(OUTDATED["sqlite"]),
        postgresql_where=sa.text(OUTDATED["postgresql"]),
    )
    op.rename_table("spending", "spending_before")
    op.create_table(
        "spending",
        sa.Column("budget", sa.String(length=40), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("credits", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("budget", "day", name=op.f("pk_spending_budget_day")),
    )
    op.execute("INSERT INTO spending SELECT 'people', day, credits FROM spending_before")
    op.drop_table("spending_before")


def _create_tables() -> None:
    op.create_table(
        "incident",
        sa.Column("id", ID, nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("integration", sa.String(length=40), nullable=False),
        sa.Column("receiver", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("ack_severity", sa.SmallInteger(), nullable=True),
        sa.Column("ack_kinds", sa.JSON(), nullable=True),
        sa.Column("title", sa.String(length=1024), nullable=False),
        sa.Column("wave", sa.Integer(), nullable=False),
        sa.Column("alerts", sa.Integer(), nullable=False),
        sa.Column("firing", sa.Integer(), nullable=False),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("reopened_since", UtcDateTime, nullable=True),
        sa.Column("opened_at", UtcDateTime, nullable=False),
        sa.Column("changed_at", UtcDateTime, nullable=False),
        sa.Column("acked_by", sa.String(length=80), nullable=True),
        sa.Column("acked_at", UtcDateTime, nullable=True),
        sa.Column("resolved_by", sa.String(length=80), nullable=True),
        sa.Column("resolved_at", UtcDateTime, nullable=True),
        sa.Column("closes_at", UtcDateTime, nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("shown_revision", sa.Integer(), nullable=False),
        sa.Column("showing_until", UtcDateTime, nullable=True),
        sa.Column("place_channel", sa.String(length=40), nullable=True),
        sa.Column("place_ts", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
        sa.UniqueConstraint("ref", name=op.f("uq_incident_ref")),
    )
    op.create_index(
        op.f("ix_incident_receiver_opened_at"), "incident", ["receiver", "opened_at"], unique=False
    )
    op.create_index(
        op.f("ix_incident_state_changed_at"), "incident", ["state", "changed_at"], unique=False
    )
    op.create_index(
        "ix_incident_unshown",
        "incident",
        ["id"],
        unique=False,
        sqlite_where=sa.text("revision > shown_revision"),
        postgresql_where=sa.text("revision > shown_revision"),
    )
    op.create_table(
        "phone_pace",
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("sent_at", UtcDateTime, nullable=True),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("tokens_at", UtcDateTime, nullable=False),
        sa.Column("bypasses", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("phone", name=op.f("pk_phone_pace")),
    )
    op.create_table(
        "alert",
        sa.Column("id", ID, nullable=False),
        sa.Column("integration", sa.String(length=40), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("incident_id", ID, nullable=True),
        sa.Column("wave", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.String(length=255), nullable=False),
        sa.Column("title", sa.String(length=1024), nullable=False),
        sa.Column("text", sa.String(length=6144), nullable=False),
        sa.Column("place", sa.String(length=255), nullable=False),
        sa.Column("amounts", sa.String(length=255), nullable=False),
        sa.Column("url", sa.String(length=1024), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("started_at", UtcDateTime, nullable=True),
        sa.Column("ended_at", UtcDateTime, nullable=True),
        sa.Column("first_at", UtcDateTime, nullable=False),
        sa.Column("changed_at", UtcDateTime, nullable=False),
        sa.Column("closes_at", UtcDateTime, nullable=True),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_alert_incident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sa.UniqueConstraint("integration", "key_hash", name=op.f("uq_alert_integration_key_hash")),
    )
    op.create_index(op.f("ix_alert_closes_at"), "alert", ["closes_at"], unique=False)
    op.create_index(
        "ix_alert_unerased",
        "alert",
        ["status", "changed_at"],
        sqlite_where=sa.text("title != ''"),
        postgresql_where=sa.text("title != ''"),
    )
    op.create_index(op.f("ix_phone_pace_sent_at"), "phone_pace", ["sent_at"], unique=False)
    op.create_index(
        op.f("ix_alert_incident_id_wave_status"),
        "alert",
        ["incident_id", "wave", "status"],
        unique=False,
    )
    op.create_table(
        "incident_event",
        sa.Column("id", ID, nullable=False),
        sa.Column("incident_id", ID, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("detail", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_incident_event_incident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_event")),
    )
    op.create_index(
        op.f("ix_incident_event_incident_id"), "incident_event", ["incident_id"], unique=False
    )
    op.create_table(
        "incident_group",
        sa.Column("integration", sa.String(length=40), nullable=False),
        sa.Column("group_hash", sa.String(length=64), nullable=False),
        sa.Column("incident_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_incident_group_incident_id")
        ),
        sa.PrimaryKeyConstraint("integration", "group_hash", name=op.f("pk_incident_group")),
    )
    op.create_table(
        "notification",
        sa.Column("id", ID, nullable=False),
        sa.Column("incident_id", ID, nullable=False),
        sa.Column("wave", sa.Integer(), nullable=False),
        sa.Column("contact", sa.String(length=80), nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=True),
        sa.Column("due_at", UtcDateTime, nullable=False),
        sa.Column("recipient_id", ID, nullable=True),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name=op.f("fk_notification_incident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
        sa.UniqueConstraint(
            "incident_id",
            "wave",
            "contact",
            "step",
            "kind",
            name=op.f("uq_notification_incident_id_wave_contact_step_kind"),
        ),
    )
    op.create_index(
        op.f("ix_notification_recipient_id"), "notification", ["recipient_id"], unique=False
    )
    op.create_index(
        op.f("ix_notification_state_due_at"), "notification", ["state", "due_at"], unique=False
    )
