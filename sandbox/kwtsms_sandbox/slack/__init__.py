"""A local Slack, strict where Slack is strict. For tests and the demo, never for the network."""

from kwtsms_sandbox.slack.active_content import find_active_content
from kwtsms_sandbox.slack.blocks import check, check_view
from kwtsms_sandbox.slack.demo_workspace import (
    ALERTS,
    BOT,
    GENERAL,
    GUEST,
    NOURA,
    OPS,
    PARTNERS,
    RANDOM,
    SARA,
    STRANGER,
    YOUSEF,
)
from kwtsms_sandbox.slack.directory import Directory
from kwtsms_sandbox.slack.envelopes import Interaction
from kwtsms_sandbox.slack.event_feed import Kind, WorkspaceEvent
from kwtsms_sandbox.slack.http_delivery import SignedHttp, signed_headers
from kwtsms_sandbox.slack.messages import Message, Via
from kwtsms_sandbox.slack.models import (
    APP_ID,
    BOT_ID,
    BOT_USER_ID,
    TEAM_ID,
    Channel,
    ChannelKind,
    User,
    UserGroup,
)
from kwtsms_sandbox.slack.mrkdwn import links, mentions, readable
from kwtsms_sandbox.slack.plain_text import plain
from kwtsms_sandbox.slack.sandbox import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, SlackSandbox
from kwtsms_sandbox.slack.user_actions import NotPossible
from kwtsms_sandbox.slack.views import View
from kwtsms_sandbox.slack.web.faults import ConnectionDrop, Fault
from kwtsms_sandbox.slack.web.rate_limits import Limits, Rate, Tier
from kwtsms_sandbox.slack.workflow_steps import Step, StepState
from kwtsms_sandbox.slack.workspace import Manifest

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
