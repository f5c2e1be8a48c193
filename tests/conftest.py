"""Fixtures that every part of the tests may ask for."""

import os

from support.gateway import caller, gateway, running
from support.postgres import database_url, postgres_server, postgres_url

__all__ = ["caller", "database_url", "gateway", "postgres_server", "postgres_url", "running"]


def pytest_xdist_auto_num_workers() -> int:
    """Two for each core: most tests wait for a socket most of the time."""
    return 2 * (os.cpu_count() or 1)
