"""`/sms doctor`: how the account and the set-up stand, and what to mend."""

import asyncio

from kwtsms_bot.commands.base import Command, Desk, Invocation, Reply, Tone
from kwtsms_bot.commands.policy import Action
from kwtsms_bot.doctor import Finding, Level
from kwtsms_bot.doctor.gateway import Wanted
from kwtsms_bot.doctor.gateway import examine as examine_gateway
from kwtsms_bot.doctor.targets import examine as examine_targets
from kwtsms_bot.language import marked

MARKS = {Level.OK: "✓", Level.WARNING: "!", Level.PROBLEM: "✗", Level.SKIPPED: "–"}


async def run(desk: Desk, ask: Invocation, _rest: str) -> Reply:
    """Asks kwtSMS about the account, Apprise about its URLs, and the configuration about itself."""
    say, settings = ask.say, desk.config.kwtsms
    urls = [url.get_secret_value() for url in desk.config.alerts.balance.apprise]
    wanted = Wanted(
        settings.sender_id,
        settings.test_mode,
        settings.default_country,
        desk.config.alerts.balance.critical,
    )
    found = (
        *await examine_gateway(desk.gateway, wanted, say),
        *await asyncio.to_thread(examine_targets, urls, say),
    )
    facts = tuple((f"{MARKS[one.level]} {one.check}", _line(one)) for one in found)
    levels = {one.level for one in found}
    details = desk.config.warnings(say)
    if Level.PROBLEM in levels:
        return Reply(Tone.BAD, say("Something has to be mended."), details, facts)
    if Level.WARNING in levels or details:
        return Reply(Tone.WARNING, say("It works, and could be better."), details, facts)
    return Reply(Tone.GOOD, say("All is well."), facts=facts)


def _line(one: Finding) -> str:
    return f"{one.what} {one.remedy}".strip()


COMMAND = Command(
    "doctor", "", marked("How the set-up stands, and what to mend"), ("",), Action.ADMIN, run
)
