"""Fixtures that every part of the tests may ask for."""

import os
from itertools import chain, zip_longest
from pathlib import Path

import pytest
from hypothesis import settings

from support.gateway import caller, gateway, running
from support.postgres import database_url, empty_database_url, postgres_server, postgres_url

__all__ = [
    "caller",
    "database_url",
    "empty_database_url",
    "gateway",
    "postgres_server",
    "postgres_url",
    "running",
]

HERE = Path(__file__).parent
IO_BOUND = {"chaos", "plugins", "journeys", "page"}

# How fast a machine is that has other things to do is no property of our code.
settings.register_profile("kwtsms", deadline=None)
settings.load_profile("kwtsms")


def pytest_xdist_auto_num_workers() -> int:
    """Two for each core: most tests wait for a socket most of the time."""
    return 2 * (os.cpu_count() or 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that start whole programs and wait for them come early, each beside one that does not.

    So that the processors are busy all the time, and no long file is left over at the end.
    """
    files = tuple(dict.fromkeys(item.path for item in items))
    io_bound = [file for file in files if IO_BOUND & set(file.relative_to(HERE).parts)]
    others = [file for file in files if file not in io_bound]
    alternating = chain.from_iterable(zip_longest(io_bound, others))
    position = {file: number for number, file in enumerate(alternating) if file}
    items.sort(key=lambda item: position[item.path])
