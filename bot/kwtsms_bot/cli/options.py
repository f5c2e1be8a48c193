"""Input of the client's commands: shared options, texts, standard input."""

import os
import sys
from collections.abc import Iterable

import click

from kwtsms_client import ConfigurationError, InvalidInput
from kwtsms_client.numbering_plan import HOME, country_by_code
from kwtsms_client.settings import read_env_file

COUNTRY_VARIABLE = "KWTSMS_COUNTRY"
NO_COUNTRY = "none"
MAX_STDIN = 64 * 1024  # A text has at most 1,071 characters; more is a mistake.


def _country_code(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """The digits of 965, +965 or 00965, or `none`."""
    try:
        return value and _known_country(value)
    except ConfigurationError as error:
        raise click.BadParameter(
            f"{value!r} is no country code that is known here; write 965, or none."
        ) from error


def default_country(written: str | None, env_file: str) -> str | None:
    """The country code that completes local numbers; None if none does.

    It is that of the option, else KWTSMS_COUNTRY of the environment or the file, else Kuwait's.

    Raises:
        ConfigurationError: the file cannot be read, or KWTSMS_COUNTRY is not a known code.
    """
    if written is None:
        process = os.environ.get(COUNTRY_VARIABLE, "").strip()
        written = process or read_env_file(env_file).get(COUNTRY_VARIABLE, "").strip()
    try:
        code = _known_country(written) if written else HOME.code
    except ConfigurationError as error:
        raise ConfigurationError(
            f"{COUNTRY_VARIABLE}: {written[:20]!r} is no country code that is known here. "
            "Write 965, or none."
        ) from error
    return None if code == NO_COUNTRY else code


def _known_country(written: str) -> str:
    """The digits of a country code, or `none`.

    Raises:
        ConfigurationError: there is no such country.
    """
    word = written.strip().lower()
    return NO_COUNTRY if word == NO_COUNTRY else country_by_code(word).code


json_option = click.option("--json", "as_json", is_flag=True, help="Answer with JSON.")
country_option = click.option(
    "--country",
    callback=_country_code,
    metavar="CODE",
    help="Complete local numbers with this country code, or with `none`. [default: 965]",
)
config_option = click.option(
    "-c",
    "--config",
    "file",
    default="config.yaml",
    show_default=True,
    metavar="FILE",
    help="The configuration.",
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
