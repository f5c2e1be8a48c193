"""Rejection rules: one small rule per error code, checked in the order that the knobs give.

Pure: every fact comes with the `Caller` and the `SubmitRequest`.
"""

from collections.abc import Callable, Mapping

from kwtsms_sandbox.gateway import content
from kwtsms_sandbox.gateway.behaviour import Behaviour, Duplicates
from kwtsms_sandbox.gateway.requests import Caller, SubmitRequest

NOT_KNOWN = "ERR003"


def refusal(
    caller: Caller, behaviour: Behaviour, request: SubmitRequest | None = None
) -> str | None:
    """The code of the first rule that the caller or the request breaks, or None."""
    for code in behaviour.precedence:
        caller_rule, request_rule = CALLER_RULES.get(code), REQUEST_RULES.get(code)
        if caller_rule and caller_rule(caller, behaviour):
            return code
        if request_rule and request and request_rule(request):
            return code
    # A wrong password is rejected even if the knobs leave ERR003 out of `precedence`.
    return NOT_KNOWN if _credentials_wrong(caller, behaviour) else None


def _credentials_missing(caller: Caller, behaviour: Behaviour) -> bool:
    given = (caller.username, caller.password)
    return None in given or ("" in given and behaviour.empty_credentials == "ERR002")


def _credentials_wrong(caller: Caller, _: Behaviour) -> bool:
    return caller.account is None or caller.account.password != caller.password


def _address_refused(caller: Caller, _: Behaviour) -> bool:
    account = caller.account
    return bool(
        account and account.allowed_addresses and caller.address not in account.allowed_addresses
    )


CALLER_RULES: Mapping[str, Callable[[Caller, Behaviour], bool]] = {
    "ERR001": lambda caller, _: bool(caller.account and not caller.account.api_enabled),
    "ERR002": _credentials_missing,
    "ERR003": _credentials_wrong,
    "ERR004": lambda caller, _: bool(caller.account and not caller.account.api_access),
    "ERR005": lambda caller, _: bool(caller.account and caller.account.blocked),
    "ERR024": _address_refused,
}


def _field_missing(request: SubmitRequest) -> bool:
    behaviour = request.behaviour
    return (
        None in (request.sender, request.text, request.mobile, request.test)
        or (request.sender == "" and behaviour.empty_sender == "ERR002")
        or (_is_blank(request) and behaviour.empty_message == "ERR002")
    )


def _is_blank(request: SubmitRequest) -> bool:
    return not (request.text or "").strip()


def _sender_refused(request: SubmitRequest) -> bool:
    account = request.account
    if request.sender in account.banned_sender_ids or not request.sender:
        return True
    if request.test and request.behaviour.unknown_sender_in_test:
        return False
    return request.sender not in account.sender_ids


def _numbers_invalid(request: SubmitRequest, code: str) -> bool:
    found = request.behaviour.invalid_number or (
        "ERR025" if len(request.numbers) == 1 else "ERR006"
    )
    if found != code:
        return False
    complete = len(request.valid) == len(request.numbers)
    return not request.valid or not (complete or request.behaviour.partial_acceptance)


def _not_covered(request: SubmitRequest) -> bool:
    covered = [number for number in request.valid if request.account.covers(number)]
    complete = len(covered) == len(request.valid)
    if not request.valid:
        return False  # ERR006 or ERR025 is the rule for this.
    return not covered or not (complete or request.behaviour.partial_acceptance)


def _in_cooldown(request: SubmitRequest) -> bool:
    if request.test and not request.behaviour.repeat_in_test:
        return False
    twice = len(set(request.accepted)) < len(request.accepted)
    if twice and request.behaviour.duplicates is Duplicates.REFUSE:
        return True
    return not request.in_cooldown.isdisjoint(request.accepted)


REQUEST_RULES: Mapping[str, Callable[[SubmitRequest], bool]] = {
    "ERR002": _field_missing,
    "ERR006": lambda request: _numbers_invalid(request, "ERR006"),
    "ERR007": lambda request: len(request.numbers) > request.behaviour.max_numbers,
    "ERR008": _sender_refused,
    "ERR009": _is_blank,
    "ERR010": lambda request: request.balance <= 0,
    "ERR011": lambda request: request.balance < request.points,
    "ERR012": lambda request: request.pages > request.behaviour.page_limit,
    "ERR013": lambda request: (
        request.queued + len(request.accepted) > request.behaviour.queue_limit
    ),
    "ERR025": lambda request: _numbers_invalid(request, "ERR025"),
    "ERR026": _not_covered,
    "ERR027": lambda request: content.has_html(request.text or "", request.behaviour.html),
    "ERR028": _in_cooldown,
    "ERR031": lambda request: content.contains_any(
        request.text or "", request.behaviour.bad_language
    ),
    "ERR032": lambda request: content.contains_any(request.text or "", request.behaviour.spam),
    "ERR033": lambda request: not request.account.coverage,
}
