"""Handles an app's acknowledgement as Slack does: shows it, closes the form or reports failure."""

from dataclasses import replace
from typing import Any

from kwtsms_sandbox.slack.envelopes import EnvelopeKind, Interaction
from kwtsms_sandbox.slack.errors import Refused
from kwtsms_sandbox.slack.message_content import Content, read_content
from kwtsms_sandbox.slack.messages import Via
from kwtsms_sandbox.slack.models import BOT_USER_ID, SLACKBOT_ID, Json
from kwtsms_sandbox.slack.views import View
from kwtsms_sandbox.slack.workspace import Workspace

FORM_ERROR = "We had some trouble connecting. Try again?"


def handle_ack(space: Workspace, interaction: Interaction) -> Interaction:
    """Applies the acknowledgement, and returns the interaction as it ended for the user."""
    try:
        if interaction.envelope.kind is EnvelopeKind.COMMAND:
            _after_command(space, interaction)
        elif interaction.payload.get("type") == "view_submission":
            _after_submission(space, interaction)
    except Refused as refusal:
        reply = replace(interaction.reply, error=refusal.code)
        return replace(interaction, reply=reply)
    return interaction


def _after_command(space: Workspace, interaction: Interaction) -> None:
    payload = interaction.payload
    channel, user = payload["channel_id"], payload["user_id"]
    if interaction.error:
        text = f"{payload['command']} failed with the error “{interaction.error}”"
        failure = Content(text)
        space.timeline.post(channel, SLACKBOT_ID, failure, via=Via.SLACK, ephemeral_to=user)
        return
    ack = interaction.ack or {}
    content = read_content(ack)
    if content.is_empty:
        return
    in_channel = ack.get("response_type") == "in_channel"
    to = None if in_channel else user
    if in_channel:  # Slack shows what was typed in this case only.
        typed = Content(f"{payload['command']} {payload['text']}".strip())
        space.timeline.post(channel, user, typed, via=Via.PERSON)
    space.timeline.post(channel, BOT_USER_ID, content, via=Via.ACK, ephemeral_to=to)


def _after_submission(space: Workspace, interaction: Interaction) -> None:
    view = space.modals.find(interaction.payload["view"]["id"])
    if view is None:
        return
    try:
        _apply_response_action(space, view, interaction)
    except Refused:
        space.modals.replace(replace(view, error_text=FORM_ERROR))
        raise


def _apply_response_action(space: Workspace, view: View, interaction: Interaction) -> None:
    if interaction.error:
        raise Refused(interaction.error)
    ack = interaction.ack or {}
    action = ack.get("response_action")
    if action is None:
        space.modals.close(view)
    elif action == "clear":
        space.modals.clear(view.user)
    elif action == "update":
        space.modals.update(view.id, ack.get("view"))
    elif action == "push":
        space.modals.push_for(view.user, ack.get("view"))
    elif action == "errors":
        space.modals.replace(replace(view, errors=_errors(view, ack), error_text=None))
    else:
        raise Refused("invalid_response_action")


def _errors(view: View, ack: Json) -> dict[str, Any]:
    """Returns the errors; they may be pinned to input blocks of this view only."""
    errors = ack.get("errors")
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not errors.keys() <= inputs:
        raise Refused("invalid_response_errors")
    return errors
