"""Builds the payloads that the app receives. Pure: ids and addresses are arguments.

https://docs.slack.dev/reference/interaction-payloads
"""

from typing import Any

from kwtsms_sandbox.slack.messages import Message
from kwtsms_sandbox.slack.models import (
    APP_ID,
    BOT_ID,
    BOT_USER_ID,
    Channel,
    ChannelKind,
    Json,
    Team,
    User,
)
from kwtsms_sandbox.slack.views import View
from kwtsms_sandbox.slack.workflow_steps import Step

VERIFICATION_TOKEN = "sandbox-verification-token"  # noqa: S105  deprecated by Slack, and no secret here


def message_payload(message: Message) -> dict[str, Any]:
    """The message as the Web API and interactions describe it."""
    by_bot = {"bot_id": BOT_ID} if message.user == BOT_USER_ID else {}
    thread = {"thread_ts": message.thread_ts} if message.thread_ts else {}
    return {
        "type": "message",
        "user": message.user,
        "ts": message.ts,
        "text": message.text,
        "blocks": list(message.blocks),
        "attachments": list(message.attachments),
        **by_bot,
        **thread,
    }


def command(user: User, channel: Channel, fields: Json) -> dict[str, Any]:
    """The payload of a slash command; `fields` has command, text, trigger_id and response_url."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": Team().id,
        "team_domain": Team().domain,
        "channel_id": channel.id,
        "channel_name": "directmessage" if channel.kind is ChannelKind.DM else channel.name,
        "user_id": user.id,
        "user_name": user.name,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        **fields,
    }


def global_shortcut(user: User, callback_id: str, trigger_id: str) -> dict[str, Any]:
    """The payload of a shortcut from the composer or the search."""
    return {**_by(user, "shortcut", trigger_id), "callback_id": callback_id}


def message_shortcut(
    user: User, message: Message, channel: Channel, fields: Json
) -> dict[str, Any]:
    """The payload of a message shortcut; `fields` has callback_id, trigger_id and response_url."""
    return {
        **_by(user, "message_action", fields["trigger_id"]),
        "message": message_payload(message),
        "message_ts": message.ts,
        "channel": _channel(channel),
        **fields,
    }


def message_actions(user: User, message: Message, channel: Channel, fields: Json) -> dict[str, Any]:
    """The payload of an action in a message; `fields`: actions, state, trigger_id, response_url."""
    container: dict[str, Any] = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": message.ephemeral_to is not None,
    }
    shown = {} if message.ephemeral_to else {"message": message_payload(message)}
    return {
        **_by(user, "block_actions", fields["trigger_id"]),
        "container": container,
        "channel": _channel(channel),
        **shown,
        **fields,
    }


def view_actions(user: User, view: View, fields: Json) -> dict[str, Any]:
    """The payload of an action in a modal or on App Home; `fields`: actions, trigger_id."""
    return {
        **_by(user, "block_actions", fields["trigger_id"]),
        "container": {"type": "view", "view_id": view.id},
        "view": view.payload(),
        **fields,
    }


def suggestion(user: User, view: View, where: tuple[str, str], typed: str) -> dict[str, Any]:
    """The payload of typing into an external select; `where` is its block and action id."""
    body = _by(user, "block_suggestion", "")
    del body["trigger_id"]
    field = dict(zip(("block_id", "action_id"), where, strict=True))
    container = {"type": "view", "view_id": view.id}
    return {**body, **field, "value": typed, "container": container, "view": view.payload()}


def submission(user: User, view: View, trigger_id: str) -> dict[str, Any]:
    """The payload of a submitted form."""
    return {
        **_by(user, "view_submission", trigger_id),
        "view": view.payload(),
        "response_urls": [],
    }


def closed(user: User, view: View, *, cleared: bool) -> dict[str, Any]:
    """The payload of a form closed by its x or by "Cancel"."""
    body = _by(user, "view_closed", "")
    del body["trigger_id"]
    return {**body, "view": view.payload(), "is_cleared": cleared}


def event(event_id: str, body: Json, at: int) -> dict[str, Any]:
    """The wrapper of an event."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": Team().id,
        "api_app_id": APP_ID,
        "event": body,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": at,
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": Team().id,
                "user_id": body.get("user", ""),
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
    }


def home_opened(user: User, channel: Channel, home: View | None, ts: str) -> dict[str, Any]:
    """The event app_home_opened."""
    view = {"view": home.payload()} if home else {}
    facts = {"type": "app_home_opened", "user": user.id, "channel": channel.id, "tab": "home"}
    return {**facts, "event_ts": ts, **view}


def function_executed(step: Step, ts: str) -> dict[str, Any]:
    """The event function_executed, with a token that is valid for this run only."""
    return {
        "type": "function_executed",
        "function": {"id": "Fn00SANDBX", "callback_id": step.callback_id, "type": "app"},
        "inputs": dict(step.inputs),
        "function_execution_id": step.id,
        "workflow_execution_id": "Wx" + step.id[2:],
        "event_ts": ts,
        "bot_access_token": step.token,
    }


def _by(user: User, kind: str, trigger_id: str) -> dict[str, Any]:
    return {
        "type": kind,
        "token": VERIFICATION_TOKEN,
        "trigger_id": trigger_id,
        "api_app_id": APP_ID,
        "team": {"id": Team().id, "domain": Team().domain},
        "enterprise": None,
        "is_enterprise_install": False,
        "user": {
            "id": user.id,
            "username": user.name,
            "name": user.name,
            "team_id": user.team_id,
        },
    }


def _channel(channel: Channel) -> dict[str, str]:
    name = "directmessage" if channel.kind is ChannelKind.DM else channel.name
    return {"id": channel.id, "name": name}
