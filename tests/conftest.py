"""Fixtures that every part of the tests may ask for."""

import os
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

# How fast a machine is that has other things to do is no property of our code.
settings.register_profile("kwtsms", deadline=None)
settings.load_profile("kwtsms")


def pytest_xdist_auto_num_workers() -> int:
    """Two for each core: most tests wait for a socket most of the time."""
    return 2 * (os.cpu_count() or 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What starts whole programs takes longest: it begins first, and the short tests fill up."""
    long = ("chaos", "plugins", "journeys")
    items.sort(key=lambda item: not set(long) & set(item.path.relative_to(HERE).parts))
