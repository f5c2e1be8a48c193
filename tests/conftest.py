"""Fixtures and test order for all tests."""

import gc
import os
from itertools import chain, zip_longest
from pathlib import Path

import pytest
from hypothesis import settings

from support.gateway import caller, gateway, running
from support.kinds import mark
from support.postgres import (
    database_url,
    empty_database_url,
    postgres_databases,
    postgres_server,
    postgres_url,
)

__all__ = [
    "caller",
    "database_url",
    "empty_database_url",
    "gateway",
    "postgres_databases",
    "postgres_server",
    "postgres_url",
    "running",
]

gc.disable()  # During the collection, whose objects all stay: a fifth of its time.
HERE = Path(__file__).parent
IO_BOUND = {"chaos", "plugins", "journeys", "page"}

# The speed of a busy machine is not a property of our code.
settings.register_profile("kwtsms", deadline=None)
settings.load_profile("kwtsms")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two for each core with `-n auto`, since most tests mostly wait; one with `-n logical`."""
    return (2 if config.option.numprocesses == "auto" else 1) * (os.cpu_count() or 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Alternates files that start programs and wait for them with other files, from the start.

    This keeps the processors busy, and no long file is left over at the end.
    """
    for item in items:
        mark(item)
    files = tuple(dict.fromkeys(item.path for item in items))
    io_bound = [file for file in files if IO_BOUND & set(file.relative_to(HERE).parts)]
    others = [file for file in files if file not in io_bound]
    alternating = chain.from_iterable(zip_longest(io_bound, others))
    position = {file: number for number, file in enumerate(alternating) if file}
    items.sort(key=lambda item: position[item.path])


def pytest_collection_finish() -> None:
    """Frees garbage from here on, and never searches the collected tests for it."""
    gc.freeze()
    gc.enable()
