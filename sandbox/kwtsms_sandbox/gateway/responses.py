"""Builds the JSON of each answer, in the shapes that the knobs choose. Performs no I/O."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from kwtsms_sandbox.gateway.behaviour import Behaviour, CoverageShape, NumberStyle, Timestamp
from kwtsms_sandbox.gateway.codes import CODES, OK, UNLISTED
from kwtsms_sandbox.gateway.models import Entry

KUWAIT_OFFSET = timedelta(hours=3)
COUNTRIES = {"965": "Kuwait", "966": "Saudi Arabia", "971": "UAE", "973": "Bahrain"}

Json = dict[str, Any]


def error(code: str, behaviour: Behaviour) -> tuple[int, Json]:
    """The HTTP status and the body of a rejection."""
    listed = CODES.get(code, UNLISTED)
    status = behaviour.error_statuses.get(code, behaviour.error_status or listed.status)
    return status, {"result": "ERROR", "code": code, "description": listed.description}


def balance(available: Decimal, purchased: Decimal, behaviour: Behaviour) -> Json:
    """The answer of /balance/."""
    amounts = {"available": available, "purchased": purchased}
    return {"result": OK, **_numbers(amounts, behaviour.number_style)}


def senderids(sender_ids: Sequence[str]) -> Json:
    """The answer of /senderid/; the key is singular."""
    return {"result": OK, "senderid": list(sender_ids)}


def coverage(prefixes: Sequence[str], shape: CoverageShape) -> Json:
    """The answer of /coverage/."""
    named = {prefix: COUNTRIES.get(prefix, "") for prefix in prefixes}
    match shape:
        case CoverageShape.MAP:
            return {"result": OK, **named}
        case CoverageShape.OBJECTS:
            rows = [{"prefix": prefix, "country": name} for prefix, name in named.items()]
            return {"result": OK, "coverage": rows}
        case _:
            return {"result": OK, shape.value: list(prefixes)}


def validation(lists: Mapping[str, Sequence[str]], behaviour: Behaviour) -> Json:
    """The answer of /validate/."""
    kept = {key: list(numbers) for key, numbers in lists.items()}
    if behaviour.omit_empty_lists:
        kept = {key: numbers for key, numbers in kept.items() if numbers}
    return {"result": OK, "mobile": kept}


def acceptance(entry: Entry, balance_after: Decimal, behaviour: Behaviour) -> Json:
    """The answer to an accepted send."""
    amounts = {
        "numbers": Decimal(len(entry.numbers)),
        "points-charged": entry.points,
        "balance-after": balance_after,
    }
    body = {"result": OK, "msg-id": entry.message_id, **_numbers(amounts, behaviour.number_style)}
    if behaviour.timestamp is not Timestamp.ABSENT:
        body["unix-timestamp"] = _timestamp(entry.at, behaviour)
    return body


def status(word: str, description: str) -> Json:
    """The answer of /status/."""
    return {"result": OK, "status": word, "description": description}


def report(deliveries: Mapping[str, str]) -> Json:
    """The answer of /dlr/; its keys are capitalised."""
    rows = [{"Number": number, "Status": word} for number, word in deliveries.items()]
    return {"result": OK, "report": rows}


def _timestamp(at: datetime, behaviour: Behaviour) -> int | str | None:
    shifted = at + KUWAIT_OFFSET if behaviour.timestamp is Timestamp.KUWAIT else at
    seconds = int(shifted.timestamp())
    if behaviour.number_style is NumberStyle.NULL:
        return None
    return str(seconds) if behaviour.number_style is NumberStyle.STRING else seconds


def _numbers(amounts: Mapping[str, Decimal], style: NumberStyle) -> Json:
    if style is NumberStyle.ABSENT:
        return {}
    return {name: _number(amount, style) for name, amount in amounts.items()}


def _number(amount: Decimal, style: NumberStyle) -> int | float | str | None:
    match style:
        case NumberStyle.NULL:
            return None
        case NumberStyle.STRING:
            return f"{amount.normalize():f}"
        case NumberStyle.PHP if amount == amount.to_integral_value():
            return int(amount)
        case _:
            return float(amount)
