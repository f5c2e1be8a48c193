"""The seven endpoints: from a request's JSON to its answer or its error code.

Knows no HTTP: `http_api` handles wrong methods, unreadable bodies and faults.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kwtsms_sandbox.gateway import responses, rules
from kwtsms_sandbox.gateway.behaviour import Behaviour
from kwtsms_sandbox.gateway.ledger import AccountBalance, Ledger
from kwtsms_sandbox.gateway.models import Entry, State
from kwtsms_sandbox.gateway.requests import (
    Caller,
    SubmitRequest,
    is_valid,
    read_caller,
    read_test,
    split,
    text_field,
)
from kwtsms_sandbox.gateway.responses import Json

SENT = ("sent", "Message successfully sent to gateway")
QUEUED = ("queued", "Message is waiting in the sending queue")
KUWAIT = "965"


class Refused(Exception):
    """Rejection with an error code; nothing changed and nothing was charged."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class EndpointContext:
    """Records, knobs, time and client address for one call of an endpoint."""

    ledger: Ledger
    behaviour: Behaviour
    now: datetime
    address: str

    def caller(self, payload: Mapping[str, Any]) -> Caller:
        """Returns the caller that the payload names."""
        return read_caller(payload, self.ledger.accounts, self.address)

    def enforce_rules(self, caller: Caller, request: SubmitRequest | None = None) -> AccountBalance:
        """Returns the caller's balance if neither the caller nor the request breaks a rule.

        Raises:
            Refused: one of them does.
        """
        code = rules.refusal(caller, self.behaviour, request)
        if code or caller.account is None:
            raise Refused(code or rules.NOT_KNOWN)
        return self.ledger.account_balance(caller.account.username)


def balance(context: EndpointContext, payload: Mapping[str, Any]) -> Json:
    """Returns the available credits and the total purchased."""
    account_balance = context.enforce_rules(context.caller(payload))
    return responses.balance(
        account_balance.available, account_balance.purchased, context.behaviour
    )


def senderid(context: EndpointContext, payload: Mapping[str, Any]) -> Json:
    """Returns the account's sender IDs."""
    return responses.senderids(context.enforce_rules(context.caller(payload)).account.sender_ids)


def coverage(context: EndpointContext, payload: Mapping[str, Any]) -> Json:
    """Returns the active prefixes; ERR033 if there are none."""
    account = context.enforce_rules(context.caller(payload)).account
    if not account.coverage:
        raise Refused("ERR033")
    return responses.coverage(account.coverage, context.behaviour.coverage_shape)


def validate(context: EndpointContext, payload: Mapping[str, Any]) -> Json:
    """Sorts the numbers into routable, malformed and without a route."""
    account = context.enforce_rules(context.caller(payload)).account
    numbers = split(text_field(payload, "mobile") or "")
    if not numbers:
        raise Refused("ERR002")
    if (
        context.behaviour.validate_limit is not None
        and len(numbers) > context.behaviour.validate_limit
    ):
        raise Refused("ERR007")
    lists: dict[str, list[str]] = {"OK": [], "ER": [], "NR": []}
    for number in numbers:
        key = "ER" if not is_valid(number) else "OK" if account.covers(number) else "NR"
        lists[key].append(number)
    return responses.validation(lists, context.behaviour)


def send(context: EndpointContext, payload: Mapping[str, Any]) -> Json:
    """Charges and accepts one message for up to 200 numbers."""
    caller = context.caller(payload)
    request = _read_request(context, caller, payload)
    account_balance = context.enforce_rules(caller, request)
    if request is None:
        raise Refused(rules.NOT_KNOWN)
    entry = context.ledger.accept(request, context.now)
    return responses.acceptance(entry, account_balance.available, context.behaviour)


def status(context: EndpointContext, payload: Mapping[str, Any]) -> Json:
    """Returns whether the gateway has forwarded a message."""
    entry = _own_entry(context, payload, unknown="ERR029")
    admin_status = context.ledger.admin_statuses[entry.message_id]
    if admin_status.code:
        raise Refused(admin_status.code)
    if admin_status.status:
        return responses.status(*admin_status.status)
    if entry.state is State.SENT:
        return responses.status(*SENT)
    if entry.state is State.DELETED:
        raise Refused("ERR029")
    if entry.state is State.QUEUED or _age(context, entry) < context.behaviour.queued_for:
        return responses.status(*QUEUED)
    raise Refused("ERR030")


def dlr(context: EndpointContext, payload: Mapping[str, Any]) -> Json:
    """Returns the delivery status of each international number."""
    entry = _own_entry(context, payload, unknown="ERR020")
    deliveries = context.ledger.admin_statuses[entry.message_id].deliveries
    if deliveries:
        return responses.report(deliveries)
    if entry.state is not State.SENT:
        raise Refused("ERR019")
    abroad = [number for number in entry.numbers if not number.startswith(KUWAIT)]
    if not abroad:
        raise Refused(context.behaviour.kuwait_dlr)
    if _age(context, entry) < context.behaviour.dlr_after:
        raise Refused("ERR022")
    return responses.report(dict.fromkeys(abroad, context.behaviour.dlr_status))


ENDPOINTS: Mapping[str, Callable[[EndpointContext, Mapping[str, Any]], Json]] = {
    "balance": balance,
    "senderid": senderid,
    "coverage": coverage,
    "validate": validate,
    "send": send,
    "status": status,
    "dlr": dlr,
}


def _read_request(
    context: EndpointContext, caller: Caller, payload: Mapping[str, Any]
) -> SubmitRequest | None:
    if caller.account is None:
        return None
    name, ledger, behaviour = caller.account.username, context.ledger, context.behaviour
    return SubmitRequest(
        account=caller.account,
        sender=text_field(payload, "sender"),
        text=text_field(payload, "message"),
        mobile=text_field(payload, "mobile"),
        test=read_test(payload),
        behaviour=behaviour,
        in_cooldown=ledger.numbers_in_cooldown(name, context.now, behaviour.repeat_seconds),
        balance=ledger.account_balance(name).available,
        queued=ledger.queued(name) + behaviour.queue_backlog,
    )


def _own_entry(context: EndpointContext, payload: Mapping[str, Any], *, unknown: str) -> Entry:
    account = context.enforce_rules(context.caller(payload)).account
    message_id = text_field(payload, "msgid")
    if not message_id:
        raise Refused("ERR002")
    entry = context.ledger.entries.get(message_id)
    if entry is None or entry.account != account.username:
        raise Refused(unknown)
    return entry


def _age(context: EndpointContext, entry: Entry) -> float:
    return (context.now - entry.at) / timedelta(seconds=1)
