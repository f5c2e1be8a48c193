"""The Apprise URLs that lead to the bot: the plugin's, and those of Apprise itself. Pure."""

from dataclasses import dataclass, field
from urllib.parse import quote, urlencode, urlsplit


@dataclass(frozen=True, slots=True)
class BridgeUrls:
    """The URLs for one integration; each contains its token."""

    plugin: str = field(repr=False)
    stock: tuple[str, ...] = field(repr=False)  # They need no plugin.


@dataclass(frozen=True, slots=True)
class BotAddress:
    """The address at which the bot accepts alerts."""

    host: str  # With its port, if it isn't the default one.
    is_secure: bool


def parse_address(written: str) -> BotAddress:
    """The address in http://host:port or https://host.

    Raises:
        ValueError: it is something else, or has more than that.
    """
    parts = urlsplit(written)
    host = parts.netloc.removesuffix(":443" if parts.scheme == "https" else ":80")
    is_bare = parts.path in ("", "/") and not (parts.query or parts.fragment or "@" in host)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise ValueError("no address of a web server")
    if not (is_bare and written.isascii() and written.isprintable() and " " not in written):
        raise ValueError("more than an address")
    return BotAddress(host, parts.scheme == "https")


def make_urls(
    address: BotAddress, name: str, token: str, *, receiver: str, severity: str, key: str
) -> BridgeUrls:
    """The URLs for the integration `name`; what is empty is left out."""
    s = "s" if address.is_secure else ""
    login = f"{quote(name, safe='')}:{quote(token, safe='')}@{address.host}"
    settings = {"severity": severity, "key": key}
    arguments = _query(settings)
    payload = _query({f":{word}": text for word, text in {**settings, "to": receiver}.items()})
    plugin = f"kwtsmsbridge{s}://{login}/{quote(receiver, safe='')}".rstrip("/") + arguments
    stock = [f"json{s}://{login}/hooks/{quote(name, safe='')}{payload}"]
    if not payload:  # An Apprise API URL can't say more.
        stock.append(f"apprise{s}://{address.host}/{quote(token, safe='')}")
    return BridgeUrls(plugin, tuple(stock))


def _query(values: dict[str, str]) -> str:
    written = {name: value for name, value in values.items() if value}
    return f"?{urlencode(written, safe=':', quote_via=quote)}" if written else ""
