"""The tables by which replicas share an account: rate limit, cooldowns, breaker, job slots."""

from sqlalchemy import Boolean, Column, SmallInteger, String, Table

from kwtsms_bot.database.column_types import ForeignText, Id, UtcDateTime, metadata

number_cooldown = Table(
    "number_cooldown",
    metadata,
    Column("phone", String(20), primary_key=True),
    Column("until", UtcDateTime, nullable=False, index=True),  # By the database's clock.
    Column("attempt_id", Id, nullable=False),  # The call that set it.
)

job_slot = Table(
    "job_slot",
    metadata,
    Column("job", String(40), primary_key=True),
    Column("slot", String(40), primary_key=True),
)

# Starts of processes on SQLite, each with a random token: an overwritten file has not the newest.
database_start = Table(
    "database_start",
    metadata,
    Column("id", Id, primary_key=True),
    Column("token", String(32), nullable=False),
)

# Switches of administrators; a row exists while its switch is on.
switch = Table(
    "switch",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("actor", ForeignText(80), nullable=False),
    Column("reason", ForeignText(500), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

rate_limit = Table(
    "rate",
    metadata,
    Column("account", String(40), primary_key=True),
    Column("next_free", UtcDateTime, nullable=False),
)

# State of the circuit breaker: outbox/flow_control/circuit_breaker.py.
circuit_breaker = Table(
    "circuit_breaker",
    metadata,
    Column("account", String(40), primary_key=True),
    Column("failures", SmallInteger, nullable=False),
    Column("opened_at", UtcDateTime),
    Column("open", Boolean, nullable=False),
    Column("failed_probes", SmallInteger, nullable=False),
    Column("next_probe_at", UtcDateTime),
)
