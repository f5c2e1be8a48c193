"""Logging: one event per line with its facts; tokens and phone numbers are masked.

Libraries that log request bodies are always kept above the level at which they do. An exception is
logged with its traceback, and with its message only if that is known to quote no values.
"""

import logging
import re
import secrets
import sys
import time
import traceback
from collections.abc import Callable, Hashable, Iterator
from typing import Any

import structlog
from structlog.typing import EventDict, ExcInfo, Processor

# A ticket opens a socket once; the error of a failed connection quotes the URL that contains it.
_TOKEN = re.compile(r"\b(xox[a-z]-|xapp-|xwfp-|ticket=)[\w%-]+")
_NUMBER = re.compile(r"(?<![\w.:-])\+?(\d{3})\d{4,9}(\d{3})(?![\w.:-])")
# As typed in Kuwait: eight digits, also in two groups, with or without the country code.
_LOCAL = re.compile(r"(?<![\w.:-])(?:(?:\+|00)?965[ -]?)?[24569]\d{3}[ -]?\d(\d{3})(?![\w.:-])")
# Types whose messages quote no values, unlike ValueError, KeyError or a database's own errors.
_SAFE_EXCEPTIONS = (
    TypeError,
    AttributeError,
    NameError,
    ImportError,
    OSError,
    RuntimeError,
    AssertionError,
)
_SAFE_PACKAGES = ("kwtsms_bot", "kwtsms_client", "slack_sdk", "slack_bolt", "httpx")
# Of these, only the types above: aiohttp's others quote the bytes that could not be parsed.
_MIXED_PACKAGES = ("builtins", "aiohttp")
# At DEBUG these log request bodies; slack_bolt does so at INFO for a wrong signature.
_MIN_LEVELS = {
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


REQUEST_KEY = "request"


def begin_request() -> None:
    """Binds a new request id to what this task and its subtasks log from now on.

    The id begins with a letter: one that looks like a number would be masked.
    """
    new_id = secrets.choice("abcdef") + secrets.token_hex(4)[1:]
    structlog.contextvars.bind_contextvars(**{REQUEST_KEY: new_id})


def continue_request(request_id: str) -> None:
    """Binds the id of an earlier request to what this task logs from now on."""
    if request_id:
        structlog.contextvars.bind_contextvars(**{REQUEST_KEY: request_id})


def current_request_id() -> str:
    """The id of the request that this task belongs to; empty if there is none."""
    return str(structlog.contextvars.get_contextvars().get(REQUEST_KEY, ""))


LOG_SECONDS = 60.0  # Repeated events are logged once in that time.


class LogThrottle:
    """Decides whether a repeated event is logged: each kind of it once a minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._recent: dict[Hashable, tuple[float, int]] = {}  # The last time, and those left out.

    def count_due(self, kind: Hashable) -> int:
        """Counts an event; returns the number since the last logged one if it is due, else 0."""
        now = self._clock()
        logged_at, left_out = self._recent.get(kind, (float("-inf"), 0))
        if now - logged_at < LOG_SECONDS:
            self._recent[kind] = logged_at, left_out + 1
            return 0
        self._recent[kind] = now, 0
        return left_out + 1


def configure(level: str, *, as_json: bool = False) -> None:
    """Sends events of `level` and above, also the libraries', to standard error in one form."""
    shared_processors: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(format_exception),
        mask,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared_processors,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_make_formatter(shared_processors, as_json=as_json))
    asyncio_errors = LogThrottle()

    def is_new(record: logging.LogRecord) -> bool:
        """Whether it is not one of asyncio's repeated errors: a hundred a second without files."""
        kind = str(record.msg).partition("\n")[0]
        return record.name != "asyncio" or asyncio_errors.count_due(kind) > 0

    handler.addFilter(is_new)
    handler.addFilter(_is_enabled)  # Not by setLevel: Bolt sets the levels of its own loggers.
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())


def _is_enabled(record: logging.LogRecord) -> bool:
    return record.levelno >= _MIN_LEVELS.get(record.name.partition(".")[0], logging.NOTSET)


def _make_formatter(shared_processors: list[Processor], *, as_json: bool) -> logging.Formatter:
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared_processors,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )


def mask(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Masks tokens and phone numbers in all values of an event."""
    return {key: _mask_value(value) for key, value in event.items()}


def format_exception(exc_info: ExcInfo) -> str:
    """The tracebacks of an exception and its causes, the first cause first."""
    return "\n".join(reversed([_format_error(error) for error in _causes(exc_info[1])]))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yields the exception, then those it was raised from or while handling."""
    visited: set[int] = set()
    while error is not None and id(error) not in visited:
        visited.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _format_error(error: BaseException) -> str:
    kind = type(error)
    package = kind.__module__.partition(".")[0]
    is_safe = package in _SAFE_PACKAGES or (
        package in _MIXED_PACKAGES and isinstance(error, _SAFE_EXCEPTIONS)
    )
    message = str(error) if is_safe else "(its words may quote what is private)"
    return "".join(traceback.format_tb(error.__traceback__)) + f"{kind.__qualname__}: {message}"


def _mask_value(value: Any) -> Any:
    if isinstance(value, str):
        return _LOCAL.sub(r"••••\1", _NUMBER.sub(r"\1••••\2", _TOKEN.sub(r"\1•••", value)))
    if isinstance(value, dict):
        return {key: _mask_value(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_mask_value(one) for one in value]
    return value
