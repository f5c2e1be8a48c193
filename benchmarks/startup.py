"""Times the start of the command and of the library.

    .venv/bin/python benchmarks/startup.py

Processor time of whole processes, medians of fifteen; the time of an import is Python's own figure,
with nothing deducted, beside that of the official client.
"""

import resource
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

RUNS = 15
LIFECYCLE = "kwtsms_bot.service.lifecycle"
BRIDGE = str(Path(sys.executable).with_name("kwtsms-bridge"))


def processor_time(command: Sequence[str]) -> float:
    """The processor seconds of one run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def import_time(module: str) -> float:
    """The seconds that an import took by Python's own figure, dependencies included."""
    command = (sys.executable, "-X", "importtime", "-c", f"import {module}")
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    line = next(one for one in done.stderr.splitlines() if one.endswith(f"| {module}"))
    return int(line.split("|")[1]) / 1e6


def main() -> None:
    """Measures and prints."""
    shown = statistics.median(processor_time((BRIDGE, "--help")) for _ in range(RUNS))
    bare = statistics.median(processor_time((sys.executable, "-c", "")) for _ in range(RUNS))
    without, present = (
        statistics.median(
            processor_time((sys.executable, "-c", f"import {one}")) for _ in range(RUNS)
        )
        for one in (LIFECYCLE, f"{LIFECYCLE}, kwtsms_bot.service.bridge")
    )
    pairs = [(import_time("kwtsms"), import_time("kwtsms_client")) for _ in range(RUNS)]
    theirs, ours = (statistics.median(one) for one in zip(*pairs, strict=True))
    print("| what | ms |\n|---|---|")
    print(f"| kwtsms-bridge --help, processor time | {shown * 1000:.0f} |")
    print(f"| python with nothing to do | {bare * 1000:.0f} |")
    print(f"| the service's modules without the section bridge | {without * 1000:.0f} |")
    print(f"| more of them with it | {(present - without) * 1000:.0f} |")
    print(f"| import kwtsms_client | {ours * 1000:.0f} |")
    print(f"| import kwtsms (the official client) | {theirs * 1000:.0f} |")


if __name__ == "__main__":
    main()
