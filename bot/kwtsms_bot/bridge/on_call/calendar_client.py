"""Fetches a calendar from an https address, or reads it from a file; within bounds.

Refuses addresses of this network, redirects to another host, and what is too large: a calendar's
server must not make the bot read what only the bot's machine reaches.
"""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.resolver import ThreadedResolver

from kwtsms_bot.bridge.guarded_http import PrivateAddress, PublicResolver, is_public, proxy_of
from kwtsms_bot.bridge.on_call.calendar_text import MAX_BYTES

FETCH_SECONDS = 10.0
MAX_REDIRECTS = 3
CHUNK_BYTES = 65_536
MAX_ETAG = 255
PRIVATE = "its address is one of this network; see allow_private"
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
        reason = PRIVATE if _is_private(error) else "its server can't be reached"
        raise CalendarUnavailable(reason) from error


def _is_private(error: BaseException | None) -> bool:
    """Whether a connection failed because of its address."""
    while error is not None and not isinstance(error, PrivateAddress):
        error = error.__cause__
    return error is not None


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
    proxy = proxy_of(source.location)  # It resolves names itself; its own address may be private.
    resolver = ThreadedResolver() if proxy or source.allow_private else PublicResolver()
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
    try:
        is_accepted = source.allow_private or is_public(urlsplit(url).hostname or "")
    except ValueError:
        return  # A name.
    if not is_accepted:
        raise CalendarUnavailable(PRIVATE)
