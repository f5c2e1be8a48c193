"""The seed of a run, and its one line of figures, also where several processes share the work."""

import os
import random
from collections.abc import Callable
from dataclasses import astuple
from typing import Any

import pytest

from chaos.checker import CheckResult, RunStatistics

SEED = "CHAOS_SEED"
PROPERTY = "chaos"


def pytest_configure() -> None:
    """CHAOS_SEED, or a seed of our own; the environment takes it to pytest's other processes."""
    if not os.environ.get(SEED):
        os.environ[SEED] = str(random.randrange(1, 100_000))


def pytest_report_header() -> str:
    """The seed, before anything happens."""
    return f"chaos seed: {os.environ[SEED]}"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """All runs of chaos together, in one line."""
    reports = [one for kind in ("passed", "failed") for one in terminalreporter.getreports(kind)]
    statistics = [
        RunStatistics(*value)
        for report in reports
        if report.when == "call"
        for name, value in report.user_properties
        if name == PROPERTY
    ]
    if statistics:
        total = sum(statistics, RunStatistics())
        terminalreporter.write_line(f"chaos: seed {os.environ[SEED]}: {total}")


@pytest.fixture
def seed() -> int:
    """What chance begins with."""
    return int(os.environ[SEED])


@pytest.fixture
def assert_clean(
    record_property: Callable[[str, object], None], seed: int
) -> Callable[[CheckResult], None]:
    """Counts a verdict among the figures, and fails if it found anything."""

    def check(result: CheckResult) -> None:
        record_property(PROPERTY, astuple(result.statistics))
        assert not result.findings, f"seed {seed}: {result.report}"

    return check
