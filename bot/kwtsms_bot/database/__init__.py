"""The database: tables, transactions, a clock. SQLAlchemy stops here and in the stores."""

from kwtsms_bot.database.engine import Database, look_at, open_database
from kwtsms_bot.database.migrating import Standing
from kwtsms_bot.database.trouble import AlreadyThere, CommitLost, DatabaseTrouble, NotThere

__all__ = [
    "AlreadyThere",
    "CommitLost",
    "Database",
    "DatabaseTrouble",
    "NotThere",
    "Standing",
    "look_at",
    "open_database",
]
