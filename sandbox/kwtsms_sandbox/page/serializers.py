"""Facts of both services as JSON values for the browser. Pure; decides nothing."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from kwtsms_sandbox.gateway import Entry, LoggedRequest, Sms
from kwtsms_sandbox.gateway.content import pages
from kwtsms_sandbox.page.command_history import TypedLine
from kwtsms_sandbox.slack import TEAM_ID, Channel, ChannelKind, Message, User, View
from kwtsms_sandbox.slack.files import File
from kwtsms_sandbox.slack.messages import Via
from kwtsms_sandbox.slack.shortcodes import to_emoji

Json = dict[str, Any]

MAX_SHOWN = 120  # Characters of a value that some client sent.
MIN_MASKED = 7  # Shorter numbers are masked whole.
MAX_NUMBERS = 2  # Of a request; the others are counted.
MAX_ID = 8  # Characters of a message id.


def person(user: User, role: str = "") -> Json:
    """The JSON of a user; `role` is what the app lets them do."""
    return {
        "id": user.id,
        "name": user.name,
        "real_name": user.real_name,
        "is_bot": user.is_bot,
        "standing": role or _membership(user),
        "language": user.locale.partition("-")[0],
    }


def _membership(user: User) -> str:
    if user.team_id != TEAM_ID:
        return "partner"
    if user.is_restricted:
        return "guest"
    return "admin" if user.is_admin else ""


def channel(place: Channel) -> Json:
    """The JSON of a channel."""
    is_dm = place.kind is ChannelKind.DM
    return {"id": place.id, "name": place.name, "is_dm": is_dm, "is_shared": place.is_ext_shared}


def message(shown: Message, files: Iterable[File]) -> Json:
    """The JSON of a message, with its blocks as the app sent them."""
    return {
        "ts": shown.ts,
        "channel": shown.channel,
        "user": shown.user,
        "text": to_emoji(shown.text) if shown.via is Via.PERSON else shown.text,
        "blocks": list(shown.blocks),
        "attachments": list(shown.attachments),
        "is_ephemeral": shown.ephemeral_to is not None,
        "thread_ts": shown.thread_ts,
        "is_edited": shown.edited,
        "revision": shown.revision,
        "files": [{"id": file.id, "name": file.name, "bytes": file.length} for file in files],
    }


def view(shown: View) -> Json:
    """The JSON of a form or a Home view, with the values of its fields."""
    return {
        "id": shown.id,
        "hash": shown.hash,
        "title": shown.title,
        "blocks": list(shown.blocks),
        "submit": shown.body.get("submit"),
        "close": shown.body.get("close"),
        "values": shown.values,
        "errors": dict(shown.errors),
        "trouble": shown.error_text,
    }


def line(typed: TypedLine) -> Json:
    """The JSON of a typed command, with the time the app took to acknowledge it."""
    duration_ms = None if typed.duration is None else round(typed.duration * 1000)
    return {
        "number": typed.number,
        "ts": typed.ts,
        "channel": typed.channel,
        "text": typed.text,
        "took": duration_ms,
        "error": typed.error,
    }


def sms(received: Sms) -> Json:
    """The JSON of a text message on a phone."""
    return {
        "sender": received.sender,
        "text": received.text,
        "at": received.at.isoformat(),
        "pages": pages(received.text),
    }


def request(number: int, logged: LoggedRequest, at: datetime, entry: Entry | None) -> Json:
    """The JSON of a request to the gateway: no text, no whole number, no password."""
    return {
        "number": number,
        "at": at.isoformat(),
        "endpoint": logged.endpoint[:MAX_SHOWN],
        "about": summary(logged.payload or {}),
        "outcome": logged.outcome,
        "credits": str(entry.points) if entry else None,
        "state": entry.state if entry else None,
    }


def summary(payload: Mapping[str, Any]) -> Json:
    """The facts of a request that its line in the log needs."""
    numbers = str(payload.get("mobile", "")).split(",")
    return {
        "sender": str(payload.get("sender", ""))[:MAX_SHOWN],
        "to": [mask(number) for number in numbers[:MAX_NUMBERS]] if "mobile" in payload else [],
        "more": max(0, len(numbers) - MAX_NUMBERS),
        "length": len(str(payload["message"])) if "message" in payload else None,
        "message_id": str(payload.get("msgid", ""))[:MAX_ID],
        "is_test": str(payload.get("test")) == "1",
    }


def mask(number: str) -> str:
    """The masked number, with enough left to recognise it: 965•••••432."""
    digits = "".join(filter(str.isdigit, number))[:15]
    if len(digits) < MIN_MASKED:
        return "•" * max(len(digits), 1)
    return digits[:3] + "•" * (len(digits) - 6) + digits[-3:]
