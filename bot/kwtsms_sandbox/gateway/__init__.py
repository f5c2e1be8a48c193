"""A local kwtSMS gateway that any client, in any language, can be tested on.

gateway = Gateway()
async with serve(gateway.app()) as served:
    ...  # requests to f"{served.url}/API/send/"
gateway.ledger, gateway.inbox("96598765432")
"""

from kwtsms_sandbox.gateway.accounts import DEMO_ACCOUNT, GatewayAccount
from kwtsms_sandbox.gateway.events import Subscription
from kwtsms_sandbox.gateway.faults import Fault, PlannedFault
from kwtsms_sandbox.gateway.gateway import Gateway, RunningGateway
from kwtsms_sandbox.gateway.knobs import (
    Ban,
    Behaviour,
    CoverageShape,
    Duplicates,
    Html,
    NumberStyle,
    Timestamp,
)
from kwtsms_sandbox.gateway.records import Entry, Event, Kind, LoggedRequest, Sms, State

__all__ = [
    "DEMO_ACCOUNT",
    "Ban",
    "Behaviour",
    "CoverageShape",
    "Duplicates",
    "Entry",
    "Event",
    "Fault",
    "Gateway",
    "GatewayAccount",
    "Html",
    "Kind",
    "LoggedRequest",
    "NumberStyle",
    "PlannedFault",
    "RunningGateway",
    "Sms",
    "State",
    "Subscription",
    "Timestamp",
]
