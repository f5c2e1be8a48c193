"""Causes of failed connections that the environment holds: proxies and certificates. Sends nothing.

Variables are named; a proxy's address is shown without its user and password.
"""

import ssl
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from kwtsms_bot.doctor import Finding, FindingLevel
from kwtsms_bot.i18n.translator import ENGLISH, Language

CHECK = "Certificates"
# The first two are OpenSSL's own; the library that Apprise uses reads the others.
CERTIFICATE_FILES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
CERTIFICATE_FOLDERS = ("SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
# Slack's SDK reads them in this order for every address, also for this machine's.
SLACK_PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
HTTPS_PROXIES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")


def check_certificates(environ: Mapping[str, str]) -> tuple[Finding, ...]:
    """Checks that the certificates that the environment names can be read.

    Without OpenSSL's own no connection can be encrypted: that is a problem, the others a warning.
    """
    found = []
    for name in dict.fromkeys((*CERTIFICATE_FILES, *CERTIFICATE_FOLDERS)):
        reason = _reason_against(name, environ.get(name, ""))
        if reason:
            level = FindingLevel.PROBLEM if name.startswith("SSL") else FindingLevel.WARNING
            found.append(Finding(CHECK, level, f"{name} {reason}.", f"Correct or unset {name}."))
    return tuple(found)


def _reason_against(name: str, value: str) -> str:
    """Returns why the certificates cannot be used; empty if they can, or none are named."""
    path = Path(value.split(":", maxsplit=1)[0] if name == "SSL_CERT_DIR" else value)
    if not value:
        return ""
    if path.is_dir():
        return "" if name in CERTIFICATE_FOLDERS else f"points to a folder ({path})"
    if name not in CERTIFICATE_FILES:
        return f"doesn't point to a folder ({path})"
    try:
        ssl.create_default_context(cafile=str(path))
    except ssl.SSLError:
        return f"points to a file without PEM certificates ({path})"
    except OSError as error:
        return (
            f"points to {path}, which can't be read ({(error.strerror or 'unknown error').lower()})"
        )
    return ""


def connection_remedy(
    error: BaseException,
    environ: Mapping[str, str],
    proxies: Iterable[str] = HTTPS_PROXIES,
    say: Language = ENGLISH,
) -> str:
    """Returns the fix for a failed connection: its certificate or its proxy; else empty.

    The first of `proxies` that the environment sets is the one that was used.
    """
    if any(_is_about_certificate(one) for one in _causes(error)):
        return say(
            "Its certificate isn't trusted here. If your network has its own CA, set SSL_CERT_FILE "
            "to a file with that CA's certificate. Check this server's clock, too."
        )
    name = next((one for one in proxies if environ.get(one, "").strip()), "")
    if name:
        return say(
            "{variable} sends this connection through the proxy {address}. Check that the proxy "
            "answers, or unset {variable}.",
            variable=name,
            address=_without_user(environ[name]),
        )
    return ""


def _without_user(proxy: str) -> str:
    try:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
    except ValueError:
        return "an address that cannot be read"


def _is_about_certificate(error: BaseException) -> bool:
    return isinstance(error, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY" in str(error)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yields the error and those behind it."""
    visited: set[int] = set()
    todo: list[BaseException | None] = [error]
    while todo:
        one = todo.pop()
        if one is not None and id(one) not in visited:
            visited.add(id(one))
            yield one
            todo += [one.__cause__, one.__context__]
