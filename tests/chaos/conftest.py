"""The seed of a chaos run and its summary line, also with several pytest processes."""

import os
import random
from collections.abc import Callable
from dataclasses import astuple
from typing import Any

import pytest

from chaos.alerts.judge import AlertStatistics, AlertVerdict
from chaos.checker import CheckResult, RunStatistics

SEED = "CHAOS_SEED"
PROPERTY, ALERTS_PROPERTY = "chaos", "chaos with alerts"


def pytest_configure() -> None:
    """Sets CHAOS_SEED if it is not set; pytest's other processes inherit it."""
    if not os.environ.get(SEED):
        os.environ[SEED] = str(random.randrange(1, 100_000))


def pytest_report_header() -> str:
    """Shows the seed at the start."""
    return f"chaos seed: {os.environ[SEED]}"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Writes the summed figures of all chaos runs in one line, and of those with alerts."""
    reports = [one for kind in ("passed", "failed") for one in terminalreporter.getreports(kind)]
    values = [
        (name, value)
        for report in reports
        if report.when == "call"
        for name, value in report.user_properties
    ]
    runs = [RunStatistics(*value) for name, value in values if name == PROPERTY]
    alerts = [AlertStatistics(*value) for name, value in values if name == ALERTS_PROPERTY]
    lines = {
        PROPERTY: sum(runs, RunStatistics()) if runs else None,
        ALERTS_PROPERTY: sum(alerts, AlertStatistics()) if alerts else None,
    }
    for name, total in lines.items():
        if total is not None:
            terminalreporter.write_line(f"{name}: seed {os.environ[SEED]}: {total}")


@pytest.fixture
def seed() -> int:
    """The seed for random numbers."""
    return int(os.environ[SEED])


@pytest.fixture
def assert_clean(
    record_property: Callable[[str, object], None], seed: int
) -> Callable[[CheckResult], None]:
    """Records the figures of a check and fails if it has findings."""

    def check(result: CheckResult) -> None:
        record_property(PROPERTY, astuple(result.statistics))
        assert not result.findings, f"seed {seed}: {result.report}"

    return check


@pytest.fixture
def assert_notified(
    record_property: Callable[[str, object], None], seed: int
) -> Callable[[AlertVerdict], None]:
    """Records the figures of a run with alerts and fails if it has findings."""

    def check(verdict: AlertVerdict) -> None:
        record_property(ALERTS_PROPERTY, astuple(verdict.statistics))
        assert not verdict.findings, f"seed {seed}: {verdict.report}"

    return check
