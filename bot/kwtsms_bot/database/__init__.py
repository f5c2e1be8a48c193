"""The database: tables, transactions, a clock. SQLAlchemy stops here and in the stores."""

from kwtsms_bot.database.engine import Database, open_database
from kwtsms_bot.database.trouble import AlreadyThere, CommitLost, DatabaseTrouble

__all__ = ["AlreadyThere", "CommitLost", "Database", "DatabaseTrouble", "open_database"]
