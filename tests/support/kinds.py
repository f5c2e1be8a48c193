"""The kind of each test, by what it opens: sockets, databases, programs; see pyproject.toml.

A test opens what its code and its fixtures' name, in whichever functions of tests/ they call.
"""

import inspect
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest

TESTS = Path(__file__).parents[1]
KINDS = ("unit", "integration", "program", "journey", "browser", "chaos")  # Each test has one.
# A resource, and the names by which the code of tests/ opens it.
OPENERS = {
    "program": {"create_subprocess_exec", "subprocess", "fork", "fork_command"},
    "network": {
        *("LocalEnvironment", "RunningGateway", "SlackSandbox"),
        *("serve", "serve_http", "start_server"),
    },
    "database": {"open_database", "sqlite3"},
    "postgres": {"get_server"},
}


def mark(item: pytest.Item) -> None:
    """Marks a test with its kind, unless it names one, and with `network` and `postgres`."""
    if not isinstance(item, pytest.Function):
        return
    opened = _opened(item) | (_markers(item) & OPENERS.keys())
    for name in sorted(opened & {"network", "postgres"}):
        item.add_marker(name)
    named = _markers(item) & set(KINDS)
    if len(named) > 1:
        raise pytest.UsageError(f"{item.nodeid} is marked with several kinds: {sorted(named)}")
    if not named:
        item.add_marker(_kind(item, opened))


def _markers(item: pytest.Item) -> set[str]:
    return {one.name for one in item.iter_markers()}


def _kind(item: pytest.Item, opened: set[str]) -> str:
    folder = item.path.relative_to(TESTS).parts[0]
    if folder == "journeys":
        return "journey"
    if "program" in opened:
        return "chaos" if folder == "chaos" else "program"
    return "integration" if opened else "unit"


def _opened(item: pytest.Function) -> set[str]:
    fixtures = item._fixtureinfo.name2fixturedefs.values()
    functions = [item.function, *(one.func for several in fixtures for one in several)]
    opened = {resource for function in functions for resource in _reached(function)}
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    # A test on both databases is two tests.
    urls = [parameters.get(name) for name in ("database_url", "empty_database_url")]
    return opened | {"postgres"} if "postgresql" in urls else opened


@cache
def _reached(start: Callable[..., Any]) -> frozenset[str]:
    """The resources that a function or class opens, itself or by what it calls in tests/."""
    opened: set[str] = set()
    visited: set[Any] = set()
    pending: list[Any] = [start]
    while pending:
        one = pending.pop()
        if one not in visited:
            visited.add(one)
            itself, called = _direct(one)
            opened |= itself
            pending += called
    return frozenset(opened)


@cache
def _direct(one: Any) -> tuple[frozenset[str], tuple[Any, ...]]:
    """The resources that a function or class names, and the functions and classes of tests/."""
    names: set[str] = set()
    called: list[Any] = []
    for function in _functions(one):
        used = set(_names(function.__code__))
        values = [function.__globals__.get(name) for name in used]
        modules = [value for value in values if isinstance(value, ModuleType)]
        values += [getattr(module, name, None) for module in modules for name in used]
        called += filter(_is_ours, values)
        names |= used
    opened = {resource for resource, openers in OPENERS.items() if openers & names}
    return frozenset(opened), tuple(called)


def _functions(one: Any) -> Iterator[FunctionType]:
    """The function below its decorators; of a class, its methods."""
    members = vars(one).values() if isinstance(one, type) else (one,)
    for member in members:
        function = inspect.unwrap(getattr(member, "fget", None) or member)
        if isinstance(function, FunctionType):
            yield function


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _is_ours(value: Any) -> bool:
    """Whether a value is a function or class of tests/."""
    if not isinstance(value, type | FunctionType):
        return False
    file = getattr(sys.modules.get(value.__module__), "__file__", None)
    return file is not None and file.startswith(str(TESTS))
