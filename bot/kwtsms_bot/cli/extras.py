"""A part that is not installed, told with the way to install it."""

import click

WRONG_SET_UP = 2  # As docs/cli.md says.


def install_hint(extra: str) -> str:
    """How to install it."""
    return f"Install it: pip install 'kwtsms-bridge[{extra}]'"


class MissingExtra(click.ClickException):
    """What was asked for needs a library of an extra; nothing was done."""

    exit_code = WRONG_SET_UP

    def __init__(self, wanted: str, error: ModuleNotFoundError, extra: str) -> None:
        super().__init__(
            f"{wanted} needs {error.name}, which is not installed. {install_hint(extra)}"
        )
