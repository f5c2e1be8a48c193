"""Responds to submitted forms within Slack's limit; a late response replaces a waiting view."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import structlog
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_bot.commands.base import CommandRequest, Reply
from kwtsms_bot.i18n.translator import Language
from kwtsms_bot.outbox.intake.draft import new_token
from kwtsms_bot.slack import blocks
from kwtsms_bot.slack.errors import SLACK_ERRORS, error_name
from kwtsms_bot.slack.modals import views
from kwtsms_bot.slack.modals.views import View
from kwtsms_bot.slack.replies import ReplySender

ANSWER_SECONDS = 2.0
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ModalResponse:
    """The response to a submitted form; `reply` is for a user who has closed the form."""

    payload: dict[str, Any]
    request: CommandRequest
    reply: Reply | None = None


class FormResponder:
    """Responds to a form of this title; `done` is what a late form says if it was accepted."""

    def __init__(
        self, client: AsyncWebClient, reply_sender: ReplySender, *, title: str, done: str
    ) -> None:
        self._client, self._reply_sender = client, reply_sender
        self._title, self._done = title, done

    async def respond_in_time(
        self, ack: AsyncAck, say: Language, work: Callable[[], Awaitable[ModalResponse]]
    ) -> None:
        """Responds with the result of `work`, or shows that it takes longer."""
        task = asyncio.ensure_future(work())
        done, _ = await asyncio.wait({task}, timeout=ANSWER_SECONDS)
        if done:
            await ack(**task.result().payload)
            return
        external_id = new_token()
        view = views.waiting_view(external_id, say(self._title), say)
        await ack(response_action="push", view=view)
        await self._show_late_response(await task, external_id)

    async def _show_late_response(self, response: ModalResponse, external_id: str) -> None:
        """Shows a late response; sends it as a direct message if the form was closed meanwhile."""
        view = response.payload.get("view") or self._sentence_view(response)
        try:
            await self._client.views_update(external_id=external_id, view=view)
        except SLACK_ERRORS as error:
            log.warning("form not brought up to date", error=error_name(error))
            if response.reply is not None:
                payload = blocks.reply(response.reply, response.request.say)
                await self._reply_sender.send_dm_payload(response.request.person.user, payload)

    def _sentence_view(self, response: ModalResponse) -> View:
        """Returns a view with the field errors of a late response, or that it was accepted."""
        say = response.request.say
        errors = " ".join((response.payload.get("errors") or {}).values())
        return views.sentence_view(errors or say(self._done), say(self._title), say)
