"""`kwtsms-bridge run`: runs the bot until it is stopped."""

import asyncio
import gc
import os
import signal
import sys
import threading

import click
import structlog

from kwtsms_bot import logs
from kwtsms_bot.cli.context import USAGE, config_option, read_config
from kwtsms_bot.config import Config
from kwtsms_bot.database import DatabaseError
from kwtsms_bot.doctor.database import remedy_for
from kwtsms_bot.monitoring.health_endpoint import CannotListen
from kwtsms_bot.service import Service
from kwtsms_bot.slack.connection import SlackRefused

STOP_TIMEOUT_SECONDS = (
    19.6  # The service takes 19 at most; a process manager kills 20 s after SIGTERM.
)
FORCED_EXIT = 1
# As sysexits.h and systemd name them: a restart may help, while 2 needs a fix first.
UNAVAILABLE, CRASHED = 69, 70
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
log = structlog.get_logger(__name__)


@click.command()
@config_option
def run(file: str) -> None:
    """Run the Slack bot until SIGTERM or Ctrl-C; what is being sent is finished first.

    A stop takes less than 20 seconds. Exit code 0: stopped on request. 1: something hung, and the
    stop was cut short. 2: the configuration or a token has to be mended. 69: the database, or the
    address of its pages, cannot be used. 70: an error of the bot's own, which the log tells.
    """
    config = read_config(file)
    logs.configure(config.logging.level, as_json=config.logging.format == "json")
    for warning in config.warnings():
        log.warning(warning)
    try:
        asyncio.run(_serve(config))
    except Exception as error:  # noqa: BLE001 - Logged, like everything else.
        sys.exit(_log_failure(error, config))


def _log_failure(error: Exception, config: Config) -> int:
    """Logs the error that ended the bot, and returns its exit code."""
    if isinstance(error, SlackRefused):
        log.error(str(error))
        return USAGE
    if isinstance(error, CannotListen):
        log.error(str(error))
        return UNAVAILABLE
    if isinstance(error, DatabaseError):
        remedy = remedy_for(config.outbox.database)
        log.error(f"outbox.database: cannot be used ({error}). {remedy}")  # noqa: G004
        return UNAVAILABLE
    log.critical("ended by an error", exc_info=error)
    return CRASHED


async def _serve(config: Config) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal(_number: int, _frame: object) -> None:
        if not stop.is_set():
            loop.call_soon_threadsafe(_stop, stop)

    # Not the loop's own handlers: a second signal after the loop's end would kill the process.
    for number in STOP_SIGNALS:
        signal.signal(number, on_signal)
    service = Service(config)
    freezing = asyncio.create_task(_freeze_garbage_collection(service.ready))
    try:
        await service.run(stop)
    finally:
        freezing.cancel()
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)


async def _freeze_garbage_collection(ready: asyncio.Event) -> None:
    """Exempts the objects of a ready bot from garbage collection: a pass over them takes 0.1 s."""
    await ready.wait()
    gc.collect()
    gc.freeze()


def _stop(stop: asyncio.Event) -> None:
    """Starts a graceful stop, with a timeout; a second signal changes nothing."""
    if stop.is_set():
        return
    log.info("stopping")
    stop.set()
    timer = threading.Timer(STOP_TIMEOUT_SECONDS, _force_exit)
    timer.daemon = True
    timer.start()


def _force_exit() -> None:
    """Exits without waiting for threads that cannot be ended, such as one blocked on a locked file.

    Nothing is lost: all state is in the database, from which the bot recovers as after a crash.
    """
    log.error("stop cut short")
    os._exit(FORCED_EXIT)
