"""Reads a request's JSON into what the rules check. Performs no I/O and decides nothing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from kwtsms_sandbox.gateway import content
from kwtsms_sandbox.gateway.accounts import GatewayAccount
from kwtsms_sandbox.gateway.behaviour import Behaviour, Duplicates

# Digits with the country code, without +, 00 or spaces; Kuwaiti mobiles are checked exactly.
_NUMBER = re.compile(r"965[4569][0-9]{7}|(?!965)[1-9][0-9]{6,14}")
_TEST = {"1": True, 1: True, "0": False, 0: False, None: False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Caller of an endpoint: credentials, the account that they name, and the address."""

    username: str | None  # None: missing or not a string
    password: str | None = field(repr=False)
    account: GatewayAccount | None
    address: str


@dataclass(frozen=True, kw_only=True)
class SubmitRequest:
    """Requested send, with the facts about the account that the rules need."""

    account: GatewayAccount
    sender: str | None  # None: missing or not a string
    text: str | None
    mobile: str | None
    test: bool | None  # None: neither 1 nor 0
    behaviour: Behaviour
    in_cooldown: frozenset[str]  # numbers sent to within the last 15 seconds
    balance: Decimal
    queued: int  # messages in the account's queue

    @cached_property
    def numbers(self) -> tuple[str, ...]:
        """The parts of `mobile` between the commas."""
        return split(self.mobile or "")

    @cached_property
    def valid(self) -> tuple[str, ...]:
        """The numbers that are well formed."""
        return tuple(number for number in self.numbers if is_valid(number))

    @cached_property
    def accepted(self) -> tuple[str, ...]:
        """The numbers that would be sent to."""
        covered = tuple(number for number in self.valid if self.account.covers(number))
        if self.behaviour.duplicates is Duplicates.MERGE:
            return tuple(dict.fromkeys(covered))
        return covered

    @cached_property
    def pages(self) -> int:
        """The page count of the text."""
        return content.pages(self.text or "", extension_units=self.behaviour.gsm_extension_units)

    @cached_property
    def points(self) -> Decimal:
        """The price in credits."""
        rates = (self.account.rate(number) for number in self.accepted)
        return sum(rates, Decimal(0)) * self.pages


def read_caller(
    payload: Mapping[str, Any], accounts: Mapping[str, GatewayAccount], address: str
) -> Caller:
    """Returns the caller, by the payload's username and password."""
    username, password = text_field(payload, "username"), text_field(payload, "password")
    account = accounts.get(username) if username is not None else None
    return Caller(username=username, password=password, account=account, address=address)


def text_field(payload: Mapping[str, Any], name: str) -> str | None:
    """Returns the field if it is a string, else None."""
    value = payload.get(name)
    return value if isinstance(value, str) else None


def read_test(payload: Mapping[str, Any]) -> bool | None:
    """Returns the test flag: "1", 1, "0", 0 or absent; None for anything else."""
    value = payload.get("test")
    if isinstance(value, bool) or not isinstance(value, str | int | None):
        return None
    return _TEST.get(value)


def split(mobile: str) -> tuple[str, ...]:
    """Returns the parts between the commas, exactly as written."""
    return tuple(mobile.split(",")) if mobile else ()


def is_valid(number: str) -> bool:
    """Whether the gateway accepts the text as a mobile number."""
    return bool(_NUMBER.fullmatch(number))
