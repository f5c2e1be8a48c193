"""Times how much the plugin file adds to the start of the `apprise` command.

    .venv/bin/python benchmarks/apprise_startup.py

Runs `apprise --dry-run` with and without the file that `kwtsms-bridge apprise install` writes, in
turn, and prints the medians of the processor time that the whole process took.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

RUNS = 15
APPRISE = Path(sys.executable).with_name("apprise")
BRIDGE = Path(sys.executable).with_name("kwtsms-bridge")
COMMAND = (str(APPRISE), "--dry-run", "-b", "x", "json://127.0.0.1:1/")


def run(home: str) -> float:
    """The processor seconds of one run with this home folder."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environ = {"PATH": os.environ["PATH"], "HOME": home}
    subprocess.run(COMMAND, env=environ, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measures and prints."""
    with tempfile.TemporaryDirectory() as bare, tempfile.TemporaryDirectory() as stubbed:
        environ = {"PATH": os.environ["PATH"], "HOME": stubbed}
        subprocess.run(
            (str(BRIDGE), "apprise", "install"), env=environ, check=True, capture_output=True
        )
        run(bare), run(stubbed)
        pairs = [(run(bare), run(stubbed)) for _ in range(RUNS)]
    without, with_stub = (statistics.median(times) for times in zip(*pairs, strict=True))
    added = statistics.median(later - before for before, later in pairs)
    print(f"without the plugin file  {without * 1000:6.0f} ms")
    print(f"with it                  {with_stub * 1000:6.0f} ms")
    print(f"added, median of {RUNS} pairs {added * 1000:4.0f} ms")


if __name__ == "__main__":
    main()
