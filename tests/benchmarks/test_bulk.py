"""The bulk benchmark: a short run, and its calculations."""

import importlib
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def bulk(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Imports the benchmark as a module."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("bulk")


@pytest.mark.network
def test_a_short_run(bulk: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """The table has the official client, both of ours and the ratio."""
    bulk.main(["--rounds", "1", "--numbers", "201", "--latencies", "10"])

    _, _, *rows = capsys.readouterr().out.partition("\n\n")[0].splitlines()
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    assert [row[:3] for row in cells] == [
        ["10 ms", "official", "0.5"],
        ["10 ms", "Client", "0.5"],
        ["10 ms", "AsyncClient", "0.5"],
    ]
    assert cells[0][-1] == "1.00"
    assert all(0.5 < float(row[3]) < 5 for row in cells)
    assert {row[5] for row in cells} <= {"1", "2"}


def test_the_floor(bulk: ModuleType) -> None:
    """The minimum is 49 intervals and one latency for 10,000 numbers, one latency for 200."""
    assert bulk.floor(0.8, 10_000) == pytest.approx(49 * 0.5 + 0.8)
    assert bulk.floor(0.8, 200) == pytest.approx(0.8)


def test_the_worst_second(bulk: ModuleType) -> None:
    """The busiest window of one second counts, without its end."""
    assert bulk.most_in_a_second([0.0, 0.5, 1.0, 5.0, 5.4]) == 2


def test_a_row(bulk: ModuleType) -> None:
    """A row has the medians of the rounds, the ratio within a round and the worst second of all."""
    rounds = [
        {"official": bulk.BulkRun(official, 2), "Client": bulk.BulkRun(ours, starts)}
        for official, ours, starts in [(20.0, 10.0, 3), (30.0, 10.0, 2), (44.0, 11.0, 2)]
    ]

    assert bulk.row("Client", rounds, 8.0) == "Client | 8.0 | 10.00 | 25.0 % | 3 | 3.00"
