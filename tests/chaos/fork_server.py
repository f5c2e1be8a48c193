"""A process that has loaded the bot's modules and forks a bot on request.

A fresh `kwtsms-bridge run` spends a second of processor time on its imports; with hundreds of
restarts that would dominate the measurement. A forked bot has its own memory, sockets and files
from its first line on, and can be killed like any other.

Reads one JSON object per line and answers each with the process ID of the new bot.
"""

import gc
import json
import os
import signal
import sys
from typing import Any

import aiosqlite  # noqa: F401 - loaded here once, so that no bot has to.
import alembic.command
import alembic.config  # noqa: F401 - the same.
import psycopg  # noqa: F401 - the same.
import yaml  # noqa: F401 - the same.

import kwtsms_bot.cli.bot_process
import kwtsms_bot.service.bridge  # noqa: F401 - the same.
from chaos.program import FailAction, FailPoint, Program, run


def main() -> None:
    """Forks bots until the input ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # The kernel reaps the children.
    gc.freeze()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _run_child(request)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


def _run_child(request: dict[str, Any]) -> None:
    """Runs a bot in the forked process; never returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, file in ((0, nothing), (1, log), (2, log)):
        os.dup2(file, number)
    settings = dict(request["program"])
    for name, kind in (("point", FailPoint), ("action", FailAction)):
        settings[name] = kind(settings[name]) if settings[name] else None
    code = 1
    try:
        run(Program(**settings), request["config"])
        code = 0
    except SystemExit as ended:
        code = int(ended.code or 0)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
