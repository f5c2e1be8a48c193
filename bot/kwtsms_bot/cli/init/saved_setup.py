"""The setup that is saved already: config.yaml, .env, and the environment over both."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kwtsms_bot.config import GatewaySettings, read_example
from kwtsms_bot.config.text_files import read_config_file, read_env_file
from kwtsms_bot.config.yaml_edits import SetValue, apply_edits, read_value

ENV_FILE = ".env"
BOT_TOKEN = ("slack", "bot_token")
APP_TOKEN = ("slack", "app_token")
USERNAME = ("kwtsms", "username")
PASSWORD = ("kwtsms", "password")
SENDER_ID = ("kwtsms", "sender_id")
SLACK_URL = ("slack", "api_url")
SLACK_MODE = ("slack", "mode")
GATEWAY_URL = ("kwtsms", "base_url")
COUNTRY = ("kwtsms", "default_country")
ADMINS = ("access", "admin", "users")
WARNING_CHANNELS = ("alerts", "balance", "channels")
# Where each secret is kept, unless config.yaml names another variable.
VARIABLES: dict[tuple[str, ...], str] = {
    BOT_TOKEN: "SLACK_BOT_TOKEN",
    APP_TOKEN: "SLACK_APP_TOKEN",
    USERNAME: "KWTSMS_USERNAME",
    PASSWORD: "KWTSMS_PASSWORD",
}
# The example grants roles to people and channels that exist nowhere.
EXAMPLE_LISTS: dict[tuple[str, ...], list[str]] = {
    ("access", "reader", "channels"): ["C0123ABCD"],
    ("access", "sender", "users"): ["U0123ABCD"],
    WARNING_CHANNELS: ["C0123ABCD"],
}
EXAMPLE_SENDER_ID = "MY-APP"
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class SavedSetup:
    """Texts of the files, and the variables that they and the environment set."""

    config_file: Path
    is_new: bool
    on_disk: str = field(repr=False)  # What config.yaml holds; empty if there is none.
    config_text: str = field(repr=False)  # The same, without the placeholders of the example.
    env_text: str = field(repr=False)
    variables: Mapping[str, str] = field(repr=False)  # Those of .env.
    environ: Mapping[str, str] = field(repr=False)

    @property
    def env_file(self) -> Path:
        """The file of the secrets, beside config.yaml."""
        return self.config_file.with_name(ENV_FILE)

    @property
    def country(self) -> str:
        """The country code that completes local numbers."""
        default = GatewaySettings.model_fields["default_country"].default
        return self.text(COUNTRY) or str(default)

    def text(self, path: tuple[str, ...]) -> str:
        """The value in config.yaml as it is written; empty if there is none."""
        value = read_value(self.config_text, path)
        return "" if value is None else str(value)

    def variable(self, path: tuple[str, ...]) -> str:
        """The variable that config.yaml takes this secret from, or would."""
        match = _REFERENCE.fullmatch(self.text(path))
        return match[1] if match else VARIABLES[path]

    def given(self, path: tuple[str, ...]) -> str | None:
        """The secret in the environment; None if it isn't set there."""
        return self.environ.get(self.variable(path), "").strip() or None

    def stored(self, path: tuple[str, ...]) -> str:
        """The secret that will be there next time: in .env, in a file of secrets or in the YAML."""
        written, name = self.text(path), self.variable(path)
        if written and not _REFERENCE.fullmatch(written):
            return written
        if name in self.variables:
            return self.variables[name].strip()
        file = self.environ.get(f"{name}_FILE") or self.variables.get(f"{name}_FILE")
        return _read_secret(file) if file else ""

    def current(self, path: tuple[str, ...]) -> str:
        """The secret that the bot would use now; empty if there is none."""
        return self.given(path) or self.stored(path)


def load_saved(config_file: Path, environ: Mapping[str, str]) -> SavedSetup:
    """Reads the files that are there; a new config.yaml begins as the example.

    Raises:
        ConfigurationProblems: a file can't be read.
        NotEditable: config.yaml isn't YAML.
    """
    on_disk = read_config_file(str(config_file)) if config_file.exists() else ""
    env_file = config_file.with_name(ENV_FILE)
    variables = read_env_file(env_file)  # Also says what is wrong with the file.
    env_text = env_file.read_bytes().decode("utf-8-sig") if env_file.is_file() else ""
    is_new = not on_disk.strip()
    return SavedSetup(
        config_file,
        is_new,
        on_disk,
        without_placeholders(read_example() if is_new else on_disk),
        env_text,
        variables,
        dict(environ),
    )


def without_placeholders(text: str) -> str:
    """Empties the lists that still are those of the example."""
    edits = [
        SetValue(path, ())
        for path, example in EXAMPLE_LISTS.items()
        if read_value(text, path) == example
    ]
    return apply_edits(text, edits)


def _read_secret(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError):  # `doctor` says so.
        return ""
