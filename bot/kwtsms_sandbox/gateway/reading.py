"""JSON into our dataclasses, or everything that is wrong with it at once.

Reads values by the dataclass's own annotations; knows nothing of what the fields mean.
"""

import math
import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, replace
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


class ScenarioError(ValueError):
    """Values that do not fit; a line for each, with what was expected."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def read(kind: type[T], given: Any, *, where: str, base: T | None = None) -> T:
    """`given` as a `kind`; fields that are not given come from `base`, or their defaults.

    Raises:
        ScenarioError: something does not fit.
    """
    if not isinstance(given, Mapping):
        raise ScenarioError(f"{where}: expected an object, got {_shown(given)}")
    hints = get_type_hints(kind)
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    problems = [
        f"{where}.{name}: unknown; known are {', '.join(known)}" for name in given.keys() - known
    ]
    values: dict[str, Any] = {}
    for name, value in given.items():
        try:
            values[name] = _value(hints[name], value) if name in known else None
        except ValueError as error:
            problems.append(f"{where}.{name}: {error}")
    if base is None:
        absent = [name for name, field in known.items() if _required(field) and name not in given]
        problems += [f"{where}.{name}: missing" for name in absent]
    if problems:
        raise ScenarioError(*sorted(problems))
    return _made(kind, values, base, where)


def _made(kind: type[T], values: dict[str, Any], base: T | None, where: str) -> T:
    try:
        return kind(**values) if base is None else replace(base, **values)  # type: ignore[type-var]
    except ValueError as error:
        raise ScenarioError(f"{where}.{error}") from error


def _required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _value(hint: Any, value: Any) -> Any:
    """`value` as the annotation wants it.

    Raises:
        ValueError: it cannot be.
    """
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        if value is None and types.NoneType in arguments:
            return None
        return _value(next(one for one in arguments if one is not types.NoneType), value)
    if origin is tuple:
        items = _expect(list, value, "a list")
        return tuple(_value(arguments[0], item) for item in items)
    if origin is not None:
        pairs = _expect(dict, value, "an object")
        return {str(key): _value(arguments[1], item) for key, item in pairs.items()}
    return _plain(hint, value)


def _plain(hint: type, value: Any) -> Any:
    if hint is bool:
        return _expect(bool, value, "true or false")
    if isinstance(value, bool):  # To Python, True is a whole number.
        value = str(value).lower()
    if hint is Decimal:
        return _amount(value)
    if issubclass(hint, StrEnum):
        return _choice(hint, value)
    if hint is float:
        return _finite(_expect(int | float, value, "a number"))
    return _expect(hint, value, _NAMES.get(hint, "text"))


_NAMES = {int: "a whole number", float: "a number", Decimal: "a number", str: "text"}


def _expect(kind: Any, value: Any, name: str) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"expected {name}, got {_shown(value)}")  # noqa: TRY004  one error for all
    return value


def _finite(value: float) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"expected a number, got {_shown(value)}")
    return number


def _amount(value: Any) -> Decimal:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise ValueError(f"expected a number, got {_shown(value)}")
    return amount


def _choice(hint: type[StrEnum], value: Any) -> StrEnum:
    try:
        return hint(value)
    except ValueError:
        choices = ", ".join(hint)
        raise ValueError(f"expected one of {choices}; got {_shown(value)}") from None


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
