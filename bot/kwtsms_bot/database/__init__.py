"""The database: tables, transactions, a clock. SQLAlchemy stops here and in the stores."""

from kwtsms_bot.database.engine import Database, inspect_schema, open_database
from kwtsms_bot.database.migrating import SchemaStatus
from kwtsms_bot.database.trouble import CommitUnknown, DatabaseError, DatabaseNotFound, DuplicateKey

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
