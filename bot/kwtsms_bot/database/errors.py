"""Database errors, by what they mean for the data that was to be written."""

from typing import Any

from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    OperationalError,
    SQLAlchemyError,
    StatementError,
)


class DatabaseError(Exception):
    """The database did not do what it was asked to; the transaction changed nothing."""


class DatabaseNotFound(DatabaseError):
    """The database file does not exist."""


class InvalidValue(DatabaseError):
    """A value does not fit its column: the same transaction will never succeed."""


class DatabaseFileLost(DatabaseError):
    """SQLite's file was removed, replaced or overwritten; `reason` says which."""

    def __init__(self, file: str, reason: str, remedy: str = "") -> None:
        super().__init__(f"the file {file} {reason}{remedy and f': {remedy}'}")
        self.reason = reason


class DatabaseMisconfigured(DatabaseError):
    """A database that a restart does not make usable; `remedy` is what to do first."""

    def __init__(self, text: str, remedy: str) -> None:
        super().__init__(text)
        self.remedy = remedy


class DuplicateKey(DatabaseError):
    """A row with this key exists."""


class CommitUnknown(DatabaseError):
    """The answer to a commit was lost: the transaction changed everything, or nothing."""


class translate_errors:  # noqa: N801 - reads as the clause that it is.
    """Context manager that turns SQLAlchemy's errors into ours, with the cause."""

    def __init__(self, error_type: type[DatabaseError] = DatabaseError) -> None:
        self._error_type = error_type

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, IntegrityError):
            raise DuplicateKey(type(error).__name__) from error
        if _is_about_values(error):
            raise InvalidValue(type(error).__name__) from error
        if isinstance(error, SQLAlchemyError | OSError):
            raise self._error_type(_describe(error)) from error


def _is_about_values(error: BaseException | None) -> bool:
    """Whether a value cannot be stored; drivers raise their own errors before they ask the server.

    SQLAlchemy wraps an error of its own conversion in a plain StatementError.
    """
    if isinstance(error, StatementError) and not isinstance(error, DBAPIError):
        return isinstance(error.orig, ValueError | ArithmeticError | TypeError)
    return isinstance(error, DataError | OverflowError | UnicodeError)


def _describe(error: Exception) -> str:
    """Returns the error's kind, and the message of an OperationalError: it quotes no value."""
    kind = type(error).__name__
    if not isinstance(error, OperationalError) or not str(error.orig):
        return kind
    return f"{kind}: {str(error.orig).splitlines()[0]}"
