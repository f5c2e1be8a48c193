"""chat.*: posts, changes and deletes the bot's messages.

https://docs.slack.dev/reference/methods?family=chat
"""

from kwtsms_sandbox.slack.errors import Refused
from kwtsms_sandbox.slack.message_content import Content, read_content
from kwtsms_sandbox.slack.messages import Message, Via
from kwtsms_sandbox.slack.models import BOT_USER_ID, Channel, ChannelKind, Json
from kwtsms_sandbox.slack.payloads import message_payload
from kwtsms_sandbox.slack.web.request import Call
from kwtsms_sandbox.slack.workspace import Workspace

MAX_UPDATE = 4_000  # chat.update refuses longer text: msg_too_long


def post_message(space: Workspace, call: Call) -> Json:
    """Answers chat.postMessage."""
    channel = resolve_post_channel(space, call)
    content = require_content(call.args)
    thread = call.text("thread_ts") or None
    message = space.timeline.post(channel.id, BOT_USER_ID, content, via=Via.POST, thread_ts=thread)
    return {"channel": channel.id, "ts": message.ts, "message": message_payload(message)}


def post_ephemeral(space: Workspace, call: Call) -> Json:
    """Answers chat.postEphemeral; the user must be in the channel."""
    channel = resolve_post_channel(space, call)
    user = space.directory.users.get(call.require("user"))
    if user is None:
        raise Refused("user_not_found")
    if user.id not in channel.members:
        raise Refused("user_not_in_channel")
    message = space.timeline.post(
        channel.id, BOT_USER_ID, require_content(call.args), via=Via.EPHEMERAL, ephemeral_to=user.id
    )
    return {"message_ts": message.ts}


def update(space: Workspace, call: Call) -> Json:
    """Answers chat.update: changes the bot's own, lasting messages only.

    Text without blocks removes the blocks; attachments stay until others are given.
    """
    before = find_own_message(space, call, "cant_update_message")
    content = require_content({"attachments": list(before.attachments), **_kept_text(before, call)})
    if len(content.text) > MAX_UPDATE:
        raise Refused("msg_too_long")
    after = space.timeline.change(before.ts, content, marked=not content.blocks)
    facts = {"channel": after.channel, "ts": after.ts, "text": after.text}
    return {**facts, "message": message_payload(after)}


def _kept_text(before: Message, call: Call) -> Json:
    return {"text": before.text, **call.args} if "blocks" in call.args else call.args


def delete(space: Workspace, call: Call) -> Json:
    """Answers chat.delete."""
    message = find_own_message(space, call, "cant_delete_message")
    space.timeline.delete(message.ts)
    return {"channel": message.channel, "ts": message.ts}


def resolve_post_channel(space: Workspace, call: Call) -> Channel:
    """Returns the channel if the bot may post there; a user id means the direct message."""
    ref = call.require("channel")
    if ref in space.directory.users:
        return space.directory.dm(ref)
    channel = space.directory.find_channel(ref)
    if channel is None:
        raise Refused("channel_not_found")
    if channel.is_archived:
        raise Refused("is_archived")
    if not space.bot_is_in(channel) and not _may_post_outside(space, channel):
        hidden = channel.kind is not ChannelKind.PUBLIC
        raise Refused("channel_not_found" if hidden else "not_in_channel")
    return channel


def _may_post_outside(space: Workspace, channel: Channel) -> bool:
    scopes = space.manifest.scopes or frozenset()
    return channel.kind is ChannelKind.PUBLIC and "chat:write.public" in scopes


def find_own_message(space: Workspace, call: Call, foreign: str) -> Message:
    """Returns the bot's own, lasting message that the call names."""
    channel = space.directory.channels.get(call.require("channel"))
    if channel is None:
        raise Refused("channel_not_found")
    message = space.timeline.find(channel.id, call.require("ts"))
    if message is None or message.ephemeral_to:
        raise Refused("message_not_found")
    if message.user != BOT_USER_ID:
        raise Refused(foreign)
    if channel.is_archived:
        raise Refused("is_archived")
    return message


def require_content(args: Json) -> Content:
    """Returns the content; refused if it is empty."""
    content = read_content(args)
    if content.is_empty:
        raise Refused("no_text")
    return content
