"""Several things at once, from asyncio: one client, which keeps the pace for all of them.

python examples/with_asyncio.py +96598765432 +96551234567
"""

import asyncio
import sys

from kwtsms_client import AsyncClient


async def main(*numbers: str) -> int:
    """Asks for the account's facts, then sends to all numbers side by side."""
    async with AsyncClient.from_env() as sms:
        balance, senders = await asyncio.gather(sms.balance(), sms.senderids())
        results = await asyncio.gather(
            *(sms.send(number, f"Hello, {number[-4:]}", deadline=30) for number in numbers)
        )
    print(f"{balance.available} credits, sender IDs: {', '.join(senders)}")
    for result in results:
        print([f"{one.recipient}: {one.outcome}" for one in result.recipients])
    return 0 if all(result.ok for result in results) else 1


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(asyncio.run(main(*sys.argv[1:])))
