"""Captures the bot's log within a test."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from typing import Any

import structlog

from kwtsms_bot import logs
from kwtsms_bot.config import LoggingSettings


@contextmanager
def logged(**settings: Any) -> Iterator[io.StringIO]:
    """Captures the log in the block; `settings` are those of the section `logging`."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    try:
        with redirect_stderr(io.StringIO()) as written:
            chosen = LoggingSettings.model_validate(settings)
            logs.configure(chosen.level, as_json=chosen.format == "json")
        yield written
    finally:
        root.handlers = handlers
        root.setLevel(level)
        structlog.reset_defaults()


def failures(log: io.StringIO) -> list[dict[str, Any]]:
    """The JSON log entries of level warning and above."""
    events = [json.loads(line) for line in log.getvalue().splitlines()]
    return [event for event in events if event["level"] not in ("debug", "info")]
