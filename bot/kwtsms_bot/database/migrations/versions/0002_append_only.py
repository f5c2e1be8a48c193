"""Triggers that keep the audit log append-only."""

from alembic import op

revision = "0002"
down_revision = "0001"

APPEND_ONLY = {
    "sqlite": (
        """CREATE TRIGGER audit_keeps_what_it_says BEFORE UPDATE ON audit
            BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
        """CREATE TRIGGER audit_keeps_its_rows BEFORE DELETE ON audit
            BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
        # INSERT OR REPLACE removes a row without asking the triggers of DELETE.
        """CREATE TRIGGER audit_replaces_nothing BEFORE INSERT ON audit
            WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
            BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
    ),
    "postgresql": (
        """CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$""",
        """CREATE TRIGGER audit_keeps_its_rows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
            FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()""",
    ),
}


def upgrade() -> None:
    """Upgrades to this version."""
    for statement in APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)
