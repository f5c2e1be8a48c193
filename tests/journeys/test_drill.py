"""A drill goes from the schedule to the phone, to the acknowledgement, and to its report."""

import re
from datetime import datetime
from pathlib import Path

from kwtsms_bot.commands import action_ids
from kwtsms_bot.config.on_call import WEEKDAYS
from kwtsms_bot.demo.bridge import TEAM, team_contacts
from kwtsms_bot.demo.environment import LocalEnvironment
from kwtsms_bot.demo.tour import config_overrides
from kwtsms_bot.kuwait_time import KUWAIT_TZ
from kwtsms_sandbox.slack import ALERTS, SARA, YOUSEF
from support.bot import local_env, wait_for_text

NUMBERS = {one["number"].removeprefix("+") for one in team_contacts().values()}
TEXT = re.compile(r"TEST Press Acknowledge in Slack by \d\d:\d\d\. (\w{5})")


async def texted_ref(env: LocalEnvironment) -> str:
    """Waits for the SMS of a drill on one phone; returns the reference in it."""
    await env.gateway.until(lambda: bool(env.gateway.ledger), timeout=30)
    (phone,) = NUMBERS & env.gateway.inboxes().keys()
    (sms,) = env.gateway.inboxes()[phone]
    found = TEXT.fullmatch(sms.text)
    assert found is not None
    return found[1]


async def acknowledge(env: LocalEnvironment, ref: str) -> None:
    """The person with the phone presses the button on the incident's card."""
    card = await wait_for_text(env, ref, where=ALERTS)
    await env.slack.press(SARA, card, action_ids.INCIDENT_ACKNOWLEDGE)


async def test_an_admin_drills_the_demo(tmp_path: Path) -> None:
    """The tour's last step: confirmed, on the phone of who is on call, acknowledged, reported."""
    async with local_env(tmp_path, **config_overrides("en")) as env:
        await env.slack.command(YOUSEF, ALERTS, "/sms", f"drill now {TEAM}")
        question = await env.slack.until(
            lambda: next(iter(env.slack.visible(YOUSEF, ALERTS)), None), timeout=10
        )
        before = list(env.gateway.ledger)
        await env.slack.press(YOUSEF, question, action_ids.DRILL_START)
        ref = await texted_ref(env)
        await acknowledge(env, ref)
        report = await wait_for_text(env, "Drill passed", where=ALERTS, timeout=20)
        shown = env.slack.plain(report)

    assert before == []
    assert re.search(r"Drill passed: acknowledged after \d+ seconds?\.", shown)
    assert re.search(r"Accepted by kwtSMS\W+after \d+ seconds?", shown)
    assert ref in shown


async def test_the_weekly_drill_begins_by_itself(tmp_path: Path) -> None:
    """A bot that starts within two hours of the time drills, once."""
    now = datetime.now(KUWAIT_TZ)
    settings = config_overrides("en")
    at = f"{WEEKDAYS[now.weekday()]} {now:%H:%M}"
    settings["bridge"]["drill"] = {"at": at, "receiver": TEAM, "within": "10m"}
    async with local_env(tmp_path, **settings) as env:
        await acknowledge(env, await texted_ref(env))
        await wait_for_text(env, "Drill passed", where=ALERTS, timeout=20)

        assert len(env.gateway.ledger) == 1
