"""The database: tables, transactions, a clock. SQLAlchemy stops here and in the stores."""

from kwtsms_bot.database.engine import Database, inspect_schema, open_database
from kwtsms_bot.database.errors import CommitUnknown, DatabaseError, DatabaseNotFound, DuplicateKey
from kwtsms_bot.database.migrate import SchemaStatus

__all__ = [
    "CommitUnknown",
    "Database",
    "DatabaseError",
    "DatabaseNotFound",
    "DuplicateKey",
    "SchemaStatus",
    "inspect_schema",
    "open_database",
]
