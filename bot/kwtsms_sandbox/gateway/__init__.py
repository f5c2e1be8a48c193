"""A local kwtSMS gateway that any client, in any language, can be tested on.

gateway = Gateway()
async with serve(gateway.app()) as served:
    ...  # requests to f"{served.url}/API/send/"
gateway.ledger, gateway.inbox("96598765432")
"""

from kwtsms_sandbox.gateway.accounts import DEMO_ACCOUNT, Account
from kwtsms_sandbox.gateway.events import Subscription
from kwtsms_sandbox.gateway.faults import Fault, Planned
from kwtsms_sandbox.gateway.gateway import Gateway, RunningGateway
from kwtsms_sandbox.gateway.knobs import (
    Ban,
    CoverageShape,
    Duplicates,
    Html,
    Knobs,
    NumberStyle,
    Timestamp,
)
from kwtsms_sandbox.gateway.records import Entry, Event, Kind, Seen, Sms, State

__all__ = [
    "DEMO_ACCOUNT",
    "Account",
    "Ban",
    "CoverageShape",
    "Duplicates",
    "Entry",
    "Event",
    "Fault",
    "Gateway",
    "Html",
    "Kind",
    "Knobs",
    "NumberStyle",
    "Planned",
    "RunningGateway",
    "Seen",
    "Sms",
    "State",
    "Subscription",
    "Timestamp",
]
