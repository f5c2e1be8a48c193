"""The database: tables, transactions, a clock. SQLAlchemy stops here and in the stores."""

from kwtsms_bot.database.engine import AlreadyThere, Database, DatabaseTrouble, open_database

__all__ = ["AlreadyThere", "Database", "DatabaseTrouble", "open_database"]
