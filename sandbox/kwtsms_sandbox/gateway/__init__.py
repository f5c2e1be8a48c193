"""A local kwtSMS gateway that any client, in any language, can be tested on.

gateway = Gateway()
async with serve(gateway.app()) as served:
    ...  # requests to f"{served.url}/API/send/"
gateway.ledger, gateway.inbox("96598765432")
"""

from kwtsms_sandbox.gateway.accounts import DEMO_ACCOUNT, GatewayAccount
from kwtsms_sandbox.gateway.behaviour import (
    Ban,
    Behaviour,
    CoverageShape,
    Duplicates,
    Html,
    NumberStyle,
    Timestamp,
)
from kwtsms_sandbox.gateway.events import Subscription
from kwtsms_sandbox.gateway.fault_plan import Fault, PlannedFault
from kwtsms_sandbox.gateway.models import Entry, Event, Kind, LoggedRequest, Sms, State
from kwtsms_sandbox.gateway.server import Gateway, RunningGateway

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
