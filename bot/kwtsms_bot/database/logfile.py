"""SQLite's write-ahead log, emptied: pages as they were before an erasure stand in it."""

from sqlalchemy.engine import Engine

# While it waits for readers nobody writes; a later attempt will do as well.
WAIT_MILLISECONDS = 1_000


def emptied(engine: Engine) -> bool:
    """Whether nothing is left in the log; False where a reader needs it still."""
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={WAIT_MILLISECONDS}")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (busy, *_) = cursor.fetchone() or (1,)
        cursor.close()
    finally:
        connection.invalidate()  # Its waiting time is not the others'.
    return not busy
