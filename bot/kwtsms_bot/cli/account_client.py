"""The client of a command: set up from the environment, with a warning about quoted credentials."""

from collections.abc import Iterator
from typing import Any

from kwtsms_bot.cli.output import echo
from kwtsms_bot.secret_flaws import Flaw, find_flaw
from kwtsms_client import Client, Credentials
from kwtsms_client.settings import from_environment


def open_client(env_file: str, **options: Any) -> Client:
    """Opens the client that the environment and `env_file` describe; warns about its credentials.

    Raises:
        ConfigurationError: something is missing or cannot be read; the text names it.
    """
    for warning in credential_warnings(from_environment(env_file).credentials):
        echo(warning, err=True)
    return Client.from_env(env_file, **options)


def credential_warnings(credentials: Credentials) -> Iterator[str]:
    """Yields a warning about each credential with quotes around it; never shows the value."""
    values = {"KWTSMS_USERNAME": credentials.username, "KWTSMS_PASSWORD": credentials.password}
    for name, value in values.items():
        if find_flaw(value) is Flaw.QUOTES:
            yield (
                f"{name} has quotes around it, and they count as part of it. Remove them unless "
                "you mean them: docker run --env-file keeps quotes."
            )
