"""Column types that mean the same on SQLite and PostgreSQL, and the naming convention."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    CursorResult,
    Integer,
    MetaData,
    Select,
    String,
    cast,
    func,
    literal,
    select,
    type_coerce,
)
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING_CONVENTION)
# SQLite generates IDs only in a column declared exactly as INTEGER.
Id = BigInteger().with_variant(Integer, "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """An instant, as microseconds since 1970: comparable, exact, without a time zone to lose."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:  # noqa: ARG002
        """Converts a value for the database."""
        return None if value is None else (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: Any, dialect: Any) -> datetime | None:  # noqa: ARG002
        """Converts a value from the database."""
        return None if value is None else EPOCH + int(value) * MICROSECOND


class DecimalText(TypeDecorator[Decimal]):
    """Credits, as the text of a decimal: SQLite would keep a float."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Any) -> str | None:  # noqa: ARG002
        """Converts a value for the database."""
        return None if value is None else str(value)

    def process_result_value(self, value: Any, dialect: Any) -> Decimal | None:  # noqa: ARG002
        """Converts a value from the database."""
        return None if value is None else Decimal(value)


class ForeignText(TypeDecorator[str]):
    """Text from outside, as every database stores it: without NUL, whole, not too long."""

    impl = String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self._length = length

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:  # noqa: ARG002
        """Converts a value for the database."""
        if value is None:
            return None
        return value.encode(errors="replace").decode().replace("\0", "")[: self._length]


def add_delay(instant: ColumnElement[datetime], delay: timedelta) -> ColumnElement[datetime]:
    """Returns `instant` plus `delay`, computed by the database."""
    return type_coerce(type_coerce(instant, BigInteger) + delay // MICROSECOND, UtcDateTime)


def shift(
    instant: ColumnElement[datetime], origin: ColumnElement[datetime], now: datetime
) -> ColumnElement[datetime]:
    """Returns the time that is as far from `now` as `instant` is from `origin`."""
    offset = type_coerce(instant, BigInteger) - type_coerce(origin, BigInteger)
    return type_coerce(offset + (now - EPOCH) // MICROSECOND, UtcDateTime)


def rows_of(dialect: str, values: Sequence[str]) -> Select[tuple[str]]:
    """Returns a query with a row, `value`, for each string, in order; all are one parameter."""
    return rows_of_json(dialect, literal(json.dumps(values), String))


def rows_of_json(dialect: str, json_list: ColumnElement[str]) -> Select[tuple[str]]:
    """Returns such a query for strings given as a JSON list."""
    if dialect == "postgresql":
        elements = func.json_array_elements_text(cast(json_list, JSON))
        rows = elements.table_valued("value", with_ordinality="key").render_derived()
    else:
        rows = func.json_each(json_list).table_valued("value", "key")
    return select(rows.c.value).order_by(rows.c.key)


def inserted_id(result: CursorResult[Any]) -> int:
    """Returns the ID that the database gave to the row just inserted."""
    key = result.inserted_primary_key
    if key is None:
        raise TypeError("not an INSERT of one row")
    return int(key[0])
