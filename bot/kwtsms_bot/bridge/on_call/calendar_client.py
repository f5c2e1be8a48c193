"""Fetches a calendar from an https address, or reads it from a file; within bounds.

Refuses addresses of this network, redirects to another host, and what is too large: a calendar's
server must not make the bot read what only the bot's machine reaches.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from kwtsms_bot.bridge.on_call.calendar import MAX_BYTES

FETCH_SECONDS = 10.0
MAX_REDIRECTS = 3
CHUNK_BYTES = 65_536
MAX_ETAG = 255
REDIRECTS = (301, 302, 303, 307, 308)


class CalendarUnavailable(Exception):
    """A calendar was not fetched; the text says why, and has no part of its address."""


@dataclass(frozen=True, slots=True)
class CalendarSource:
    """Where a calendar is: an address, which may be secret, or the path of a file."""

    location: str = field(repr=False)
    allow_private: bool = False  # Addresses of this network are accepted.

    @property
    def is_address(self) -> bool:
        """Whether it is fetched over the network."""
        return "://" in self.location


@dataclass(frozen=True, slots=True)
class FetchedCalendar:
    """Content of a calendar; `body` is None if it is as it was for this ETag."""

    body: bytes | None = field(repr=False)
    etag: str | None = None


async def fetch(source: CalendarSource, etag: str | None = None) -> FetchedCalendar:
    """Returns a calendar; with the ETag of a copy, only if it has changed since.

    Raises:
        CalendarUnavailable: it cannot be had, or is not accepted.
    """
    if not source.is_address:
        return FetchedCalendar(await asyncio.to_thread(_read_file, Path(source.location)))
    try:
        async with asyncio.timeout(FETCH_SECONDS):
            return await _fetch_address(source, etag)
    except TimeoutError:
        raise CalendarUnavailable("no answer within 10 s") from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise _refusal(error) or CalendarUnavailable("its server can't be reached") from error


def _refusal(error: BaseException | None) -> CalendarUnavailable | None:
    """Returns the refusal of an address, which the resolver raised within a failed connection."""
    while error is not None and not isinstance(error, CalendarUnavailable):
        error = error.__cause__
    return error


def _read_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            body = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise CalendarUnavailable(f"its file can't be read ({reason})") from error
    if len(body) > MAX_BYTES:
        raise CalendarUnavailable("it is larger than 1 MiB")
    return body


async def _fetch_address(source: CalendarSource, etag: str | None) -> FetchedCalendar:
    headers = {"Accept": "text/calendar", "Accept-Encoding": "identity"}
    headers |= {"If-None-Match": etag} if etag else {}
    proxy = _proxy_of(source.location)  # It resolves names itself; its own address may be private.
    resolver = ThreadedResolver() if proxy else _GuardedResolver(source)
    connector = aiohttp.TCPConnector(resolver=resolver)
    async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as session:
        url = source.location
        for _ in range(MAX_REDIRECTS + 1):
            _check_literal_address(source, url)
            async with session.get(
                url, headers=headers, allow_redirects=False, proxy=proxy
            ) as response:
                if response.status not in REDIRECTS:
                    return await _content(response, etag)
                url = _redirect_target(url, response.headers.get("Location", ""))
    raise CalendarUnavailable("its server redirects again and again")


def _proxy_of(url: str) -> str | None:
    """Returns the proxy that the environment names for an address."""
    parts = urlsplit(url)
    return None if proxy_bypass(parts.netloc) else getproxies().get(parts.scheme)


async def _content(response: aiohttp.ClientResponse, etag: str | None) -> FetchedCalendar:
    if response.status == 304 and etag:
        return FetchedCalendar(None, etag)
    if response.status != 200:
        raise CalendarUnavailable(f"its server answered with status {response.status}")
    body = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        body += chunk
        if len(body) > MAX_BYTES:
            raise CalendarUnavailable("it is larger than 1 MiB")
    tag = response.headers.get("ETag", "")
    return FetchedCalendar(bytes(body), tag if 0 < len(tag) <= MAX_ETAG else None)


def _redirect_target(url: str, location: str) -> str:
    """Returns where a redirect leads, if that is on the same host.

    Raises:
        CalendarUnavailable: it is elsewhere.
    """
    target = urljoin(url, location)
    before, after = urlsplit(url), urlsplit(target)
    if (before.scheme, before.netloc) != (after.scheme, after.netloc):
        raise CalendarUnavailable("its server redirects to another host")
    return target


def _check_literal_address(source: CalendarSource, url: str) -> None:
    """Checks an address that is written as a number, which is not resolved.

    Raises:
        CalendarUnavailable: it is one of this network.
    """
    host = urlsplit(url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return
    _check_public(source, str(address))


def _check_public(source: CalendarSource, address: str) -> None:
    if not source.allow_private and not is_public(address):
        raise CalendarUnavailable("its address is one of this network; see allow_private")


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the internet, also if IPv6 wraps an IPv4 address."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = parsed.ipv4_mapped or parsed.sixtofour or (parsed.teredo or (None, None))[1]
        nat64 = ipaddress.ip_network("64:ff9b::/96")
        if parsed in nat64:
            inner = ipaddress.IPv4Address(int(parsed) & 0xFFFFFFFF)
        if inner is not None and not inner.is_global:
            return False
    return parsed.is_global and not parsed.is_multicast


class _GuardedResolver(AbstractResolver):
    """Resolver of names whose addresses are all accepted: the one that is checked is used."""

    def __init__(self, source: CalendarSource) -> None:
        self._source, self._resolver = source, ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Returns the addresses of a name.

        Raises:
            OSError: it has none, or one that is not accepted.
        """
        found: Sequence[Any] = await self._resolver.resolve(host, port, family)
        for one in found:
            try:
                _check_public(self._source, one["host"])
            except CalendarUnavailable as error:
                raise OSError(str(error)) from error
        return list(found)

    async def close(self) -> None:
        """Has nothing to close."""
        await self._resolver.close()
