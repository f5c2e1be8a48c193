"""Times two ways to do the same in one process, in turn, and formats the ratio as a table."""

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of the two ways: its name, and a function that handles all inputs."""

    name: str
    run: Callable[[], object]


def measure(run: Callable[[], object]) -> float:
    """The best of three runs, in seconds: anything above it is noise of the machine."""
    durations = []
    for _ in range(3):
        begin = time.perf_counter()
        run()
        durations.append(time.perf_counter() - begin)
    return min(durations)


def row(label: str, count: int, theirs: Candidate, ours: Candidate) -> str:
    """A line of the table: medians of five rounds, and how many times faster ours is."""
    gc.collect()
    pairs = [(measure(theirs.run), measure(ours.run)) for _ in range(ROUNDS)]
    slow, fast = (statistics.median(one) / count * 1e6 for one in zip(*pairs, strict=True))
    ratio = statistics.median(before / after for before, after in pairs)
    return f"| {label} | {slow:.2f} | {fast:.3f} | {ratio:.1f} |"


def table(unit: str, rows: list[str]) -> str:
    """The whole table, as in the docs."""
    head = f"| {unit} | official, µs | ours, µs | times faster |\n|---|---|---|---|"
    return "\n".join([head, *rows])
