"""Output of the client's commands: tables for people, JSON for programs, codes for scripts."""

import io
import json
import os
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, is_dataclass
from decimal import Decimal
from functools import wraps
from typing import Any, NoReturn, ParamSpec

import click

from kwtsms_bot.cli.command_group import PIPED_WIDTH
from kwtsms_bot.cli.options import require_utf8
from kwtsms_client import BridgeRefused, KwtSMSError, NotSent, Outcome, Rejected, UnknownOutcome

P = ParamSpec("P")

OK, WRITE_FAILED, USAGE, REJECTED, NOT_SENT, UNKNOWN = range(6)
NO_TERMINAL = "Can't ask for confirmation without a terminal."
# From the least to the most severe for a script.
SEVERITY = (OK, NOT_SENT, REJECTED, USAGE, UNKNOWN)
EXIT_CODES = """\
\b
Exit codes:
  0  done
  2  wrong input or setup
  3  rejected by kwtSMS, or by the bot
  4  not sent: nothing left this machine
  5  unknown: it may have been sent"""
EXIT_CODE_OF_OUTCOME = {
    Outcome.ACCEPTED: OK,
    Outcome.REJECTED: REJECTED,
    Outcome.NOT_SENT: NOT_SENT,
    Outcome.UNKNOWN: UNKNOWN,
}


def most_severe(codes: Iterable[int]) -> int:
    """The most severe of several exit codes; 0 if there are none."""
    return max(codes, key=SEVERITY.index, default=OK)


def exit_code(error: KwtSMSError) -> int:
    """The exit code for an error."""
    is_for_now = isinstance(error, BridgeRefused) and error.retry_after is not None
    if isinstance(error, NotSent) or is_for_now:
        return NOT_SENT
    if isinstance(error, Rejected | BridgeRefused):
        return REJECTED
    return UNKNOWN if isinstance(error, UnknownOutcome) else USAGE


def report_errors(command: Callable[P, None]) -> Callable[P, None]:
    """Wraps a command, so that its errors become a sentence (or a JSON object) and an exit code.

    Commands send by `interrupt.run_interruptible`, where Ctrl-C ends nothing; before, nothing left.
    """

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        as_json = bool(kwargs.get("as_json"))
        _escape_unencodable()
        try:
            require_utf8(kwargs.values())
            command(*args, **kwargs)
            _flush()
        except KwtSMSError as error:
            fail(str(error), exit_code(error), as_json=as_json, code=error.code)
        except (KeyboardInterrupt, click.Abort):
            fail("Cancelled. Nothing was sent.", NOT_SENT, as_json=as_json)
        except OSError as error:
            _discard_output()
            fail(f"Can't write the output: {error.strerror}.", WRITE_FAILED, as_json=False)

    return run


def fail(
    text: str, exit_code: int, *, as_json: bool, code: str | None = None, at_once: bool = False
) -> NoReturn:
    """Shows an error and exits."""

    def show() -> None:
        if as_json:
            show_json({"error": text, "code": code, "exit_code": exit_code})
        else:
            echo(f"Error: {text}", err=True)

    exit_with(exit_code, show, at_once=at_once)


def exit_with(code: int, show: Callable[[], None], *, at_once: bool = False) -> NoReturn:
    """Calls `show` and exits with `code`, even if the output cannot be written.

    With `at_once`, does not wait for threads that still run.
    """
    try:
        show()
        _flush()
    except OSError:  # A closed pipe, a full disk.
        _discard_output()
    if at_once:
        os._exit(code)
    sys.exit(code)


def echo(text: str, *, err: bool = False) -> None:
    """Prints a line for people."""
    click.echo(strip_control_characters(text), err=err)


def show_json(value: Any) -> None:
    """Prints one JSON document, in which every amount is a number."""
    click.echo(json.dumps(_to_json_value(value), ensure_ascii=False))


def echo_facts(pairs: Iterable[tuple[str, object]]) -> None:
    """Prints names and values, one pair a line; leaves out values of None."""
    listed = [(name, value) for name, value in pairs if value is not None]
    width = max((len(name) for name, _ in listed), default=0) + 1
    for name, value in listed:
        echo(f"{name + ':':<{width}} {value}")


def echo_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Prints a table as wide as the terminal; into a file or a pipe, each row on one line."""
    from rich.console import Console  # noqa: PLC0415 - loaded only when something is drawn.
    from rich.table import Table  # noqa: PLC0415

    drawn = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(
            *(strip_control_characters(str(cell)) if cell is not None else "" for cell in row)
        )
    width = None if sys.stdout is not None and sys.stdout.isatty() else PIPED_WIDTH
    console = Console(highlight=False, markup=False, width=width)
    with console.capture() as written:  # rich itself ends the program on a closed pipe.
        console.print(drawn)
    click.echo(written.get(), nl=False)


def strip_control_characters(text: str) -> str:
    """Escapes the control characters in `text`, which a terminal would take for commands."""
    return "".join(
        ascii(char)[1:-1] if unicodedata.category(char) == "Cc" and char not in "\n\t" else char
        for char in text
    )


def _escape_unencodable() -> None:
    """Makes streams escape characters that their encoding lacks, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _flush() -> None:
    if sys.stdout is not None:
        sys.stdout.flush()


def _discard_output() -> None:
    """Discards further output: Python's flush at exit must not fail and change the exit code."""
    with suppress(OSError, AttributeError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _to_json_value(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return _to_json_value(asdict(value))
    if isinstance(value, Decimal):
        return _to_json_number(value)
    if isinstance(value, Mapping):
        return {str(key): _to_json_value(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set):
        return [_to_json_value(one) for one in value]
    return value


def _to_json_number(amount: Decimal) -> int | float | None:
    """The amount as a number; None if it is none that JSON has."""
    if not amount.is_finite():
        return None
    return int(amount) if amount == amount.to_integral_value() else float(amount)
