"""`/sms doctor`: checks the account and the set-up, and says what to fix."""

import asyncio

from kwtsms_bot.commands.base import Command, CommandContext, Invocation, Reply, Severity
from kwtsms_bot.commands.policy import Permission
from kwtsms_bot.doctor import Finding, FindingLevel
from kwtsms_bot.doctor.bridge import CHECK as ALERTS
from kwtsms_bot.doctor.bridge import check as examine_bridge
from kwtsms_bot.doctor.gateway import ExpectedAccount
from kwtsms_bot.doctor.gateway import check as examine_gateway
from kwtsms_bot.doctor.targets import check as examine_targets
from kwtsms_bot.i18n.foreign_text import clean_text
from kwtsms_bot.i18n.translator import N_, Language

MAX_NAMES, MAX_NAME = 5, 40  # Of a calendar, and the characters of each.
SYMBOLS = {
    FindingLevel.OK: "✓",
    FindingLevel.WARNING: "!",
    FindingLevel.PROBLEM: "✗",
    FindingLevel.SKIPPED: "–",
}


async def run(context: CommandContext, request: Invocation, _rest: str) -> Reply:
    """Checks the account at kwtSMS, the Apprise URLs and the configuration."""
    say, settings = request.say, context.config.kwtsms
    urls = [url.get_secret_value() for url in context.config.alerts.balance.apprise]
    expected = ExpectedAccount(
        settings.sender_id,
        settings.test_mode,
        settings.default_country,
        context.config.alerts.balance.critical,
    )
    findings = (
        *await examine_gateway(context.gateway, expected, say),
        *await asyncio.to_thread(examine_targets, urls, say),
        *_examine_bridge(context, say),
    )
    facts = tuple((f"{SYMBOLS[one.level]} {one.check}", _format_finding(one)) for one in findings)
    levels = {one.level for one in findings}
    details = (*context.config.warnings(say), *await _on_call_warnings(context, say))
    if FindingLevel.PROBLEM in levels:
        return Reply(Severity.ERROR, say("Some checks failed."), details, facts)
    if FindingLevel.WARNING in levels or details:
        return Reply(
            Severity.WARNING, say("The bot works. Some settings need attention."), details, facts
        )
    return Reply(Severity.GOOD, say("All checks passed."), facts=facts)


def _examine_bridge(context: CommandContext, say: Language) -> tuple[Finding, ...]:
    """Reports what keeps alerts from the bot, and their cards from Slack."""
    if context.config.bridge is None or context.incidents is None:
        return ()
    refusing = tuple(
        Finding(
            ALERTS,
            FindingLevel.PROBLEM,
            say("Slack rejects the cards of alerts in {channel}.", channel=say.ltr(channel)),
            say("Invite the bot to that channel, or change bridge.channel."),
        )
        for channel in context.incidents.refusing_channels()
    )
    return (*examine_bridge(context.config.bridge, say), *refusing)


async def _on_call_warnings(context: CommandContext, say: Language) -> tuple[str, ...]:
    """Returns what keeps alerts from people on call."""
    control, now = context.on_call, context.now()
    if control is None or not control.names:
        return ()
    found = []
    for name in control.names:
        view = control.view(name, now)
        if not view.on_call.people:
            found.append(say("Nobody is on call for {schedule}.", schedule=name))
        if view.unknown_names:
            people = say.join(clean_text(one)[:MAX_NAME] for one in view.unknown_names[:MAX_NAMES])
            found.append(
                say(
                    "The calendar of {schedule} names people without a number: {people}",
                    schedule=name,
                    people=people,
                )
            )
    if untexted := await control.never_texted(now):
        found.append(
            say(
                "Send a test SMS to {people}: they're on call, and none was sent to them yet.",
                people=say.join(untexted),
            )
        )
    return tuple(found)


def _format_finding(one: Finding) -> str:
    return f"{one.what} {one.remedy}".strip()


COMMAND = Command("doctor", "", N_("Check the bot's setup"), ("",), Permission.ADMIN, run)
