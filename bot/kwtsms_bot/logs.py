"""What reaches the log: one event a line with its facts; tokens and phone numbers never whole.

Libraries that log what they carry are kept above the level at which they do, in any case.
"""

import logging
import re
import secrets
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

from kwtsms_bot.config import Logging

_TOKEN = re.compile(r"\b(xox[a-z]-|xapp-|xwfp-)[\w-]+")
_NUMBER = re.compile(r"(?<![\w.:-])\+?(\d{3})\d{4,9}(\d{3})(?![\w.:-])")
# At DEBUG these write request bodies; slack_bolt does so at INFO for a wrong signature.
_LEAST = {
    "slack_bolt": logging.ERROR,
    "slack_sdk": logging.WARNING,
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
    "aiohttp": logging.WARNING,
    "aiosqlite": logging.WARNING,
    "sqlalchemy": logging.WARNING,
    "alembic": logging.WARNING,
    "apscheduler": logging.WARNING,
}


REQUEST = "request"


def begin_request() -> None:
    """What this task and its own tasks log from now on carries a new request id."""
    structlog.contextvars.bind_contextvars(**{REQUEST: secrets.token_hex(4)})


def continue_request(request: str) -> None:
    """What this task logs from now on belongs to a request that was begun before."""
    if request:
        structlog.contextvars.bind_contextvars(**{REQUEST: request})


def request() -> str:
    """The id of the request that this task belongs to; empty where it belongs to none."""
    return str(structlog.contextvars.get_contextvars().get(REQUEST, ""))


def configure(settings: Logging) -> None:
    """Sends everything, the libraries' events too, to standard error in one form."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(settings, shared))
    handler.addFilter(_is_wanted)  # Not by setLevel: Bolt sets the levels of its own loggers.
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.level.upper())


def _is_wanted(record: logging.LogRecord) -> bool:
    return record.levelno >= _LEAST.get(record.name.partition(".")[0], logging.NOTSET)


def _formatter(settings: Logging, shared: list[Processor]) -> logging.Formatter:
    last: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.format == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
    )


def mask(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """The last net: whatever was logged, tokens and numbers in it are masked."""
    return {key: _masked(value) for key, value in event.items()}


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return _NUMBER.sub(r"\1••••\2", _TOKEN.sub(r"\1•••", value))
    if isinstance(value, dict):
        return {key: _masked(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(one) for one in value]
    return value
