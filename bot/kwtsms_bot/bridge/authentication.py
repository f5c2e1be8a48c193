"""Decides whose request a webhook is: tokens, signatures and addresses. Pure.

A token is looked up by its digest, so that the time of the answer tells nothing about it.
"""

import base64
import binascii
import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from kwtsms_bot.config.bridge import BridgeSettings, IntegrationSettings

SIGNATURE = "x-grafana-alerting-signature"
SIGNATURE_SECONDS = 300  # How far its signed time may be from ours.
REPLAY_SECONDS = 600
MAX_SIGNATURES = 10_000
FREE_FAILURES = 30  # Of an address; then one a minute.
FAILURE_SECONDS = 60.0
MAX_ADDRESSES = 1_000


class Unauthorized(Exception):
    """The request is of no integration; `reason` is for admins."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class GivenToken:
    """A token that came with a request, and the name that came with it."""

    token: str
    name: str | None = None


class TokenTable:
    """The tokens of all integrations, as digests."""

    def __init__(self, bridge: BridgeSettings) -> None:
        self._names = {
            _digest(token.get_secret_value()): name
            for name, integration in bridge.integrations.items()
            for token in integration.token
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
            raise Unauthorized(f"the token of {found}")
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


def check_signature(
    headers: Mapping[str, str], body: bytes, settings: IntegrationSettings, now: float
) -> str | None:
    """Checks Grafana's signature, where one is configured; returns it if it covers a time.

    Raises:
        Unauthorized: it is missing, wrong or old.
    """
    if settings.hmac is None:
        return None
    signed = body
    if settings.timestamp_header is not None:
        stamp = headers.get(settings.timestamp_header, "")
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
            raise Unauthorized("no signed time")
        if abs(now - int(stamp)) > SIGNATURE_SECONDS:
            raise Unauthorized("the signed time is too old")
        signed = stamp.encode() + b":" + body
    key = settings.hmac.get_secret_value().encode()
    expected = hmac.new(key, signed, hashlib.sha256).hexdigest()
    given = headers.get(SIGNATURE, "").strip().lower()
    if not hmac.compare_digest(expected.encode(), given.encode(errors="replace")):
        raise Unauthorized("wrong signature")
    return expected if settings.timestamp_header is not None else None


class SignatureCache:
    """Signatures with a time that were accepted: each is accepted once."""

    def __init__(self) -> None:
        self._until: OrderedDict[tuple[str, str], float] = OrderedDict()

    def is_repeated(self, integration: str, signature: str, now: float) -> bool:
        """Whether it was seen before; remembers it."""
        while self._until and next(iter(self._until.values())) < now:
            self._until.popitem(last=False)
        key = (integration, signature)
        if key in self._until:
            return True
        self._until[key] = now + REPLAY_SECONDS
        if len(self._until) > MAX_SIGNATURES:
            self._until.popitem(last=False)
        return False


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
