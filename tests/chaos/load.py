"""The load: people who type `/sms send`, workflows that send alerts, and the replies to both."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from chaos.evidence import AckOutcome, Submission
from kwtsms_bot.commands.error_replies import COMMIT_UNKNOWN
from kwtsms_bot.slack.listeners import STILL_WORKING
from kwtsms_sandbox.slack import Interaction, SlackSandbox
from kwtsms_sandbox.slack.demo_workspace import OPS, SARA, YOUSEF
from kwtsms_sandbox.slack.workflow_steps import Step, StepState

PEOPLE = (SARA, YOUSEF)  # Their Slack is English, because the checker reads no Arabic.
POPULAR = tuple(f"9655000000{digit}" for digit in range(8))  # Numbers that get several messages.
STEP_OUTCOMES = {
    StepState.COMPLETED: AckOutcome.ACCEPTED,
    StepState.FAILED: AckOutcome.REFUSED,
    StepState.RUNNING: AckOutcome.WAITING,
}
MAX_TRIES = 20  # Deliveries of a command without acknowledgement.


@dataclass(frozen=True, slots=True)
class PlannedMessage:
    """A message that a person or workflow will submit."""

    text: str
    numbers: tuple[str, ...]
    redeliver: bool  # Slack redelivers it although it was acknowledged.
    by_workflow: bool = False  # Submitted by a workflow step.


def planned_messages(count: int, name: str, rng: Random) -> Iterator[PlannedMessage]:
    """Yields `count` messages, nearly all to numbers that get no other."""
    for number in range(count):
        size = rng.choices((1, 3), (85, 15))[0]
        numbers = tuple(f"9656{number:05d}{position:02d}" for position in range(size))
        if number % 100 == 50:
            numbers = (POPULAR[number // 100 % len(POPULAR)],)
        redeliver, by_workflow = rng.random() < 0.1, rng.random() < 0.25
        yield PlannedMessage(
            f"{name} {number}", numbers, redeliver=redeliver, by_workflow=by_workflow
        )


class LoadGenerator:
    """A generator of concurrent commands and workflow steps."""

    def __init__(self, slack: SlackSandbox, rng: Random, *, at_once: int = 12) -> None:
        self._slack, self._rng = slack, rng
        self._semaphore = asyncio.Semaphore(at_once)
        self.submissions: list[Submission] = []

    async def send_all(self, messages: Iterator[PlannedMessage], *, per_second: float) -> None:
        """Submits all messages at about this rate; returns once each is answered or given up."""
        async with asyncio.TaskGroup() as group:
            for message in messages:
                await self._semaphore.acquire()
                group.create_task(self._send_and_record(message))
                await asyncio.sleep(self._rng.expovariate(per_second))

    async def _send_and_record(self, message: PlannedMessage) -> None:
        try:
            self.submissions.append(await self.send(message))
        finally:
            self._semaphore.release()

    async def send(self, message: PlannedMessage) -> Submission:
        """Submits a message, with redeliveries until it is acknowledged."""
        step, interaction = await self._submit(message)
        for _ in range(MAX_TRIES):
            if interaction.acked:
                break
            await self._wait_for_bot()
            interaction = await self._slack.redeliver(interaction)
        if message.redeliver and self._outcome(interaction, step)[0] is AckOutcome.ACCEPTED:
            second = await self._slack.redeliver(interaction)
            interaction = second if second.acked else interaction
        return self._submission(message, interaction, step)

    async def send_once(self, message: PlannedMessage) -> Submission:
        """Submits a message without redelivery."""
        step, interaction = await self._submit(message)
        return self._submission(message, interaction, step)

    async def _submit(self, message: PlannedMessage) -> tuple[Step | None, Interaction]:
        author, numbers = self._rng.choice(PEOPLE), ",".join(message.numbers)
        if message.by_workflow:
            inputs = {"numbers": numbers, "text": message.text, "user": author.id}
            return await self._slack.run_step("send_sms", inputs)
        line = f"send {numbers} {message.text}"
        return None, await self._slack.command(author, OPS, "/sms", line)

    def _submission(
        self, message: PlannedMessage, interaction: Interaction, step: Step | None
    ) -> Submission:
        return Submission(message.text, message.numbers, *self._outcome(interaction, step))

    def _outcome(self, interaction: Interaction, step: Step | None) -> tuple[AckOutcome, str]:
        if step is None or not interaction.acked:
            return ack_outcome(interaction), ack_text(interaction)
        final_step = self._slack.step(step.id)
        return STEP_OUTCOMES[final_step.state], final_step.error or ""

    async def _wait_for_bot(self) -> None:
        sockets = self._slack.sockets
        await self._slack.until(lambda: sockets.connections, timeout=60, what="a bot")


def ack_outcome(interaction: Interaction) -> AckOutcome:
    """The outcome of an acknowledgement for the person."""
    if not interaction.acked or any(
        open_ in ack_text(interaction) for open_ in (STILL_WORKING, COMMIT_UNKNOWN)
    ):
        return AckOutcome.NOTHING
    return AckOutcome.REFUSED if interaction.ack else AckOutcome.ACCEPTED


def ack_text(interaction: Interaction) -> str:
    """The text of an acknowledgement."""
    return str(interaction.ack.get("text", "")) if interaction.ack else ""
