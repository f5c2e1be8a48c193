"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# The column types as they were in this version: a migration does not follow later changes.
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UtcDateTime = sa.BigInteger()
DecimalText = sa.String(40)


def upgrade() -> None:
    """Upgrades to this version."""
    op.create_table(
        "balance_notice",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("available", DecimalText, nullable=False),
        sa.Column("threshold", DecimalText, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_balance_notice")),
    )
    op.create_table(
        "audit",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("team", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("decision", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("detail", sa.String(length=500), nullable=False),
        sa.Column("request", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_at_id"), "audit", ["at", "id"], unique=False)
    op.create_table(
        "balance_sample",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("available", DecimalText, nullable=False),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("ours", DecimalText, nullable=True),
        sa.Column("unsure", DecimalText, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_balance_sample")),
    )
    op.create_index(op.f("ix_balance_sample_at"), "balance_sample", ["at"], unique=False)
    op.create_table(
        "draft",
        sa.Column("token", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("author", sa.String(length=80), nullable=False),
        sa.Column("team", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("locale", sa.String(length=10), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("phones", sa.Text(), nullable=False),
        sa.Column("sender_id", sa.String(length=20), nullable=False),
        sa.Column("pages", sa.SmallInteger(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_draft")),
    )
    op.create_index(op.f("ix_draft_expires_at"), "draft", ["expires_at"], unique=False)
    op.create_table(
        "number_cooldown",
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("until", UtcDateTime, nullable=False),
        sa.Column("attempt_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("phone", name=op.f("pk_number_cooldown")),
    )
    op.create_index(op.f("ix_number_cooldown_until"), "number_cooldown", ["until"], unique=False)
    op.create_table(
        "message",
        sa.Column("id", ID, nullable=False),
        sa.Column("ref", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("author", sa.String(length=80), nullable=False),
        sa.Column("team", sa.String(length=40), nullable=False),
        sa.Column("request", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("text_hash", sa.String(length=64), nullable=False),
        sa.Column("sender_id", sa.String(length=20), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("pages", sa.SmallInteger(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("counted_credits", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=True),
        sa.Column("cancelled_at", UtcDateTime, nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("shown_revision", sa.Integer(), nullable=False),
        sa.Column("showing_until", UtcDateTime, nullable=True),
        sa.Column("place_channel", sa.String(length=40), nullable=True),
        sa.Column("place_ts", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("ref", name=op.f("uq_message_ref")),
    )
    op.create_index(op.f("ix_message_author_id"), "message", ["author", "id"], unique=False)
    op.create_index(op.f("ix_message_author_created_at"), "message", ["author", "created_at"])
    op.create_index(
        "ix_message_unshown",
        "message",
        ["id"],
        unique=False,
        sqlite_where=sa.text("revision > shown_revision"),
        postgresql_where=sa.text("revision > shown_revision"),
    )
    op.create_index(
        "ix_message_unerased",
        "message",
        ["created_at"],
        unique=False,
        sqlite_where=sa.text("text IS NOT NULL"),
        postgresql_where=sa.text("text IS NOT NULL"),
    )
    op.create_table(
        "circuit_breaker",
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("failures", sa.SmallInteger(), nullable=False),
        sa.Column("opened_at", UtcDateTime, nullable=True),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("failed_probes", sa.SmallInteger(), nullable=False),
        sa.Column("next_probe_at", UtcDateTime, nullable=True),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_circuit_breaker")),
    )
    op.create_table(
        "rate",
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("next_free", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_rate")),
    )
    op.create_table(
        "spending",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("credits", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_spending")),
    )
    op.create_table(
        "switch",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_switch")),
    )
    op.create_table(
        "database_start",
        sa.Column("id", ID, nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_database_start")),
    )
    op.create_table(
        "job_slot",
        sa.Column("job", sa.String(length=40), nullable=False),
        sa.Column("slot", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("job", "slot", name=op.f("pk_job_slot")),
    )
    op.create_table(
        "notice_delivery",
        sa.Column("notice_id", ID, nullable=False),
        sa.Column("target", sa.String(length=500), nullable=False),
        sa.Column("claimed_until", UtcDateTime, nullable=True),
        sa.Column("admins_notified", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["balance_notice.id"], name=op.f("fk_notice_delivery_notice_id")
        ),
        sa.PrimaryKeyConstraint("notice_id", "target", name=op.f("pk_notice_delivery")),
    )
    op.create_table(
        "attempt",
        sa.Column("id", ID, nullable=False),
        sa.Column("message_id", ID, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("owner", sa.String(length=120), nullable=False),
        sa.Column("lease_until", UtcDateTime, nullable=False),
        sa.Column("gateway_id", sa.String(length=64), nullable=True),
        sa.Column("points", DecimalText, nullable=True),
        sa.Column("balance_after", DecimalText, nullable=True),
        sa.Column("begun_at", UtcDateTime, nullable=True),
        sa.Column("settled_at", UtcDateTime, nullable=True),
        sa.Column("accepted_at", UtcDateTime, nullable=True),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("lost", sa.Boolean(), nullable=False),
        sa.Column("check_at", UtcDateTime, nullable=True),
        sa.Column("checks", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=80), nullable=True),
        sa.Column("status_at", UtcDateTime, nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_attempt_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    op.create_index(op.f("ix_attempt_begun_at"), "attempt", ["begun_at"], unique=False)
    op.create_index(op.f("ix_attempt_check_at"), "attempt", ["check_at"], unique=False)
    op.create_index(op.f("ix_attempt_gateway_id"), "attempt", ["gateway_id"], unique=False)
    op.create_index(op.f("ix_attempt_message_id"), "attempt", ["message_id"], unique=False)
    op.create_index(
        op.f("ix_attempt_state_lease_until"), "attempt", ["state", "lease_until"], unique=False
    )
    op.create_index(
        "ix_attempt_lost",
        "attempt",
        ["id"],
        unique=False,
        sqlite_where=sa.text("lost"),
        postgresql_where=sa.text("lost"),
    )
    op.create_table(
        "evidence",
        sa.Column("attempt_id", ID, nullable=False),
        sa.Column("verdict", sa.String(length=12), nullable=False),
        sa.Column("before", DecimalText, nullable=True),
        sa.Column("after", DecimalText, nullable=True),
        sa.Column("meanwhile", DecimalText, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempt.id"], name=op.f("fk_evidence_attempt_id")
        ),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_evidence")),
    )
    op.create_table(
        "decision",
        sa.Column("id", ID, nullable=False),
        sa.Column("message_id", ID, nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("recipients", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_decision_message_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_index(op.f("ix_decision_message_id"), "decision", ["message_id"], unique=False)
    op.create_table(
        "dedupe",
        sa.Column("scope", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("message_id", ID, nullable=True),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_dedupe_message_id")),
        sa.PrimaryKeyConstraint("scope", "key", name=op.f("pk_dedupe")),
    )
    op.create_index(op.f("ix_dedupe_created_at"), "dedupe", ["created_at"], unique=False)
    op.create_table(
        "recipient",
        sa.Column("id", ID, nullable=False),
        sa.Column("message_id", ID, nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", UtcDateTime, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("attempt_id", ID, nullable=True),
        sa.Column("gateway_id", sa.String(length=64), nullable=True),
        sa.Column("code", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("updated_at", UtcDateTime, nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["attempt.id"], name=op.f("fk_recipient_attempt_id")
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_recipient_message_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recipient")),
        sa.UniqueConstraint("message_id", "phone", name=op.f("uq_recipient_message_id_phone")),
    )
    op.create_index(op.f("ix_recipient_attempt_id"), "recipient", ["attempt_id"], unique=False)
    op.create_index(op.f("ix_recipient_message_id_id"), "recipient", ["message_id", "id"])
    op.create_index(op.f("ix_recipient_phone"), "recipient", ["phone"], unique=False)
    op.create_index(
        op.f("ix_recipient_state_priority_due_at_id"),
        "recipient",
        ["state", "priority", "due_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_recipient_state",
        "recipient",
        ["message_id", "state", "due_at", "id", "updated_at"],
    )
    has_reason = sa.text("code IS NOT NULL OR reason IS NOT NULL")
    op.create_index(
        "ix_recipient_reason",
        "recipient",
        ["message_id"],
        sqlite_where=has_reason,
        postgresql_where=has_reason,
    )
