"""A local Slack, strict where Slack is strict. For tests and the demo, never for the network."""

from .blocks import check, check_view
from .delivery import Interaction
from .demo import ALERTS, BOT, GENERAL, GUEST, NOURA, OPS, PARTNERS, RANDOM, SARA, STRANGER, YOUSEF
from .directory import Directory
from .feed import Kind, WorkspaceEvent
from .hands import NotPossible
from .live import find_active_content
from .modals import View
from .mrkdwn import links, mentions, readable
from .people import APP_ID, BOT_ID, BOT_USER_ID, TEAM_ID, Channel, ChannelKind, User, UserGroup
from .plain import plain
from .sandbox import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, SlackSandbox
from .signed import SignedHttp, signed_headers
from .steps import Step, StepState
from .timeline import Message, Via
from .web.faults import ConnectionDrop, Fault
from .web.rates import Limits, Rate, Tier
from .workspace import Manifest

__all__ = [
    "ALERTS",
    "APP_ID",
    "APP_TOKEN",
    "BOT",
    "BOT_ID",
    "BOT_TOKEN",
    "BOT_USER_ID",
    "GENERAL",
    "GUEST",
    "NOURA",
    "OPS",
    "PARTNERS",
    "RANDOM",
    "SARA",
    "SIGNING_SECRET",
    "STRANGER",
    "TEAM_ID",
    "YOUSEF",
    "Channel",
    "ChannelKind",
    "ConnectionDrop",
    "Directory",
    "Fault",
    "Interaction",
    "Kind",
    "Limits",
    "Manifest",
    "Message",
    "NotPossible",
    "Rate",
    "SignedHttp",
    "SlackSandbox",
    "Step",
    "StepState",
    "Tier",
    "User",
    "UserGroup",
    "Via",
    "View",
    "WorkspaceEvent",
    "check",
    "check_view",
    "find_active_content",
    "links",
    "mentions",
    "plain",
    "readable",
    "signed_headers",
]
