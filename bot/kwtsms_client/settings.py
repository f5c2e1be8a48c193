"""The set-up of a client from the environment and a .env file. Reads files, opens no connection."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values

from kwtsms_client.errors import ConfigurationError
from kwtsms_client.models import Credentials
from kwtsms_client.protocol import BASE_URL

SHARED_SENDER = "KWT-SMS"
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a client needs to know."""

    credentials: Credentials
    sender_id: str = SHARED_SENDER
    test_mode: bool = False
    base_url: str = BASE_URL
    log_file: str | None = None


def from_environment(
    path: str | Path | None = ".env", environ: Mapping[str, str] | None = None
) -> Settings:
    """The settings: process environment first, then the file, then the defaults.

    Raises:
        ConfigurationError: something is missing or cannot be read; the text names it.
    """
    values = {**_file(path), **(os.environ if environ is None else environ)}
    return Settings(
        Credentials(_required(values, "KWTSMS_USERNAME"), _required(values, "KWTSMS_PASSWORD")),
        values.get("KWTSMS_SENDER_ID", "").strip() or SHARED_SENDER,
        _flag(values.get("KWTSMS_TEST_MODE", "")),
        checked_url(values.get("KWTSMS_BASE_URL", "").strip() or BASE_URL),
        values.get("KWTSMS_LOG_FILE", "").strip() or None,
    )


def checked_url(url: str) -> str:
    """`url`, ending in a slash, if the password may be sent there: by https, or to this machine.

    Raises:
        ConfigurationError: it may not.
    """
    scheme, host = _scheme_and_host(url)
    if (scheme == "https" and host) or (scheme == "http" and is_loopback(host)):
        return url.rstrip("/") + "/"
    raise ConfigurationError(
        f"The address {str(url)[:80]!r} is neither https nor this machine. Use {BASE_URL}"
    )


def _scheme_and_host(url: object) -> tuple[str, str]:
    """Both empty where it is no address."""
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


def _file(path: str | Path | None) -> dict[str, str]:
    if path is None or not Path(path).is_file():
        return {}
    try:
        values = dotenv_values(path, interpolate=False, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {type(error).__name__}.") from error
    return {name: value for name, value in values.items() if value is not None}


def _required(values: Mapping[str, str], name: str) -> str:
    value = values.get(name, "").strip()
    if not value:
        raise ConfigurationError(f"{name} is not set. Set it, or write {name}=… into .env.")
    return value


def _flag(text: str) -> bool:
    """A typo must not send for real: what is neither true nor false is refused."""
    word = text.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ConfigurationError(f"KWTSMS_TEST_MODE: expected 1 or 0, got {text[:20]!r}.")
