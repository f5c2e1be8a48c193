"""Input of the client's commands: shared options, texts, standard input."""

import sys
from collections.abc import Iterable

import click

from kwtsms_client import ConfigurationError, InvalidInput
from kwtsms_client.numbering_plan import country_by_code

COUNTRY_VARIABLE = "KWTSMS_COUNTRY"
NO_COUNTRY = "none"
MAX_STDIN = 64 * 1024  # A text has at most 1,071 characters; more is a mistake.


def _country_code(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """The digits of 965, +965 or 00965, or `none`."""
    try:
        return value and known_country(value)
    except ConfigurationError as error:
        raise click.BadParameter(
            f"{value!r} isn't a known country code. Use 965, or none."
        ) from error


def known_country(written: str) -> str:
    """The digits of a country code, or `none`.

    Raises:
        ConfigurationError: there is no such country.
    """
    word = written.strip().lower()
    return NO_COUNTRY if word == NO_COUNTRY else country_by_code(word).code


json_option = click.option("-j", "--json", "as_json", is_flag=True, help="Print JSON.")
yes_option = click.option("-y", "--yes", is_flag=True, help="Don't ask for confirmation.")
country_option = click.option(
    "--country",
    callback=_country_code,
    metavar="CODE",
    help="Add this country code to local numbers; `none` adds none. [default: 965]",
)
config_option = click.option(
    "-c",
    "--config",
    "file",
    default="config.yaml",
    show_default=True,
    metavar="FILE",
    help="Read the configuration from this file.",
)
defaults_option = click.option(
    "-c",
    "--config",
    "config_file",
    metavar="FILE",
    help="Take sender ID and country code from this file. [default: config.yaml, if it exists]",
)
env_option = click.option(
    "-e",
    "--env",
    "env_file",
    default=".env",
    show_default=True,
    metavar="FILE",
    help="Read credentials from this file.",
)
sender_option = click.option(
    "-f",
    "--from",
    "sender",
    metavar="SENDER-ID",
    help="Send from this sender ID.",
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
            raise InvalidInput("Your input isn't UTF-8.")


def read_text(text: str | None) -> str:
    """Returns the given text; reads standard input if there is none, or if it is `-`.

    Raises:
        InvalidInput: the input is too large or not UTF-8, or standard input is closed.
    """
    if text not in (None, "-"):
        return text or ""
    if sys.stdin is None:
        raise InvalidInput("The message is missing: standard input is closed.")
    read = sys.stdin.buffer.read(MAX_STDIN + 1)
    if len(read) > MAX_STDIN:
        raise InvalidInput(f"The message is larger than {MAX_STDIN // 1024} KiB.")
    try:
        return read.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise InvalidInput("The message isn't UTF-8.") from error
