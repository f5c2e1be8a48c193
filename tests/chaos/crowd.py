"""People who type `/sms send`, and workflows that send alerts; what each of them was told."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from chaos.evidence import Asked, Told
from kwtsms_bot.commands.failures import BROKE_OFF
from kwtsms_bot.slack.app import STILL_AT_IT
from kwtsms_sandbox.slack import Interaction, SlackSandbox
from kwtsms_sandbox.slack.demo import OPS, SARA, YOUSEF
from kwtsms_sandbox.slack.steps import Step, StepState

PEOPLE = (SARA, YOUSEF)  # Their Slack is English, and the judge reads no Arabic.
POPULAR = tuple(f"9655000000{digit}" for digit in range(8))  # Written to more than once.
STEPS = {
    StepState.COMPLETED: Told.ACCEPTED,
    StepState.FAILED: Told.REFUSED,
    StepState.RUNNING: Told.WAITING,
}
MAX_TRIES = 20  # Of one command whose acknowledgement never came.


@dataclass(frozen=True, slots=True)
class Order:
    """A message to be asked for."""

    text: str
    numbers: tuple[str, ...]
    again: bool  # Slack delivers it a second time though it was acknowledged.
    alert: bool = False  # It comes from a workflow's step.


def orders(count: int, name: str, chance: Random) -> Iterator[Order]:
    """So many messages; nearly all to numbers that nobody else writes to."""
    for number in range(count):
        size = chance.choices((1, 3), (85, 15))[0]
        numbers = tuple(f"9656{number:05d}{place:02d}" for place in range(size))
        if number % 100 == 50:
            numbers = (POPULAR[number // 100 % len(POPULAR)],)
        again, alert = chance.random() < 0.1, chance.random() < 0.25
        yield Order(f"{name} {number}", numbers, again=again, alert=alert)


class Crowd:
    """Types orders, several people at once."""

    def __init__(self, slack: SlackSandbox, chance: Random, *, at_once: int = 12) -> None:
        self._slack, self._chance = slack, chance
        self._free = asyncio.Semaphore(at_once)
        self.asked: list[Asked] = []

    async def ask_all(self, wanted: Iterator[Order], *, per_second: float) -> None:
        """Types all of them, at about this rate; returns when each was answered or given up."""
        async with asyncio.TaskGroup() as group:
            for order in wanted:
                await self._free.acquire()
                group.create_task(self._ask(order))
                await asyncio.sleep(self._chance.expovariate(per_second))

    async def _ask(self, order: Order) -> None:
        try:
            self.asked.append(await self.ask(order))
        finally:
            self._free.release()

    async def ask(self, order: Order) -> Asked:
        """Types one, and lets Slack deliver it again until there is an answer."""
        step, told = await self._begin(order)
        for _ in range(MAX_TRIES):
            if told.acked:
                break
            await self._somebody_is_there()
            told = await self._slack.redeliver(told)
        if order.again and self._heard(told, step)[0] is Told.ACCEPTED:
            second = await self._slack.redeliver(told)
            told = second if second.acked else told
        return self._remembered(order, told, step)

    async def ask_once(self, order: Order) -> Asked:
        """Types one, and leaves it at that."""
        step, told = await self._begin(order)
        return self._remembered(order, told, step)

    async def _begin(self, order: Order) -> tuple[Step | None, Interaction]:
        who, numbers = self._chance.choice(PEOPLE), ",".join(order.numbers)
        if order.alert:
            inputs = {"numbers": numbers, "text": order.text, "user": who.id}
            return await self._slack.run_step("send_sms", inputs)
        line = f"send {numbers} {order.text}"
        return None, await self._slack.command(who, OPS, "/sms", line)

    def _remembered(self, order: Order, told: Interaction, step: Step | None) -> Asked:
        return Asked(order.text, order.numbers, *self._heard(told, step))

    def _heard(self, told: Interaction, step: Step | None) -> tuple[Told, str]:
        if step is None or not told.acked:
            return heard(told), words(told)
        ended = self._slack.step(step.id)
        return STEPS[ended.state], ended.error or ""

    async def _somebody_is_there(self) -> None:
        sockets = self._slack.sockets
        await self._slack.until(lambda: sockets.connections, timeout=60, what="a bot")


def heard(told: Interaction) -> Told:
    """What an acknowledgement means to the person."""
    if not told.acked or any(open_ in words(told) for open_ in (STILL_AT_IT, BROKE_OFF)):
        return Told.NOTHING
    return Told.REFUSED if told.ack else Told.ACCEPTED


def words(told: Interaction) -> str:
    """What came with it."""
    return str(told.ack.get("text", "")) if told.ack else ""
