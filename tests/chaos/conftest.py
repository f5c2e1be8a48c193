"""The seed of a run, and its one line of figures."""

import os
import random
from collections.abc import Callable

import pytest

from chaos.judge import Figures, Verdict

SEED = pytest.StashKey[int]()
FIGURES = pytest.StashKey[list[Figures]]()


def pytest_configure(config: pytest.Config) -> None:
    """CHAOS_SEED, or a seed of our own."""
    config.stash[SEED] = int(os.environ.get("CHAOS_SEED") or random.randrange(1, 100_000))
    config.stash[FIGURES] = []


def pytest_report_header(config: pytest.Config) -> str:
    """The seed, before anything happens."""
    return f"chaos seed: {config.stash[SEED]}"


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """All runs of chaos together, in one line."""
    if found := config.stash[FIGURES]:
        total = sum(found, Figures())
        terminalreporter.write_line(f"chaos: seed {config.stash[SEED]}: {total}")


@pytest.fixture
def seed(pytestconfig: pytest.Config) -> int:
    """What chance begins with."""
    return pytestconfig.stash[SEED]


@pytest.fixture
def weigh(pytestconfig: pytest.Config, seed: int) -> Callable[[Verdict], None]:
    """Counts a verdict among the figures, and fails if it found anything."""

    def weighed(verdict: Verdict) -> None:
        pytestconfig.stash[FIGURES].append(verdict.figures)
        assert not verdict.findings, f"seed {seed}: {verdict.report}"

    return weighed
