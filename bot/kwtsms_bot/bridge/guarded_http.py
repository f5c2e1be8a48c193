"""A client that fetches small documents over https, from the internet only. Refuses redirects.

The author of a request or of the configuration must not reach, by the bot, what only the bot's
machine reaches.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

FETCH_SECONDS = 10.0
MAX_BYTES = 1024 * 1024
_CHUNK = 65_536
_OK = 200
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class FetchFailed(Exception):
    """Nothing was fetched; the text says why, and has no part of the address."""


class PrivateAddress(OSError):
    """A name belongs to an address of this network, or of this machine."""


async def fetch(url: str) -> bytes:
    """Returns what is at an address.

    Raises:
        FetchFailed: it cannot be had, or is not accepted.
    """
    try:
        if urlsplit(url).scheme != "https":
            raise FetchFailed("its address is not https")
        async with asyncio.timeout(FETCH_SECONDS):
            return await _fetch(url)
    except TimeoutError:
        raise FetchFailed("no answer within 10 s") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise FetchFailed("its server can't be reached") from error


async def _fetch(url: str) -> bytes:
    _check_literal_address(url)
    proxy = proxy_of(url)  # It resolves names itself; its own address may be private.
    resolver = ThreadedResolver() if proxy else PublicResolver()
    connector = aiohttp.TCPConnector(resolver=resolver)
    async with (
        aiohttp.ClientSession(connector=connector, auto_decompress=False) as session,
        session.get(
            url, headers={"Accept-Encoding": "identity"}, allow_redirects=False, proxy=proxy
        ) as response,
    ):
        if response.status != _OK:
            raise FetchFailed(f"its server answered with status {response.status}")
        body = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK):
            body += chunk
            if len(body) > MAX_BYTES:
                raise FetchFailed("it is larger than 1 MiB")
        return bytes(body)


def proxy_of(url: str) -> str | None:
    """Returns the proxy that the environment names for an address."""
    parts = urlsplit(url)
    return None if proxy_bypass(parts.netloc) else getproxies().get(parts.scheme)


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the internet, also if IPv6 wraps an IPv4 address."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour or (parsed.teredo or (None, None))[1]
        if parsed in _NAT64:
            inner = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        if inner is not None and not inner.is_global:
            return False
    return parsed.is_global and not parsed.is_multicast


def _check_literal_address(url: str) -> None:
    """Checks an address that is written as a number, which is not resolved.

    Raises:
        FetchFailed: it is one of this network.
    """
    host = urlsplit(url).hostname or ""
    try:
        is_private = not is_public(host)
    except ValueError:
        return  # A name.
    if is_private:
        raise FetchFailed("its address is one of this network")


class PublicResolver(AbstractResolver):
    """Resolver of names whose addresses are all public: the one that is checked is used."""

    def __init__(self) -> None:
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Returns the addresses of a name.

        Raises:
            PrivateAddress: one of them is not public.
            OSError: it has none.
        """
        found: Sequence[Any] = await self._resolver.resolve(host, port, family)
        if not all(is_public(one["host"]) for one in found):
            raise PrivateAddress("its address is one of this network")
        return list(found)

    async def close(self) -> None:
        """Closes the resolver that it asks."""
        await self._resolver.close()
