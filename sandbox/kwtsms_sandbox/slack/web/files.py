"""files.getUploadURLExternal and files.completeUploadExternal: a file in three steps."""

from typing import Any

from kwtsms_sandbox.slack.errors import Refused
from kwtsms_sandbox.slack.message_content import Content
from kwtsms_sandbox.slack.messages import Via
from kwtsms_sandbox.slack.models import BOT_USER_ID, Json
from kwtsms_sandbox.slack.web.chat import resolve_post_channel
from kwtsms_sandbox.slack.web.request import Call
from kwtsms_sandbox.slack.workspace import Workspace


def get_upload_url(space: Workspace, call: Call) -> Json:
    """Answers files.getUploadURLExternal: returns the address for the bytes."""
    length = call.require("length")
    if not length.isdecimal() or int(length) < 1:
        raise Refused("invalid_arguments")
    file = space.files.expect(call.require("filename"), int(length))
    return {"upload_url": f"{space.url}/upload/{file.id}", "file_id": file.id}


def complete_upload(space: Workspace, call: Call) -> Json:
    """Answers files.completeUploadExternal: completes files, and posts them to a given channel."""
    requested: list[Any] = call.args.get("files") or []
    if not requested:
        raise Refused("invalid_arguments")
    channel = resolve_post_channel(space, _with_channel(call)) if call.text("channel_id") else None
    files = [space.files.complete(file["id"], file.get("title")) for file in requested]
    if channel:
        space.timeline.post(
            channel.id,
            BOT_USER_ID,
            Content(call.text("initial_comment")),
            via=Via.POST,
            thread_ts=call.text("thread_ts") or None,
            files=[file.id for file in files],
        )
    return {"files": [file.payload(space.url) for file in files]}


def _with_channel(call: Call) -> Call:
    return Call(call.method, {**call.args, "channel": call.args["channel_id"]})
