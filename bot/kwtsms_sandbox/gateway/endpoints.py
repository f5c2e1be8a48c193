"""The seven endpoints: from a request's JSON to its answer, or to the code that refuses it.

Knows no HTTP: what a wrong method, an unreadable body or a fault does is `front`'s.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kwtsms_sandbox.gateway import answers, rules
from kwtsms_sandbox.gateway.answers import Json
from kwtsms_sandbox.gateway.books import Books, Holding
from kwtsms_sandbox.gateway.knobs import Knobs
from kwtsms_sandbox.gateway.orders import (
    Caller,
    Order,
    is_valid,
    read_caller,
    read_test,
    split,
    text_field,
)
from kwtsms_sandbox.gateway.records import Entry, State

SENT = ("sent", "Message successfully sent to gateway")
QUEUED = ("queued", "Message is waiting in the sending queue")
KUWAIT = "965"


class Refused(Exception):
    """The gateway says no; nothing changed and nothing was charged."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Desk:
    """What an endpoint works with."""

    books: Books
    knobs: Knobs
    now: datetime
    address: str

    def caller(self, payload: Mapping[str, Any]) -> Caller:
        """Who asks, as the payload names them."""
        return read_caller(payload, self.books.accounts, self.address)

    def admit(self, caller: Caller, order: Order | None = None) -> Holding:
        """The holding of a caller who breaks no rule, and neither does the order.

        Raises:
            Refused: one of them does.
        """
        code = rules.refusal(caller, self.knobs, order)
        if code or caller.account is None:
            raise Refused(code or rules.NOT_KNOWN)
        return self.books.holding(caller.account.username)


def balance(desk: Desk, payload: Mapping[str, Any]) -> Json:
    """What is left, and what was ever bought."""
    holding = desk.admit(desk.caller(payload))
    return answers.balance(holding.available, holding.purchased, desk.knobs)


def senderid(desk: Desk, payload: Mapping[str, Any]) -> Json:
    """The account's sender IDs."""
    return answers.senderids(desk.admit(desk.caller(payload)).account.sender_ids)


def coverage(desk: Desk, payload: Mapping[str, Any]) -> Json:
    """The active prefixes; none is ERR033."""
    account = desk.admit(desk.caller(payload)).account
    if not account.coverage:
        raise Refused("ERR033")
    return answers.coverage(account.coverage, desk.knobs.coverage_shape)


def validate(desk: Desk, payload: Mapping[str, Any]) -> Json:
    """Which numbers are routable, malformed, or without a route."""
    account = desk.admit(desk.caller(payload)).account
    numbers = split(text_field(payload, "mobile") or "")
    if not numbers:
        raise Refused("ERR002")
    if desk.knobs.validate_limit is not None and len(numbers) > desk.knobs.validate_limit:
        raise Refused("ERR007")
    lists: dict[str, list[str]] = {"OK": [], "ER": [], "NR": []}
    for number in numbers:
        key = "ER" if not is_valid(number) else "OK" if account.covers(number) else "NR"
        lists[key].append(number)
    return answers.validation(lists, desk.knobs)


def send(desk: Desk, payload: Mapping[str, Any]) -> Json:
    """Charge and take over one message for up to 200 numbers."""
    caller = desk.caller(payload)
    order = _read_order(desk, caller, payload)
    holding = desk.admit(caller, order)
    if order is None:
        raise Refused(rules.NOT_KNOWN)
    entry = desk.books.accept(order, desk.now)
    return answers.acceptance(entry, holding.available, desk.knobs)


def status(desk: Desk, payload: Mapping[str, Any]) -> Json:
    """Whether the gateway has forwarded a message."""
    entry = _own_entry(desk, payload, unknown="ERR029")
    said = desk.books.said[entry.message_id]
    if said.code:
        raise Refused(said.code)
    if said.status:
        return answers.status(*said.status)
    if entry.state is State.SENT:
        return answers.status(*SENT)
    if entry.state is State.DELETED:
        raise Refused("ERR029")
    if entry.state is State.QUEUED or _age(desk, entry) < desk.knobs.queued_for:
        return answers.status(*QUEUED)
    raise Refused("ERR030")


def dlr(desk: Desk, payload: Mapping[str, Any]) -> Json:
    """What became of each international number."""
    entry = _own_entry(desk, payload, unknown="ERR020")
    told = desk.books.said[entry.message_id].deliveries
    if told:
        return answers.report(told)
    if entry.state is not State.SENT:
        raise Refused("ERR019")
    abroad = [number for number in entry.numbers if not number.startswith(KUWAIT)]
    if not abroad:
        raise Refused(desk.knobs.kuwait_dlr)
    if _age(desk, entry) < desk.knobs.dlr_after:
        raise Refused("ERR022")
    return answers.report(dict.fromkeys(abroad, desk.knobs.dlr_status))


ENDPOINTS: Mapping[str, Callable[[Desk, Mapping[str, Any]], Json]] = {
    "balance": balance,
    "senderid": senderid,
    "coverage": coverage,
    "validate": validate,
    "send": send,
    "status": status,
    "dlr": dlr,
}


def _read_order(desk: Desk, caller: Caller, payload: Mapping[str, Any]) -> Order | None:
    if caller.account is None:
        return None
    name, books, knobs = caller.account.username, desk.books, desk.knobs
    return Order(
        account=caller.account,
        sender=text_field(payload, "sender"),
        text=text_field(payload, "message"),
        mobile=text_field(payload, "mobile"),
        test=read_test(payload),
        knobs=knobs,
        hot=books.hot_numbers(name, desk.now, knobs.repeat_seconds),
        balance=books.holding(name).available,
        queued=books.queued(name) + knobs.queue_backlog,
    )


def _own_entry(desk: Desk, payload: Mapping[str, Any], *, unknown: str) -> Entry:
    account = desk.admit(desk.caller(payload)).account
    message_id = text_field(payload, "msgid")
    if not message_id:
        raise Refused("ERR002")
    entry = desk.books.entries.get(message_id)
    if entry is None or entry.account != account.username:
        raise Refused(unknown)
    return entry


def _age(desk: Desk, entry: Entry) -> float:
    return (desk.now - entry.at) / timedelta(seconds=1)
