"""The sender ID and the country code of a command that sends, from wherever they are set.

An option comes first, then the environment, the .env file, config.yaml, and the default.
"""

import os
import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from kwtsms_bot.cli.extras import MissingExtra
from kwtsms_bot.cli.options import COUNTRY_VARIABLE, NO_COUNTRY, known_country
from kwtsms_client import ConfigurationError
from kwtsms_client.flow import check_sender
from kwtsms_client.numbering_plan import HOME
from kwtsms_client.settings import SHARED_SENDER, read_env_file

if TYPE_CHECKING:
    from kwtsms_bot.config import SendingDefaults

CONFIG_FILE = "config.yaml"
SENDER_VARIABLE = "KWTSMS_SENDER_ID"
# The section of ours; any other file of this name belongs to another program.
_SECTION = re.compile(r"""\bkwtsms["']?\s*:(?!//)""")


class SendingSettings:
    """Sender ID and country code; config.yaml is read only where they are set nowhere else."""

    def __init__(self, config_file: str | None, env_file: str) -> None:
        self._config_file, self._env_file = config_file, env_file

    def sender_id(self, written: str | None) -> str:
        """The sender ID: that of the option, or the one that is set.

        Raises:
            InvalidInput: its form is wrong.
            ConfigurationError: a file cannot be read.
        """
        if written is not None:
            return check_sender(written)
        known = self._variable(SENDER_VARIABLE)
        if not known and self._configured is not None:
            known = self._configured.sender_id or ""
        return check_sender(known or SHARED_SENDER)

    def country(self, written: str | None) -> str | None:
        """The country code that completes local numbers; None if none does.

        Raises:
            ConfigurationError: a file cannot be read, or KWTSMS_COUNTRY is not a known code.
        """
        code = written or self._country_variable()
        if not code and self._configured is not None:
            code = self._configured.default_country
        return None if code == NO_COUNTRY else code or HOME.code

    def _country_variable(self) -> str | None:
        variable = self._variable(COUNTRY_VARIABLE)
        try:
            return known_country(variable) if variable else None
        except ConfigurationError as error:
            raise ConfigurationError(
                f"{COUNTRY_VARIABLE}: {variable[:20]!r} isn't a known country code. "
                "Use 965, or none."
            ) from error

    def _variable(self, name: str) -> str:
        process = os.environ.get(name, "").strip()
        return process or read_env_file(self._env_file).get(name, "").strip()

    @cached_property
    def _configured(self) -> "SendingDefaults | None":
        """The values of config.yaml; None if there is no such file of ours."""
        file = self._config_file or CONFIG_FILE
        if self._config_file is None and not _is_ours(Path(file)):
            return None
        try:
            from kwtsms_bot.config import (  # noqa: PLC0415 - The base install has no YAML.
                ConfigurationProblems,
                load_sending_defaults,
            )
        except ModuleNotFoundError as error:
            raise MissingExtra(f"Reading {file}", error, "bot") from error
        try:
            return load_sending_defaults(file)
        except ConfigurationProblems as error:
            raise ConfigurationError(str(error)) from error


def _is_ours(file: Path) -> bool:
    """Whether the file is there and has a section for kwtSMS."""
    try:
        return _SECTION.search(file.read_text("utf-8", errors="replace")) is not None
    except OSError:
        return False
