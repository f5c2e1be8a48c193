"""The error for an extra that is not installed, with the command that installs it."""

import click

WRONG_SET_UP = 2  # As docs/cli.md says.


def install_hint(extra: str) -> str:
    """The sentence that says how to install an extra."""
    return f"Install it: pip install 'kwtsms-bridge[{extra}]'"


class MissingExtra(click.ClickException):
    """The command needs a library of an extra that is not installed; nothing was done."""

    exit_code = WRONG_SET_UP

    def __init__(self, wanted: str, error: ModuleNotFoundError, extra: str) -> None:
        super().__init__(
            f"{wanted} needs {error.name}, which isn't installed. {install_hint(extra)}"
        )
