"""The database: tables, transactions, a clock. SQLAlchemy stops here and in the stores."""

from kwtsms_bot.database.engine import Database, inspect_schema, open_database
from kwtsms_bot.database.errors import (
    CommitUnknown,
    DatabaseError,
    DatabaseFileLost,
    DatabaseMisconfigured,
    DatabaseNotFound,
    DuplicateKey,
    InvalidValue,
)
from kwtsms_bot.database.migrate import SchemaStatus

__all__ = [
    "CommitUnknown",
    "Database",
    "DatabaseError",
    "DatabaseFileLost",
    "DatabaseMisconfigured",
    "DatabaseNotFound",
    "DuplicateKey",
    "InvalidValue",
    "SchemaStatus",
    "inspect_schema",
    "open_database",
]
