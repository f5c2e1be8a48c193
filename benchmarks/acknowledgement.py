"""Times how fast the bot, in its own process, acknowledges commands, as Slack sees it.

    .venv/bin/python benchmarks/acknowledgement.py

A thousand commands within one second, and a hundred a second for ten seconds; each is durable
before its answer says that it was accepted. Some commands for warm-up are not counted: in its first
second a bot checks the balance, compiles its statements and collects garbage. Medians of five
rounds.
"""

import asyncio
import gc
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from kwtsms_sandbox.slack import OPS, SARA
from support.bot import BotProcess, local_env

ROUNDS = 5
NO_LIMITS = {"messages_per_hour": 10**6, "per_number_per_hour": 10**6, "credits_per_day": 10**6}
FIRST = 50
LOADS = ((1000, 1.0), (1000, 10.0))


async def measure(count: int, seconds: float, folder: Path) -> list[float]:
    """The seconds that each command waited for its acknowledgement, shortest first."""
    async with local_env(folder, limits=NO_LIMITS) as environment:
        await environment.stop_bot()
        bot = BotProcess(environment)
        await bot.start()
        for number in range(FIRST):
            await environment.slack.command(SARA, OPS, "/sms", f"send {96550000000 + number} first")
        gc.collect()
        gc.disable()  # Only the bot is measured, in its own process.

        async def send(number: int) -> float:
            await asyncio.sleep(number * seconds / count)
            text = f"send {96590000000 + number} message {number}"
            done = await environment.slack.command(SARA, OPS, "/sms", text)
            assert done.error is None  # noqa: S101 - What is timed has to be right.
            return done.duration or 0.0

        durations = await asyncio.gather(*(send(number) for number in range(count)))
        gc.enable()
        await bot.kill()
        return sorted(durations)


def main() -> None:
    """Measures and prints."""
    print("| commands | within | median, ms | p99, ms | slowest, ms |\n|---|---|---|---|---|")
    for count, seconds in LOADS:
        rows = []
        for _ in range(ROUNDS):
            with tempfile.TemporaryDirectory() as folder:
                durations = asyncio.run(measure(count, seconds, Path(folder)))
            rows.append((durations[count // 2], durations[count * 99 // 100], durations[-1]))
        figures = (f"{statistics.median(one) * 1000:.0f}" for one in zip(*rows, strict=True))
        print(f"| {count} | {seconds:.0f} s | {' | '.join(figures)} |")


if __name__ == "__main__":
    main()
