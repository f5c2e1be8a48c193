"""Client settings from the environment and a .env file. Reads files, opens no connection."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from dotenv.parser import Binding, parse_stream

from kwtsms_client.errors import ConfigurationError
from kwtsms_client.models import Credentials
from kwtsms_client.protocol import BASE_URL

DEFAULT_FILE = ".env"  # May be missing, or be the folder of a virtual environment.
SHARED_SENDER = "KWT-SMS"
PREFIX = "KWTSMS_"
TEST_MODE = "KWTSMS_TEST_MODE"
BRIDGE_TOKEN = "KWTSMS_BRIDGE_TOKEN"  # noqa: S105 - The name of a variable.
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a client."""

    credentials: Credentials
    sender_id: str = SHARED_SENDER
    test_mode: bool = False
    base_url: str = BASE_URL
    log_file: str | None = None


def from_environment(
    path: str | Path | None = None, environ: Mapping[str, str] | None = None
) -> Settings:
    """The settings: process environment first, then the file, then the defaults.

    Without `path` the file is `.env`, if it exists. An empty variable of the environment does not
    hide the file's value.

    Raises:
        ConfigurationError: something is missing or cannot be read; the text names it.
    """
    process = os.environ if environ is None else environ
    values = read_env_file(path) | {name: value for name, value in process.items() if value.strip()}
    for name in values:
        _check_name(name)
    return Settings(
        Credentials(_required(values, "KWTSMS_USERNAME"), _required(values, "KWTSMS_PASSWORD")),
        values.get("KWTSMS_SENDER_ID", "").strip() or SHARED_SENDER,
        _parse_flag(values.get(TEST_MODE, "")),
        check_url(values.get("KWTSMS_BASE_URL", "").strip() or BASE_URL),
        values.get("KWTSMS_LOG_FILE", "").strip() or None,
    )


def bridge_token(path: str | Path | None = None, environ: Mapping[str, str] | None = None) -> str:
    """The token for a bridge's send API: from the process environment, else from the file.

    Raises:
        ConfigurationError: it is set nowhere, or the file cannot be read.
    """
    process = os.environ if environ is None else environ
    values = read_env_file(path) | {name: value for name, value in process.items() if value.strip()}
    return _required(values, BRIDGE_TOKEN)


def check_bridge_url(url: str) -> str:
    """Returns the address of a bridge without a slash at its end.

    Raises:
        ConfigurationError: it is no address of a web server.
    """
    scheme, host = _scheme_and_host(url)
    if scheme in ("http", "https") and host and not urlsplit(url).query:
        return url.rstrip("/").removesuffix("/v1/messages")
    raise ConfigurationError(
        f"The address {str(url)[:80]!r} isn't one of a bridge. Write https://host, or "
        "http://host:port inside your network."
    )


def check_url(url: str) -> str:
    """Returns `url`, ending in a slash, if it is https or this machine: the password goes there.

    Raises:
        ConfigurationError: the password may not be sent there.
    """
    scheme, host = _scheme_and_host(url)
    if (scheme == "https" and host) or (scheme == "http" and is_loopback(host)):
        return url.rstrip("/") + "/"
    raise ConfigurationError(
        f"The address {str(url)[:80]!r} is neither https nor this machine. Use {BASE_URL}"
    )


def _scheme_and_host(url: object) -> tuple[str, str]:
    """The scheme and the host of an address; both empty if it is invalid."""
    if not isinstance(url, str) or not url.isprintable():
        return "", ""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode()
        return ("", "") if parts.port == 0 else (parts.scheme, host)
    except ValueError:  # A bracket that is not closed, a port of letters, a name that is too long.
        return "", ""


def is_loopback(host: str) -> bool:
    """Whether this is a name or an address of this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def read_env_file(path: str | Path | None) -> dict[str, str]:
    """Reads the variables in the file, by default in `.env`, which may be missing.

    Raises:
        ConfigurationError: the file is missing, or a line of it cannot be read.
    """
    file = Path(path or DEFAULT_FILE)
    if file == Path(DEFAULT_FILE) and not file.is_file():
        return {}
    try:
        text = file.read_text("utf-8-sig")
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise ConfigurationError(f"{file} can't be read: {reason}.") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{file} can't be read: it isn't UTF-8.") from error
    except ValueError as error:  # A name that no file can have.
        raise ConfigurationError(f"{str(file)!r} can't be read: {error}.") from error
    bindings = list(parse_stream(StringIO(text)))
    for one in bindings:
        _check_line(one, file)
    return {one.key: one.value for one in bindings if one.key and one.value is not None}


def _check_line(line: Binding, file: Path) -> None:
    """Rejects a line that python-dotenv would skip or swallow: it may set KWTSMS_TEST_MODE=1."""
    blank = len(line.original.string) - len(line.original.string.lstrip())
    number = line.original.line + line.original.string.count("\n", 0, blank)
    ours = (line.key or "").startswith(PREFIX)
    if line.error or (ours and line.value is None):
        raise ConfigurationError(
            f"{file}:{number} can't be read. Write NAME=value, or NAME='value' with both quotes."
        )
    if "\n" in (line.value or "") and PREFIX in (line.value or ""):
        raise ConfigurationError(f"{file}:{number} has a quote that only a later line closes.")


def _check_name(name: str) -> None:
    """Rejects a misspelt KWTSMS_TEST_MODE, which would have no effect."""
    letters = "".join(filter(str.isalpha, name)).upper()
    if letters.endswith("KWTSMSTESTMODE") and name != TEST_MODE:
        raise ConfigurationError(f"{name[:40]!r} must be written {TEST_MODE}.")


def _required(values: Mapping[str, str], name: str) -> str:
    value = values.get(name, "").strip()
    if not value:
        raise ConfigurationError(
            f"{name} is not set. Set it in the environment, or add {name}=… to .env."
        )
    return value


def _parse_flag(text: str) -> bool:
    """Reads a flag; rejects unknown words, because a typo must not send for real."""
    word = text.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ConfigurationError(f"{TEST_MODE}: expected 1 or 0, got {text[:20]!r}.")
