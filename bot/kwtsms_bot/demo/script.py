"""The steps of a scripted demo: commands typed in Slack, and alerts that tools post."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from kwtsms_bot.bridge.store.progress import NotificationProgress, load_progress
from kwtsms_bot.cli.bridge.endpoint_client import EndpointAnswer
from kwtsms_bot.cli.bridge.request_file import RecordedRequest
from kwtsms_bot.commands.status_text import PENDING_STATES, STATE_TEXTS
from kwtsms_bot.database import Database, open_database
from kwtsms_bot.demo.alert_tools import AlertTools
from kwtsms_bot.demo.environment import LocalEnvironment
from kwtsms_bot.i18n.translator import LANGUAGES, language
from kwtsms_sandbox.gateway import Sms
from kwtsms_sandbox.slack import Channel, Message, User
from kwtsms_sandbox.slack.demo_workspace import ALERTS, OPS

SETTLE_SECONDS = 10.0  # For the replies to a command.
NOTIFY_SECONDS = 30.0  # For what an alert is to bring, or for a reason why it waits.
CARD_SECONDS = 5.0  # Then, for its card.
POLL_SECONDS = 0.1
IN_PROGRESS = tuple(
    language(code)(STATE_TEXTS[state]).casefold() for code in LANGUAGES for state in PENDING_STATES
)


@dataclass(frozen=True, slots=True)
class CommandStep:
    """A line to type in Slack."""

    line: str


@dataclass(frozen=True, slots=True)
class PostStep:
    """A request to post as a tool of this kind would."""

    kind: str
    request: RecordedRequest


ScriptStep = CommandStep | PostStep


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """The result of one step: what its user sees in the end, and new SMS."""

    title: str
    facts: Mapping[str, Any] = field(repr=False)  # That identify the step for programs.
    replies: tuple[str, ...]
    phone: tuple[Sms, ...]
    waiting: int | None = None  # Notifications that wait for their slot; None: of no alert.

    def as_json(self) -> str:
        """Returns one line, for programs."""
        phone = [{"to": one.to, "from": one.sender, "text": one.text} for one in self.phone]
        waiting = {} if self.waiting is None else {"waiting": self.waiting}
        result = {**self.facts, "replies": self.replies, "phone": phone, **waiting}
        return json.dumps(result, ensure_ascii=False)

    def as_text(self) -> str:
        """Returns some lines, for people."""
        lines = [f"> {self.title}"]
        for reply in self.replies:
            lines += ["", *(f"  {line}" for line in reply.splitlines())]
        for sms in self.phone:
            lines += ["", f"  [phone {sms.to}] {sms.sender}: {sms.text}"]
        if self.waiting:
            lines += ["", f"  Waiting for their turn: {self.waiting}"]
        return "\n".join(lines) + "\n"


async def run_script(
    environment: LocalEnvironment, tools: AlertTools, script: Iterable[ScriptStep], person: User
) -> AsyncIterator[StepResult]:
    """Takes the steps one after the other, and yields their results.

    Raises:
        AlertsNotSent: the bot does not accept alerts.
        DatabaseError: the bot's database can't be read.
    """
    for step in script:
        match step:
            case CommandStep(line):
                yield await _run_command(environment, line, person)
            case PostStep():
                yield await _post_alerts(environment, tools, step, person)


async def _run_command(environment: LocalEnvironment, line: str, person: User) -> StepResult:
    """Types `line` in #ops and returns the result, once settled or after ten seconds."""
    slash, _, text = line.strip().partition(" ")
    before = {message.ts for message in environment.slack.visible(person, OPS)}
    received = len(_received_messages(environment))
    done = await environment.slack.command(person, OPS, slash, text)
    facts = {"command": line}
    if done.error:
        failure = f"Slack: {slash} failed with the error “{done.error}”."
        return StepResult(title=line, facts=facts, replies=(failure,), phone=())

    def new_messages() -> list[Message]:
        return [one for one in environment.slack.visible(person, OPS) if one.ts not in before]

    with suppress(TimeoutError):  # The replies so far are shown.
        await environment.slack.until(
            lambda: _is_settled(environment, new_messages()), timeout=SETTLE_SECONDS
        )
    replies = tuple(environment.slack.plain(message) for message in new_messages())
    phone = tuple(_received_messages(environment)[received:])
    return StepResult(title=line, facts=facts, replies=replies, phone=phone)


async def _post_alerts(
    environment: LocalEnvironment, tools: AlertTools, step: PostStep, person: User
) -> StepResult:
    """Posts a request and returns the result, once nothing is about to be sent any more."""
    before = _shown_texts(environment, person, ALERTS)
    received = len(_received_messages(environment))
    answer = await tools.post(step.kind, step.request)
    progress = await _wait_until_settled(environment.config.outbox.database)
    shown = _shown_texts(environment, person, ALERTS)
    return StepResult(
        title=_summary(step.kind, answer),
        facts={"post": step.kind, "status": answer.status, "answer": answer.content},
        replies=tuple(text for ts, text in shown.items() if before.get(ts) != text),
        phone=tuple(_received_messages(environment)[received:]),
        waiting=progress.waiting,
    )


async def _wait_until_settled(url: str) -> NotificationProgress:
    """Waits until each notification is at its end or waits, and the cards say so."""
    database = await open_database(url)
    try:
        with suppress(TimeoutError):  # What there is so far is shown.
            await _wait_for(database, lambda now: not now.in_progress, NOTIFY_SECONDS)
            await _wait_for(database, lambda now: not now.outdated_cards, CARD_SECONDS)
        return await load_progress(database)
    finally:
        await database.close()


async def _wait_for(
    database: Database, is_done: Callable[[NotificationProgress], bool], seconds: float
) -> None:
    async with asyncio.timeout(seconds):
        while not is_done(await load_progress(database)):  # noqa: ASYNC110 - It signals nothing.
            await asyncio.sleep(POLL_SECONDS)


def _summary(kind: str, answer: EndpointAnswer) -> str:
    content = answer.content if isinstance(answer.content, dict) else {}
    count = len(content.get("alerts") or ())
    counted = f"{count} alert{'' if count == 1 else 's'}"
    result = content.get("error") or content.get("message") or counted
    return f"{kind}: {answer.status} ({result})"


def _is_settled(environment: LocalEnvironment, messages: list[Message]) -> bool:
    titles = [environment.slack.plain(one).partition("\n")[0].casefold() for one in messages]
    return bool(titles) and not any(text in title for text in IN_PROGRESS for title in titles)


def _shown_texts(environment: LocalEnvironment, person: User, where: Channel) -> dict[str, str]:
    """Returns the texts that a person sees in a channel, by their timestamps."""
    visible = environment.slack.visible(person, where)
    return {message.ts: environment.slack.plain(message) for message in visible}


def _received_messages(environment: LocalEnvironment) -> list[Sms]:
    """Returns the messages that all phones have received, in order."""
    phones = environment.gateway.inboxes().values()
    return sorted((sms for phone in phones for sms in phone), key=lambda sms: sms.at)
