"""A process that has loaded the bot and forks a `kwtsms-bridge` of itself whenever it is asked to.

Each order comes with the files that the new process has for its input and outputs, and one more in
which it is told, a line each, what its process id is, and in the end its exit code.
"""

import gc
import json
import os
import resource
import select
import signal
import socket
import sys
import time
import warnings
from contextlib import suppress
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any

LARGEST = 1 << 20  # Bytes of an order.
# Loaded here once, so that no process has to.
LOADED = ("aiosqlite", "alembic.command", "alembic.config", "psycopg", "yaml")


def main(control: int) -> None:
    """Forks until nobody is left who could ask; comes to an end once for each process as well."""
    import kwtsms_bot.cli as commands  # noqa: PLC0415 - the one that the tests import.

    for name in (*LOADED, *(f"kwtsms_bot.cli.{name}" for name in _modules(commands.__path__[0]))):
        import_module(name)
    gc.freeze()
    order = _serve(socket.socket(fileno=control))
    sys.argv = ["kwtsms-bridge", *order["words"]]
    module, _, name = order["entry"].partition(":")
    sys.exit(getattr(import_module(module), name)())


def _modules(folder: str) -> list[str]:
    return [file.stem for file in Path(folder).glob("[!_]*.py")]


def _serve(control: socket.socket) -> dict[str, Any]:
    """Returns in the processes that it makes, and nowhere else."""
    woken, waking = socket.socketpair()
    waking.setblocking(False)
    signal.set_wakeup_fd(waking.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    reports: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([control, woken], [], [])
        if woken in ready:
            woken.recv(LARGEST)
            _bury(reports)
        if control in ready:
            asked, files, _, _ = socket.recv_fds(control, LARGEST, 4)
            if not asked:
                _stop(reports)
            child = os.fork()
            if child == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for one in (control, woken, waking):
                    one.detach()
                return _become(json.loads(asked), files[:3])
            reports[child] = files.pop()
            _say(reports[child], child)
            for file in files:
                os.close(file)


def _become(order: dict[str, Any], files: list[int]) -> dict[str, Any]:
    """The forked process has its own files, folder and environment, and nothing of ours."""
    for number, (name, file) in enumerate(zip(("stdin", "stdout", "stderr"), files, strict=True)):
        os.dup2(file, number)
        setattr(sys, name, _opened(number, getattr(sys, name)))
    os.closerange(3, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    if order["folder"] is not None:
        os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["env"])
    time.tzset()
    if os.environ.get("PYTHONWARNINGS") == "ignore":
        warnings.simplefilter("ignore")
    if order["at_most"] is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["at_most"], order["at_most"]))
    return order


def _opened(number: int, before: TextIOWrapper) -> IO[Any]:
    """A pipe or a file of its own, where we had another; encoded the same."""
    return open(
        number,
        before.mode,
        buffering=1 if number == 2 else -1,
        encoding=before.encoding,
        errors=before.errors,
        closefd=False,
    )


def _bury(reports: dict[int, int]) -> None:
    """Tells of each that has ended."""
    while reports:
        child, status = os.waitpid(-1, os.WNOHANG)
        if child == 0:
            return
        report = reports.pop(child)
        _say(report, os.waitstatus_to_exitcode(status))
        os.close(report)


def _say(report: int, number: int) -> None:
    with suppress(BrokenPipeError):  # Nobody wants to know any more.
        os.write(report, f"{number}\n".encode())


def _stop(reports: dict[int, int]) -> None:
    for child in reports:
        os.kill(child, signal.SIGKILL)
    sys.exit()
