"""A log of every change of a recipient's state, written by database triggers.

Triggers run inside the database, so no code of the bot can skip them.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import text

from chaos.evidence import Row, StateTransition
from kwtsms_bot.database import Database, open_database
from kwtsms_bot.outbox.states import State

CardReader = Callable[[str, str], str]  # Reads the text of the card at a channel and a ts.
TRANSITION_TABLE = """CREATE TABLE IF NOT EXISTS chaos_step (
    id {key}, recipient BIGINT NOT NULL, before VARCHAR(12), after VARCHAR(12) NOT NULL,
    reason VARCHAR(500), at DOUBLE PRECISION DEFAULT ({now}))"""
CLOCK_TABLE = "CREATE TABLE IF NOT EXISTS chaos_clock (wrong_by BIGINT NOT NULL)"
# Slots claimed by a wrong clock are freed later, so each claim is recorded here.
CLAIMED_SLOTS = "CREATE TABLE IF NOT EXISTS chaos_job_slot (job VARCHAR(40) NOT NULL)"
CLOCK_OFFSET = "SELECT COALESCE(SUM(wrong_by), 0) FROM chaos_clock"  # Microseconds.
SQLITE = (
    CLOCK_TABLE,
    CLAIMED_SLOTS,
    TRANSITION_TABLE.format(
        key="INTEGER PRIMARY KEY", now="(julianday('now') - 2440587.5) * 86400"
    ),
    """CREATE TRIGGER IF NOT EXISTS chaos_made AFTER INSERT ON recipient BEGIN
    INSERT INTO chaos_step (recipient, before, after) VALUES (new.id, NULL, new.state); END""",
    """CREATE TRIGGER IF NOT EXISTS chaos_moved AFTER UPDATE OF state ON recipient BEGIN
    INSERT INTO chaos_step (recipient, before, after, reason)
      VALUES (new.id, old.state, new.state, new.reason); END""",
    """CREATE TRIGGER IF NOT EXISTS chaos_taken AFTER INSERT ON job_slot BEGIN
    INSERT INTO chaos_job_slot VALUES (new.job); END""",
)
POSTGRESQL = (
    CLOCK_TABLE,
    CLAIMED_SLOTS,
    TRANSITION_TABLE.format(
        key="BIGSERIAL PRIMARY KEY", now="extract(epoch from statement_timestamp())"
    ),
    """CREATE OR REPLACE FUNCTION chaos_note() RETURNS trigger AS $$ BEGIN
    INSERT INTO chaos_step (recipient, before, after, reason) VALUES
      (new.id, CASE WHEN tg_op = 'UPDATE' THEN old.state END, new.state, new.reason);
    RETURN NULL; END $$ LANGUAGE plpgsql""",
    """CREATE OR REPLACE TRIGGER chaos_made AFTER INSERT ON recipient
    FOR EACH ROW EXECUTE FUNCTION chaos_note()""",
    """CREATE OR REPLACE TRIGGER chaos_moved AFTER UPDATE OF state ON recipient
    FOR EACH ROW EXECUTE FUNCTION chaos_note()""",
    """CREATE OR REPLACE FUNCTION chaos_take() RETURNS trigger AS $$ BEGIN
    INSERT INTO chaos_job_slot VALUES (new.job);
    RETURN NULL; END $$ LANGUAGE plpgsql""",
    """CREATE OR REPLACE TRIGGER chaos_taken AFTER INSERT ON job_slot
    FOR EACH ROW EXECUTE FUNCTION chaos_take()""",
)
UNFINISHED = """SELECT
    (SELECT count(*) FROM recipient WHERE state IN ('queued', 'claimed', 'in_flight')) AS unsent,
    (SELECT count(*) FROM message WHERE revision > shown_revision) AS unshown"""
UNFINISHED_ALERTS = """SELECT
    (SELECT count(*) FROM notification WHERE state IN ('waiting', 'bundled')) AS not_texted,
    (SELECT count(*) FROM incident WHERE revision > shown_revision) AS unshown"""
ROWS = """SELECT recipient.id, recipient.message_id, text, phone, recipient.state,
    recipient.gateway_id, place_channel, place_ts, revision, shown_revision, attempt_id, owner
    FROM recipient JOIN message ON message.id = recipient.message_id
    LEFT JOIN attempt ON attempt.id = attempt_id ORDER BY recipient.id"""


class TransitionLog:
    """A run's database, read by the tests."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._database: Database | None = None

    async def open(self) -> None:
        """Creates the bot's tables and the triggers."""
        self._database = database = await open_database(self._url)
        for statement in SQLITE if database.dialect == "sqlite" else POSTGRESQL:
            async with database.transaction() as connection:
                await connection.exec_driver_sql(statement)

    async def close(self) -> None:
        """Closes the database."""
        if self._database is not None:
            await self._database.close()

    async def set_clock(self, seconds: float) -> None:
        """Sets the error of a SQLite database's clock, in seconds."""
        assert self._database
        async with self._database.transaction() as connection:
            await connection.execute(text("DELETE FROM chaos_clock"))
            change = text("INSERT INTO chaos_clock VALUES (:wrong_by)")
            await connection.execute(change, {"wrong_by": int(seconds * 1_000_000)})

    async def unfinished(self) -> tuple[int, int]:
        """The number of recipients not yet sent to, and of messages whose card is out of date."""
        (row,) = await self._query(UNFINISHED)
        return row.unsent, row.unshown

    async def unfinished_alerts(self) -> tuple[int, int]:
        """The number of notifications not yet at their end, and of outdated incident cards."""
        (row,) = await self._query(UNFINISHED_ALERTS)
        return row.not_texted, row.unshown

    async def states(self) -> dict[str, int]:
        """The number of recipients in each state."""
        rows = await self._query("SELECT state, count(*) AS found FROM recipient GROUP BY state")
        return {row.state: row.found for row in rows}

    async def transitions(self) -> tuple[StateTransition, ...]:
        """Every change of a state, in order."""
        rows = await self._query("SELECT * FROM chaos_step ORDER BY id")
        return tuple(
            StateTransition(
                row.recipient,
                State(row.before) if row.before else None,
                State(row.after),
                row.reason,
                row.at,
            )
            for row in rows
        )

    async def rows(self, read_card: CardReader) -> tuple[Row, ...]:
        """Every recipient as stored; `read_card` reads its card."""
        return tuple(_row(one, read_card) for one in await self._query(ROWS))

    async def job_slots(self) -> int:
        """The number of claimed job slots."""
        (row,) = await self._query(
            "SELECT count(*) AS found FROM chaos_job_slot WHERE job <> 'digest'"
        )
        found: int = row.found
        return found

    async def _query(self, query: str) -> Sequence[Any]:
        assert self._database
        async with self._database.reading() as connection:
            return (await connection.execute(text(query))).all()


def _row(one: Any, read_card: CardReader) -> Row:
    card = read_card(one.place_channel, one.place_ts) if one.place_ts else ""
    return Row(
        id=one.id,
        message=one.message_id,
        text=one.text or "",
        phone=one.phone,
        state=State(one.state),
        gateway_id=one.gateway_id,
        card=card,
        shown=bool(card) and one.shown_revision >= one.revision,
        call=one.attempt_id,
        owner=int(one.owner.split(":")[1]) if one.owner else None,
    )
