"""Decides whose request a webhook is, by its token and its address. Pure.

A token is looked up by its digest, so that the time of the answer tells nothing about it.
"""

import base64
import binascii
import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Protocol

from kwtsms_bot.config.bridge_fields import Tokens

FREE_FAILURES = 30  # Of an address; then one a minute.
FAILURE_SECONDS = 60.0
MAX_ADDRESSES = 1_000


class Unauthorized(Exception):
    """The request is of no integration; `reason` is for admins."""

    def __init__(self, reason: str, owner: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.owner = owner  # The integration that the token belongs to.


@dataclass(frozen=True, slots=True)
class GivenToken:
    """A token that came with a request, and the name that came with it."""

    token: str
    name: str | None = None


class TokenOwner(Protocol):
    """Settings with tokens."""

    @property
    def token(self) -> Tokens:
        """The tokens: one, or two during a replacement."""


class TokenTable:
    """The tokens of all integrations, or of all applications, as digests."""

    def __init__(self, owners: Mapping[str, TokenOwner]) -> None:
        self._names = {
            _digest(token.get_secret_value()): name
            for name, owner in owners.items()
            for token in owner.token
        }

    def integration(self, given: GivenToken, wanted: str | None) -> str:
        """Returns the integration that a token belongs to.

        Raises:
            Unauthorized: it belongs to none, or to another than `wanted`.
        """
        found = self._names.get(_digest(given.token))
        if found is None:
            raise Unauthorized("unknown token")
        if wanted is not None and found != wanted:
            raise Unauthorized(f"the token of {found}", found)
        return found


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()


def find_credentials(headers: Mapping[str, str], path_token: str | None = None) -> GivenToken:
    """Returns the token of a request: from its headers, else from its path.

    Raises:
        Unauthorized: there is none.
    """
    scheme, _, value = headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer" and value:
        return GivenToken(value.strip())
    if scheme.lower() == "basic" and value:
        return _basic(value)
    if key := headers.get("X-Api-Key", "").strip():
        return GivenToken(key)
    if path_token:
        return GivenToken(path_token)
    raise Unauthorized("no token")


def _basic(value: str) -> GivenToken:
    try:
        name, _, token = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise Unauthorized("unreadable Basic credentials") from None
    return GivenToken(token, name)


class FailureLimit:
    """Limit of how often an address may fail to name a token."""

    def __init__(self) -> None:
        # By address: failures left, and when that was counted.
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def is_exhausted(self, address: str, now: float) -> bool:
        """Whether the address has failed too often."""
        return self._count(address, now) < 1

    def record(self, address: str, now: float) -> None:
        """Counts a failure."""
        self._left[address] = (self._count(address, now) - 1, now)
        self._left.move_to_end(address)
        if len(self._left) > MAX_ADDRESSES:
            self._left.popitem(last=False)

    def _count(self, address: str, now: float) -> float:
        left, at = self._left.get(address, (float(FREE_FAILURES), now))
        return min(float(FREE_FAILURES), left + (now - at) / FAILURE_SECONDS)


def client_address(peer: str, forwarded: str, trusted: Sequence[str]) -> str:
    """Returns the address that a request comes from, behind proxies that are believed."""
    address = peer
    for one in reversed([part.strip() for part in forwarded.split(",") if part.strip()]):
        if not is_within(address, trusted):
            break
        address = one
    return address


def is_within(address: str, networks: Sequence[str]) -> bool:
    """Whether an address is one of these networks'."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return any(found in ip_network(one) for one in networks)
