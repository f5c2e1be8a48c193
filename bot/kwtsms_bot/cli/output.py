"""How the client's commands answer: tables for people, JSON for programs, codes for scripts."""

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from decimal import Decimal
from functools import wraps
from typing import Any, NoReturn, ParamSpec

import click

from kwtsms_client import KwtSMSError, NotSent, Outcome, Rejected, UnknownOutcome

P = ParamSpec("P")

OK, USAGE, REJECTED, NOT_SENT, UNKNOWN = 0, 2, 3, 4, 5
EXIT_CODES = """\
\b
Exit codes: 0 done, 2 wrong input or set-up, 3 refused by kwtSMS,
4 not sent (nothing left this machine), 5 unknown (it may have been sent)."""
OF_OUTCOME = {
    Outcome.ACCEPTED: OK,
    Outcome.REJECTED: REJECTED,
    Outcome.NOT_SENT: NOT_SENT,
    Outcome.UNKNOWN: UNKNOWN,
}

json_option = click.option("--json", "as_json", is_flag=True, help="Answer with JSON.")
country_option = click.option(
    "--country", metavar="CODE", help="Complete local numbers with this country code."
)
env_option = click.option(
    "--env",
    "env_file",
    default=".env",
    show_default=True,
    metavar="FILE",
    help="Where KWTSMS_USERNAME and KWTSMS_PASSWORD stand, if not in the environment.",
)


def exit_code(error: KwtSMSError) -> int:
    """The exit code for an error, by what a script can do about it."""
    if isinstance(error, Rejected):
        return REJECTED
    if isinstance(error, NotSent):
        return NOT_SENT
    return UNKNOWN if isinstance(error, UnknownOutcome) else USAGE


def answered(command: Callable[P, None]) -> Callable[P, None]:
    """`command`, whose errors become a sentence (or a JSON object) and an exit code."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except KwtSMSError as error:
            fail(error, as_json=bool(kwargs.get("as_json")))

    return run


def fail(error: KwtSMSError, *, as_json: bool) -> NoReturn:
    """Says what went wrong and ends."""
    code = error.code if isinstance(error, Rejected) else None
    if as_json:
        show_json({"error": str(error), "code": code, "exit_code": exit_code(error)})
    else:
        click.echo(f"Error: {error}", err=True)
    sys.exit(exit_code(error))


def show_json(value: Any) -> None:
    """One JSON document; amounts are strings, so that nothing is rounded."""
    click.echo(json.dumps(_plain(value), ensure_ascii=False))


def facts(pairs: Iterable[tuple[str, object]]) -> None:
    """Names and values, a line each."""
    listed = [(name, value) for name, value in pairs if value is not None]
    width = max((len(name) for name, _ in listed), default=0) + 1
    for name, value in listed:
        click.echo(f"{name + ':':<{width}} {value}")


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table as wide as the terminal."""
    from rich.console import Console  # noqa: PLC0415 - loaded only when something is drawn.
    from rich.table import Table  # noqa: PLC0415

    drawn = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*(str(cell) if cell is not None else "" for cell in row))
    Console(highlight=False, markup=False).print(drawn)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(one) for one in value]
    return value
