"""Fixtures that every part of the tests may ask for."""

import os

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

# How fast a machine is that has other things to do is no property of our code.
settings.register_profile("kwtsms", deadline=None)
settings.load_profile("kwtsms")


def pytest_xdist_auto_num_workers() -> int:
    """Two for each core: most tests wait for a socket most of the time."""
    return 2 * (os.cpu_count() or 1)
