"""Options of httpx's transports: proxies and certificates. Opens no connection.

The transports are used without httpx's clients, which spend a fifth of a request's time on cookies,
redirects, logins from .netrc and merging URLs. None of that is wanted here.
"""

import ssl
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from kwtsms_client.errors import ConfigurationError
from kwtsms_client.settings import is_loopback

KEEPALIVE_SECONDS = 4.0  # Common servers close an idle connection after five.
T = TypeVar("T")


def transport_options(base_url: str, *, tls: ssl.SSLContext | bool) -> dict[str, Any]:
    """The arguments for httpx's transport.

    Raises:
        ConfigurationError: the certificates that the environment names cannot be read.
    """
    parts = urlsplit(base_url)
    secure = parts.scheme == "https"
    if secure and not isinstance(tls, ssl.SSLContext):
        tls = set_up(lambda: httpx.create_ssl_context(verify=tls))
    return {
        "limits": httpx.Limits(keepalive_expiry=KEEPALIVE_SECONDS),
        "proxy": _proxy(parts),
        "verify": tls if secure else False,  # Reading all certificates for nothing takes 50 ms.
    }


def _proxy(parts: SplitResult) -> str | None:
    """The proxy that the environment names for this address; never one for this machine."""
    host = parts.hostname or ""
    if is_loopback(host) or proxy_bypass(host):
        return None
    named = getproxies()
    proxy = named.get(parts.scheme) or named.get("all")
    return proxy if proxy is None or "://" in proxy else f"http://{proxy}"


def set_up(make: Callable[[], T]) -> T:
    """Calls `make`, which uses the proxies and certificates of the environment.

    Raises:
        ConfigurationError: the proxies or certificates cannot be used.
    """
    try:
        return make()
    except (OSError, ValueError, ImportError, httpx.InvalidURL) as error:
        raise ConfigurationError(
            f"Can't set up the connection ({type(error).__name__}). Check HTTPS_PROXY, "
            "HTTP_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR."
        ) from error
