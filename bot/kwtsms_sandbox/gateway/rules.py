"""Why a request is refused: one small rule a code, weighed in the order that the knobs give.

Pure: every fact comes with the `Caller` and the `Order`.
"""

from collections.abc import Callable, Mapping

from kwtsms_sandbox.gateway import content
from kwtsms_sandbox.gateway.knobs import Duplicates, Knobs
from kwtsms_sandbox.gateway.orders import Caller, Order

NOT_KNOWN = "ERR003"


def refusal(caller: Caller, knobs: Knobs, order: Order | None = None) -> str | None:
    """The first rule that the caller or the order breaks, or None."""
    for code in knobs.precedence:
        of_caller, of_order = CALLER_RULES.get(code), ORDER_RULES.get(code)
        if of_caller and of_caller(caller, knobs):
            return code
        if of_order and order and of_order(order):
            return code
    # Whatever the knobs leave out, nobody comes in without their password.
    return NOT_KNOWN if _credentials_wrong(caller, knobs) else None


def _credentials_missing(caller: Caller, knobs: Knobs) -> bool:
    given = (caller.username, caller.password)
    return None in given or ("" in given and knobs.empty_credentials == "ERR002")


def _credentials_wrong(caller: Caller, _: Knobs) -> bool:
    return caller.account is None or caller.account.password != caller.password


def _address_refused(caller: Caller, _: Knobs) -> bool:
    account = caller.account
    return bool(
        account and account.allowed_addresses and caller.address not in account.allowed_addresses
    )


CALLER_RULES: Mapping[str, Callable[[Caller, Knobs], bool]] = {
    "ERR001": lambda caller, _: bool(caller.account and not caller.account.api_enabled),
    "ERR002": _credentials_missing,
    "ERR003": _credentials_wrong,
    "ERR004": lambda caller, _: bool(caller.account and not caller.account.api_access),
    "ERR005": lambda caller, _: bool(caller.account and caller.account.blocked),
    "ERR024": _address_refused,
}


def _field_missing(order: Order) -> bool:
    knobs = order.knobs
    return (
        None in (order.sender, order.text, order.mobile, order.test)
        or (order.sender == "" and knobs.empty_sender == "ERR002")
        or (_is_blank(order) and knobs.empty_message == "ERR002")
    )


def _is_blank(order: Order) -> bool:
    return not (order.text or "").strip()


def _sender_refused(order: Order) -> bool:
    account = order.account
    if order.sender in account.banned_sender_ids or not order.sender:
        return True
    if order.test and order.knobs.unknown_sender_in_test:
        return False
    return order.sender not in account.sender_ids


def _numbers_invalid(order: Order, code: str) -> bool:
    found = order.knobs.invalid_number or ("ERR025" if len(order.numbers) == 1 else "ERR006")
    if found != code:
        return False
    complete = len(order.valid) == len(order.numbers)
    return not order.valid or not (complete or order.knobs.partial_acceptance)


def _not_covered(order: Order) -> bool:
    covered = [number for number in order.valid if order.account.covers(number)]
    complete = len(covered) == len(order.valid)
    if not order.valid:
        return False  # That is another rule's.
    return not covered or not (complete or order.knobs.partial_acceptance)


def _too_soon(order: Order) -> bool:
    if order.test and not order.knobs.repeat_in_test:
        return False
    twice = len(set(order.accepted)) < len(order.accepted)
    if twice and order.knobs.duplicates is Duplicates.REFUSE:
        return True
    return not order.hot.isdisjoint(order.accepted)


ORDER_RULES: Mapping[str, Callable[[Order], bool]] = {
    "ERR002": _field_missing,
    "ERR006": lambda order: _numbers_invalid(order, "ERR006"),
    "ERR007": lambda order: len(order.numbers) > order.knobs.max_numbers,
    "ERR008": _sender_refused,
    "ERR009": _is_blank,
    "ERR010": lambda order: order.balance <= 0,
    "ERR011": lambda order: order.balance < order.points,
    "ERR012": lambda order: order.pages > order.knobs.page_limit,
    "ERR013": lambda order: order.queued + len(order.accepted) > order.knobs.queue_limit,
    "ERR025": lambda order: _numbers_invalid(order, "ERR025"),
    "ERR026": _not_covered,
    "ERR027": lambda order: content.has_html(order.text or "", order.knobs.html),
    "ERR028": _too_soon,
    "ERR031": lambda order: content.speaks_of(order.text or "", order.knobs.bad_language),
    "ERR032": lambda order: content.speaks_of(order.text or "", order.knobs.spam),
    "ERR033": lambda order: not order.account.coverage,
}
