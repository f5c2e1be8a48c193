"""The parts of a URL, and the error for a wrong one, as every supported Apprise has them."""

from typing import Any

from apprise import NotifyBase

try:  # Since Apprise 2.0; older versions raise a TypeError.
    from apprise.exception import AppriseImproperlyConfigured
except ImportError:
    AppriseImproperlyConfigured = TypeError

__all__ = ["AppriseImproperlyConfigured", "url_parts"]


def url_parts(url: Any, *, verify_host: bool) -> dict[str, Any] | None:
    """The parts of a URL as Apprise reads them; None if it can't."""
    try:
        parts: dict[str, Any] | None = NotifyBase.parse_url(url, verify_host=verify_host)
    except ValueError:  # Before Apprise 1.13: a square bracket that begins no IPv6 address.
        return None
    return parts
