"""A process that has loaded what `kwtsms-bridge` needs, and forks the command on request.

A new process spends up to a second of processor time on its imports, and the tests start hundreds.
A forked one has its own memory, environment, files and signals from its first line on, and can be
killed like any other. Tests of the start itself run the installed command instead.

A request is its length, its JSON, and four files: standard input, output and error, and one to
which the server writes two numbers: the process ID, and at the end the exit code (negative: a
signal).
"""

import atexit
import gc
import json
import os
import select
import signal
import socket
import sys
import threading
import time
import warnings
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from importlib import import_module
from typing import Any

from kwtsms_bot.cli import COMMANDS, bot_process, main
from kwtsms_bot.service import Service
from kwtsms_bot.service.waits import Waits
from support.bridge_waits import SETTLE_MODULES

NUMBER = 4  # Bytes of a number.
FILES = 4
PRELOADED = (
    *{place.split(":")[0] for place, _ in COMMANDS.values()},
    *("kwtsms_bot.service.bridge", "aiosqlite", "alembic.command", "alembic.config", "psycopg"),
)


@dataclass(frozen=True, slots=True)
class Request:
    """A command to run, and its files."""

    argv: list[str]
    folder: str
    environ: dict[str, str]
    waits: dict[str, float]  # Shorter waits of a bot, for which the command has no options.
    files: list[int]


def serve(requests: socket.socket) -> Request | None:
    """Forks until the requests end; returns the request in the forked process, else None."""
    wake, waker = socket.socketpair()
    wake.setblocking(False)
    waker.setblocking(False)
    signal.set_wakeup_fd(waker.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    statuses: dict[int, int] = {}  # The file for the exit code, by process ID.
    while True:
        ready, _, _ = select.select([requests, wake], [], [])
        if wake in ready:
            wake.recv(4096)
            _report_ended(statuses)
        if requests in ready:
            request = _receive(requests)
            if request is None:
                return None
            if _is_child(request, statuses):
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for one in (requests, wake, waker):
                    one.close()
                return request


def _is_child(request: Request, statuses: dict[int, int]) -> bool:
    """Forks; the parent reports the process ID and lets go of the child's files."""
    *files, status = request.files
    pid = os.fork()
    if pid:
        statuses[pid] = status
        os.write(status, pid.to_bytes(NUMBER, signed=True))
    for number in files if pid else (status, *statuses.values()):
        os.close(number)
    return pid == 0


def _receive(requests: socket.socket) -> Request | None:
    header, files, _, _ = socket.recv_fds(requests, NUMBER, FILES)
    if not header:
        return None
    body = requests.recv(int.from_bytes(header), socket.MSG_WAITALL)
    return Request(**json.loads(body), files=files)


def _report_ended(statuses: dict[int, int]) -> None:
    for pid in list(statuses):
        ended, result = os.waitpid(pid, os.WNOHANG)
        if ended:
            status = statuses.pop(pid)
            exit_code = os.waitstatus_to_exitcode(result)
            os.write(status, exit_code.to_bytes(NUMBER, signed=True))
            os.close(status)


def run(request: Request) -> None:
    """Runs the command, as a new process would."""
    _set_standard_files(request.files[:3])
    os.chdir(request.folder)
    os.environ.clear()
    os.environ.update(request.environ)
    time.tzset()
    if os.environ.get("PYTHONWARNINGS") == "ignore":
        warnings.simplefilter("ignore")
    _shorten(**request.waits)
    sys.argv = request.argv
    code = 1
    try:
        main()
    except SystemExit as ended:
        code = int(ended.code or 0)
    except Exception:  # noqa: BLE001 - as the interpreter does.
        sys.excepthook(*sys.exc_info())
    _end(code)


def _end(code: int) -> None:
    """Ends as the interpreter does, except that it frees no memory: most of it is shared."""
    threading._shutdown()  # type: ignore[attr-defined] # Joins the threads.
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


def _set_standard_files(files: list[int]) -> None:
    """Makes these the standard files, as the interpreter does at its start."""
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        before = getattr(sys, name)
        stream: Any = open(  # noqa: SIM115 - it stays open.
            before.fileno(), mode, encoding=before.encoding, errors=before.errors, closefd=False
        )
        stream.reconfigure(line_buffering=name == "stderr" or stream.isatty())
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _shorten(*, interval: float = 0, settle: float = 0, **waits: Any) -> None:
    if interval:
        shorter = partial(Service, interval=timedelta(seconds=interval), waits=Waits(**waits))
        setattr(bot_process, "Service", shorter)  # noqa: B010
    if settle:
        for module in SETTLE_MODULES:
            setattr(module, "SETTLE", timedelta(seconds=settle))  # noqa: B010


if __name__ == "__main__":
    for module in PRELOADED:
        import_module(module)
    gc.collect()
    gc.freeze()  # So that the forked processes share what is loaded.
    if (forked := serve(socket.socket(fileno=int(sys.argv[1])))) is not None:
        run(forked)
