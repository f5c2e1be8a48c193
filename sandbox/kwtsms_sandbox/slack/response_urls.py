"""response_url: up to five answers to one interaction, within half an hour.

A command's response_url only ever adds messages; that of a button may also replace or delete the
message that contains the button.
https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
"""

import secrets
from dataclasses import dataclass, replace

from kwtsms_sandbox.clock import Clock
from kwtsms_sandbox.slack.errors import Refused
from kwtsms_sandbox.slack.message_content import Content
from kwtsms_sandbox.slack.messages import Timeline, Via
from kwtsms_sandbox.slack.models import BOT_USER_ID, Json

MAX_USES = 5
MAX_SECONDS = 30 * 60.0


@dataclass(frozen=True, slots=True)
class ResponseUrl:
    """Issued response_url: its user, its channel and the message that it may replace."""

    id: str
    user: str
    channel: str
    issued: float
    source: str | None = None
    uses: int = 0


class ResponseUrls:
    """All issued response_urls."""

    def __init__(self, timeline: Timeline, clock: Clock) -> None:
        self._timeline = timeline
        self._clock = clock
        self._urls: dict[str, ResponseUrl] = {}

    def issue(self, user: str, channel: str, *, source: str | None = None) -> str:
        """Issues a response_url and returns its path; `source` is the message that was used."""
        url = ResponseUrl(secrets.token_urlsafe(18), user, channel, self._clock.monotonic(), source)
        self._urls[url.id] = url
        return f"/{'actions' if source else 'commands'}/{url.id}"

    def use(self, url_id: str) -> ResponseUrl:
        """Counts one use and returns the response_url; refused if unknown, used up or expired."""
        url = self._urls.get(url_id)
        if url is None:
            raise Refused("no_service")
        if url.uses >= MAX_USES:
            raise Refused("used_url")
        if self._clock.monotonic() - url.issued > MAX_SECONDS:
            raise Refused("expired_url")
        self._urls[url_id] = replace(url, uses=url.uses + 1)
        return url

    def answer(self, url: ResponseUrl, body: Json, content: Content) -> None:
        """Posts, replaces or deletes a message, as the body requests."""
        source = url.source and self._timeline.find(url.channel, url.source)
        if _is_true(body, "delete_original"):
            if source:
                self._timeline.delete(source.ts)
            return
        if content.is_empty:
            raise Refused("no_text")
        if source and _replaces(body):
            self._timeline.change(source.ts, content, marked=False)
            return
        to = None if body.get("response_type") == "in_channel" else url.user
        thread = body.get("thread_ts") or None
        self._timeline.post(
            url.channel,
            BOT_USER_ID,
            content,
            via=Via.RESPONSE_URL,
            ephemeral_to=to,
            thread_ts=thread,
        )


def _is_true(body: Json, name: str) -> bool:
    return body.get(name) in (True, "true")


def _replaces(body: Json) -> bool:
    # By default a button's own message is replaced, unless `response_type` is set. An app should
    # always set `replace_original`.
    if "replace_original" in body:
        return _is_true(body, "replace_original")
    return "response_type" not in body
