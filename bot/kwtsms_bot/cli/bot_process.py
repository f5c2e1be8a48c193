"""The process of `kwtsms-bridge run`: runs the bot until it is stopped, and says how it ended."""

import asyncio
import gc
import os
import threading

import structlog

from kwtsms_bot import logs
from kwtsms_bot.cli.context import USAGE, config_warnings, read_config
from kwtsms_bot.cli.stop_signals import StopSignals
from kwtsms_bot.config import Config
from kwtsms_bot.database import DatabaseError, DatabaseMisconfigured
from kwtsms_bot.doctor import FindingLevel
from kwtsms_bot.doctor.database import remedy_for
from kwtsms_bot.doctor.network import check_certificates
from kwtsms_bot.monitoring.health_endpoint import CannotListen
from kwtsms_bot.service import Service
from kwtsms_bot.slack.connection import SlackRefused
from kwtsms_client import ConfigurationError

STOP_TIMEOUT_SECONDS = (
    19.6  # The service takes 19 at most; a process manager kills 20 s after SIGTERM.
)
FORCED_EXIT = 1
# As sysexits.h and systemd name them: a restart may help, while 2 needs a fix first.
UNAVAILABLE, CRASHED = 69, 70
log = structlog.get_logger(__name__)


def run_bot(file: str, signals: StopSignals) -> int:
    """Runs the bot until a signal, and returns its exit code."""
    config = read_config(file)
    logs.configure(config.logging.level, as_json=config.logging.format == "json")
    if any(one.level is FindingLevel.PROBLEM for one in check_certificates(os.environ)):
        for one in check_certificates(os.environ):
            log.error(f"{one.what} {one.remedy}")  # noqa: G004
        return USAGE
    for warning in config_warnings(config, file):
        log.warning(warning)
    try:
        asyncio.run(_serve(config, signals))
    except Exception as error:  # noqa: BLE001 - Logged, like everything else.
        return _log_failure(error, config)
    return 0


def _log_failure(error: Exception, config: Config) -> int:
    """Logs the error that ended the bot, and returns its exit code."""
    if isinstance(error, SlackRefused):
        log.error(str(error))
        return USAGE
    if isinstance(error, CannotListen):
        log.error(str(error))
        return UNAVAILABLE
    if isinstance(error, ConfigurationError):
        log.error(str(error))
        return USAGE
    if isinstance(error, DatabaseError):
        remedy = remedy_for(config.outbox.database, error)
        log.error(f"outbox.database: can't be used ({error}). {remedy}")  # noqa: G004
        return USAGE if isinstance(error, DatabaseMisconfigured) else UNAVAILABLE
    log.critical("ended by an error", exc_info=error)
    return CRASHED


async def _serve(config: Config, signals: StopSignals) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    # Not the loop's own handlers: a second signal after the loop's end would kill the process.
    signals.notify(lambda: loop.call_soon_threadsafe(_stop, stop))
    service = Service(config)
    freezing = asyncio.create_task(_freeze_garbage_collection(service.ready))
    try:
        await service.run(stop)
    finally:
        freezing.cancel()
        signals.ignore()


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
