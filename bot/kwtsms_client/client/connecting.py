"""How httpx is to connect: proxies, certificates, redirects. Opens no connection."""

import ssl
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

from kwtsms_client.errors import ConfigurationError
from kwtsms_client.protocol import HEADERS
from kwtsms_client.settings import is_loopback

KEEPALIVE_SECONDS = 4.0  # Common servers close an idle connection after five.
T = TypeVar("T")


def options_for(base_url: str, *, tls: ssl.SSLContext | bool, timeout: float) -> dict[str, Any]:
    """What httpx is made with. Proxies of the environment are used, but never to this machine.

    Raises:
        ConfigurationError: the environment names certificates that are not there.
    """
    parts = urlsplit(base_url)
    secure = parts.scheme == "https"
    if secure and not isinstance(tls, ssl.SSLContext):
        tls = set_up(lambda: httpx.create_ssl_context(verify=tls))
    return {
        "timeout": timeout,
        "follow_redirects": False,
        "headers": HEADERS,
        "limits": httpx.Limits(keepalive_expiry=KEEPALIVE_SECONDS),
        "trust_env": not is_loopback(parts.hostname or ""),  # Its certificates are in `tls`.
        "verify": tls if secure else False,  # Reading all certificates for nothing takes 50 ms.
    }


def set_up(make: Callable[[], T]) -> T:
    """What `make` makes of the environment's proxies and certificates.

    Raises:
        ConfigurationError: they cannot be used.
    """
    try:
        return make()
    except (OSError, ValueError, ImportError, httpx.InvalidURL) as error:
        raise ConfigurationError(
            f"The connection cannot be set up ({type(error).__name__}). Look at HTTPS_PROXY, "
            "HTTP_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR."
        ) from error
