"""Input of the client's commands: shared options, texts, standard input."""

import sys
from collections.abc import Iterable

import click

from kwtsms_client import InvalidInput, normalize_phone
from kwtsms_client.countries import COUNTRIES

MAX_STDIN = 64 * 1024  # A text has at most 1,071 characters; more is a mistake.


def _country_code(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """The digits of 965, +965 or 00965."""
    if value is None:
        return None
    code = normalize_phone(value)
    if code not in COUNTRIES:
        raise click.BadParameter(f"{value!r} is no country code that is known here; write 965.")
    return code


json_option = click.option("--json", "as_json", is_flag=True, help="Answer with JSON.")
country_option = click.option(
    "--country",
    callback=_country_code,
    metavar="CODE",
    help="Complete local numbers with this country code.",
)
env_option = click.option(
    "--env",
    "env_file",
    default=".env",
    show_default=True,
    metavar="FILE",
    help="Where KWTSMS_USERNAME and KWTSMS_PASSWORD stand, if not in the environment.",
)
sender_option = click.option(
    "--from", "sender", metavar="SENDER-ID", help="Another sender ID than the set one."
)


def require_utf8(words: Iterable[object]) -> None:
    """Rejects arguments that are not UTF-8: cleaning would silently remove the wrong bytes.

    Raises:
        InvalidInput: an argument is not UTF-8.
    """
    for word in words:
        if isinstance(word, tuple):
            require_utf8(word)
        elif isinstance(word, str) and any("\udc80" <= char <= "\udcff" for char in word):
            raise InvalidInput("What was typed is not UTF-8.")


def read_text(text: str | None) -> str:
    """Returns the given text; reads standard input if there is none, or if it is `-`.

    Raises:
        InvalidInput: the input is too large or not UTF-8, or standard input is closed.
    """
    if text not in (None, "-"):
        return text or ""
    if sys.stdin is None:
        raise InvalidInput("There is no text: standard input is closed.")
    read = sys.stdin.buffer.read(MAX_STDIN + 1)
    if len(read) > MAX_STDIN:
        raise InvalidInput(f"The text is larger than {MAX_STDIN // 1024} KiB.")
    try:
        return read.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise InvalidInput("The text is not UTF-8.") from error
