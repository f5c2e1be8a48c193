"""The balance of a preview: the newest that anybody knows."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from kwtsms_bot.balance.rules import NoticeRules, Thresholds
from kwtsms_bot.commands import balance
from kwtsms_bot.commands.base import Invocation
from kwtsms_bot.commands.policy import Person
from kwtsms_bot.commands.send.build_preview import SendRequest, build_preview
from kwtsms_bot.commands.send.recipients import parse_list
from kwtsms_bot.i18n.translator import ENGLISH
from kwtsms_bot.kuwait_time import KUWAIT_TZ
from kwtsms_sandbox.slack import OPS, SARA
from support.bot import NUMBER, local_env, wait_for_text
from support.command_testbed import CommandTestbed, command_testbed
from support.database import AT

ACCESS = {"sender": {"users": [SARA.id]}}
REQUEST = Invocation(person=Person(SARA.id, OPS.id), say=ENGLISH, key="k", text="")
LEVELS = Thresholds(Decimal(200), Decimal(50), timedelta(days=1))


async def previewed(testbed: CommandTestbed) -> Decimal | None:
    """The balance of a preview."""
    line = parse_list(NUMBER, default_country="965")
    preview = await build_preview(testbed.context, REQUEST, SendRequest(line=line, text="hi"))
    return preview.balance


async def record_sample(testbed: CommandTestbed, available: int, age: timedelta) -> None:
    """Records a balance as another replica would."""
    samples = testbed.context.balance.samples
    await samples.record_sample(
        Decimal(available),
        AT - age,
        after=await samples.newest_sample_id(),
        rules=NoticeRules(LEVELS, KUWAIT_TZ),
        targets=(),
    )


async def test_a_preview_after_sends_has_what_they_left(tmp_path: Path) -> None:
    """The calls that were settled since the last poll count."""
    async with local_env(tmp_path) as env:
        await env.slack.command(SARA, OPS, "/sms", "balance")
        await wait_for_text(env, "1,000 credits left")
        for number in ("96590000001", "96590000002"):
            await env.slack.command(SARA, OPS, "/sms", f"send {number} hi")
            await wait_for_text(env, f"sent to 965•••••{number[-3:]}")
        await env.slack.until(lambda: len(env.gateway.ledger) == 2)
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} It’s down {'x' * 80}")
        shown = env.slack.plain(await wait_for_text(env, "998"))

        assert "1,000" not in shown


@pytest.mark.parametrize(
    ("asked", "sampled", "newest"),
    [
        (None, timedelta(minutes=5), 700),
        (timedelta(minutes=1), timedelta(minutes=5), 1000),
        (timedelta(minutes=9), timedelta(minutes=5), 700),
        (None, timedelta(days=2), None),
    ],
)
async def test_the_newest_balance_counts(
    tmp_path: Path, asked: timedelta | None, sampled: timedelta, newest: int | None
) -> None:
    """The balance of a command and that of a poll are compared by their times."""
    async with command_testbed(tmp_path, access=ACCESS) as testbed:
        await record_sample(testbed, 700, sampled)
        if asked is not None:
            await balance.run(testbed.context, REQUEST, "")
            _, available = testbed.context.asked_balance.newest or (AT, Decimal(0))
            testbed.context.asked_balance.newest = (AT - asked, available)

        assert await previewed(testbed) == newest
