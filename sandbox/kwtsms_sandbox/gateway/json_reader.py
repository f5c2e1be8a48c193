"""Reads JSON into dataclasses, or reports all problems at once.

Goes by the dataclass's own annotations; knows nothing of what the fields mean.
"""

import json
import math
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, fields, replace
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
MAX_DEPTH = 32  # of nested lists and objects; nothing that is read here needs four


class ScenarioError(ValueError):
    """Values that do not fit: one line for each, with what was expected."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Problems:
    """Collector of problems from several readings, so that all are reported at once."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def attempt(self, read_value: Callable[[], T]) -> T | None:
        """Returns the result of `read_value`, or None after collecting its problems."""
        try:
            return read_value()
        except ScenarioError as error:
            self._found += error.problems
            return None

    def raise_if_any(self) -> None:
        """Raises the collected problems, if there are any.

        Raises:
            ScenarioError: there is at least one problem.
        """
        if self._found:
            raise ScenarioError(*self._found)


def load(text: str | bytes) -> Any:
    """Returns the JSON value in a text.

    Raises:
        ScenarioError: the text is not JSON, or is nested too deeply.
    """
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise ScenarioError("not JSON that can be read: too deep") from error
    except ValueError as error:
        raise ScenarioError(f"not JSON: {error}") from error
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for one in level for inner in _inside(one)]
        if not level:
            return value
    raise ScenarioError(f"expected at most {MAX_DEPTH} lists and objects in each other")


def _inside(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def read(kind: type[T], given: Any, *, where: str, base: T | None = None) -> T:
    """Returns `given` as a `kind`; missing fields come from `base`, or their defaults.

    Raises:
        ScenarioError: something does not fit.
    """
    if not isinstance(given, Mapping):
        raise ScenarioError(f"{where}: expected an object, got {_shown(given)}")
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    values, problems = _values(kind, given, known)
    required = {name for name, field in known.items() if base is None and _required(field)}
    problems += [f"{name}: missing" for name in required - given.keys()]
    made = None
    if required <= values.keys():  # The other fields are checked even if some could not be read.
        try:
            made = kind(**values) if base is None else replace(base, **values)  # type: ignore[type-var]
        except ValueError as error:
            problems += str(error).splitlines()
    if made is None or problems:
        raise ScenarioError(*(f"{where}.{problem}" for problem in sorted(problems)))
    return made


def _values(
    kind: type[Any], given: Mapping[str, Any], known: Mapping[str, Field[Any]]
) -> tuple[dict[str, Any], list[str]]:
    """Returns the fields that could be read, and the problems of the others."""
    hints = get_type_hints(kind)
    problems = [f"{name}: unknown; known are {', '.join(known)}" for name in given.keys() - known]
    values: dict[str, Any] = {}
    for name in given.keys() & known:
        try:
            values[name] = _value(hints[name], given[name])
        except ValueError as error:
            problems.append(f"{name}: {error}")
    return values, problems


def _required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _value(hint: Any, value: Any) -> Any:
    """Returns `value` as the annotated type.

    Raises:
        ValueError: the value does not fit.
    """
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        if value is None and types.NoneType in arguments:
            return None
        return _value(next(one for one in arguments if one is not types.NoneType), value)
    if origin is Literal:
        return _choice(arguments, value)
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
    if isinstance(value, bool):  # bool is a subclass of int.
        value = str(value).lower()
    if hint is Decimal:
        return _amount(value)
    if issubclass(hint, StrEnum):
        return hint(_choice(tuple(hint), value))
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


def _choice(choices: tuple[str, ...], value: Any) -> Any:
    if value not in choices:
        raise ValueError(f"expected one of {', '.join(choices)}; got {_shown(value)}")
    return value


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
