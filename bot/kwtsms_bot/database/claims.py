"""Claims that expire: one replica works on a row until a time, then any other may."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, Update, or_, update

from kwtsms_bot.database.column_types import add_delay

Instant = ColumnElement[datetime] | datetime  # By the database's clock, or by the caller's.


@dataclass(frozen=True, slots=True)
class ExpiringClaim:
    """The column that says until when a row is claimed; NULL where it is not.

    `longest` is the furthest ahead that a correct clock writes. Anything later was written by a
    clock that has been set back since, and counts as expired.
    """

    until: Column[Any]
    lease: timedelta
    longest: timedelta | None = None

    def is_free(self, now: ColumnElement[datetime]) -> ColumnElement[bool]:
        """The condition that nobody has claimed the row, or that the claim has expired."""
        return or_(self.until.is_(None), self.has_expired(now))

    def has_expired(self, now: ColumnElement[datetime]) -> ColumnElement[bool]:
        """The condition that a claim was made, and has expired."""
        return or_(self.until <= now, self.until > add_delay(now, self.longest or self.lease))

    def expiry(self, now: Instant) -> Instant:
        """The time until which a claim made now holds."""
        return now + self.lease if isinstance(now, datetime) else add_delay(now, self.lease)

    def claim(self, now: Instant, *where: ColumnElement[bool]) -> Update:
        """The statement that claims the rows `where` names, by the clock that `now` comes from."""
        return update(self.until.table).where(*where).values({self.until: self.expiry(now)})
