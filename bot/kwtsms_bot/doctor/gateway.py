"""Checks the kwtSMS account: reachable, logged in, with credits, and set up as expected."""

import os
from collections.abc import Awaitable
from dataclasses import dataclass
from decimal import Decimal

from kwtsms_bot.balance.messages import pluralize_credits
from kwtsms_bot.doctor import Finding, FindingLevel
from kwtsms_bot.doctor.network import connection_remedy
from kwtsms_bot.i18n import gateway_texts
from kwtsms_bot.i18n.translator import ENGLISH, N_, Language
from kwtsms_client import (
    AsyncClient,
    Balance,
    Coverage,
    KwtSMSError,
    NotSent,
    Rejected,
    UnknownOutcome,
)
from kwtsms_client.settings import SHARED_SENDER

BALANCE, SENDER, COVERAGE, MODE = (
    N_("kwtSMS account"),
    N_("Sender ID"),
    N_("Coverage"),
    N_("Test mode"),
)


@dataclass(frozen=True, slots=True)
class ExpectedAccount:
    """Expected set-up of the account."""

    sender_id: str
    test_mode: bool = False
    country: str = "965"
    warn_below: Decimal = Decimal(0)


async def check(
    client: AsyncClient, expected: ExpectedAccount, say: Language = ENGLISH
) -> tuple[Finding, ...]:
    """Checks the account; the rest is skipped if kwtSMS does not answer or rejects the login."""
    try:
        account = _check_balance(await client.balance(), expected, say)
    except KwtSMSError as error:
        skipped = say("Skipped: kwtSMS must answer first.")
        rest = [Finding(say(name), FindingLevel.SKIPPED, skipped) for name in (SENDER, COVERAGE)]
        return (_error_finding(error, say), *rest, _check_test_mode(expected, say))
    return (
        account,
        await _run_check(say(SENDER), _query_sender(client, expected, say), say),
        await _run_check(say(COVERAGE), _query_coverage(client, expected, say), say),
        _check_test_mode(expected, say),
    )


async def _run_check(name: str, check: Awaitable[Finding], say: Language) -> Finding:
    try:
        return await check
    except KwtSMSError as error:
        what = say("kwtSMS didn't answer: {error}", error=gateway_texts.describe_error(error, say))
        return Finding(name, FindingLevel.WARNING, what, say("Try again in a minute."))


async def _query_sender(client: AsyncClient, expected: ExpectedAccount, say: Language) -> Finding:
    return check_sender(await client.senderids(), expected.sender_id, say)


async def _query_coverage(client: AsyncClient, expected: ExpectedAccount, say: Language) -> Finding:
    return check_coverage(await client.coverage(), expected.country, say)


def check_sender(found: tuple[str, ...], expected: str, say: Language) -> Finding:
    """Checks that the sender ID is the account's, as it is written, and is not shared."""
    name = say(SENDER)
    close = [one for one in found if one.casefold() == expected.casefold()]
    if expected in found and expected.upper() == SHARED_SENDER:
        what = say("KWT-SMS is a shared sender ID for tests.")
        remedy = say(
            "It's slow and never reaches Virgin Kuwait numbers. Register your own "
            "sender ID at kwtsms.com."
        )
        return Finding(name, FindingLevel.WARNING, what, remedy)
    if expected in found:
        return Finding(name, FindingLevel.OK, say("{name} is ready to use.", name=expected))
    what = say("{name} isn't a sender ID of your account.", name=expected)
    if close:
        remedy = say("Write it exactly as registered: {name}.", name=close[0])
    else:
        names = say.join(found) or "–"
        remedy = say(
            "Use one of your sender IDs ({names}) or register one at kwtsms.com.", names=names
        )
    return Finding(name, FindingLevel.PROBLEM, what, remedy)


def check_coverage(found: Coverage, country: str, say: Language) -> Finding:
    """Checks that `country` is active on the account."""
    name = say(COVERAGE)
    prefixes = say.join(f"+{one}" for one in found.prefixes) or "–"
    if country in found.prefixes:
        return Finding(name, FindingLevel.OK, say("Active: {prefixes}.", prefixes=prefixes))
    what = say(
        "{code} isn't active on your account. Active: {prefixes}.",
        code=f"+{country}",
        prefixes=prefixes,
    )
    return Finding(
        name, FindingLevel.PROBLEM, what, say("Ask kwtSMS support to activate coverage.")
    )


def _check_balance(found: Balance, expected: ExpectedAccount, say: Language) -> Finding:
    what = say("Logged in. {credits} left.", credits=pluralize_credits(found.available, say))
    if found.available <= expected.warn_below:
        return Finding(say(BALANCE), FindingLevel.WARNING, what, say("Top up at kwtsms.com."))
    return Finding(say(BALANCE), FindingLevel.OK, what)


def _check_test_mode(expected: ExpectedAccount, say: Language) -> Finding:
    if not expected.test_mode:
        return Finding(say(MODE), FindingLevel.OK, say("Off: messages are delivered."))
    what = say("On: messages aren't delivered.")
    remedy = say(
        "Turn it off to deliver messages. Delete test messages from the queue at "
        "kwtsms.com to get their credits back."
    )
    return Finding(say(MODE), FindingLevel.WARNING, what, remedy)


def _error_finding(error: KwtSMSError, say: Language) -> Finding:
    name, what = say(BALANCE), gateway_texts.describe_error(error, say)
    if isinstance(error, Rejected):
        return Finding(
            name, FindingLevel.PROBLEM, what, gateway_texts.translate_remedy(error.code, say)
        )
    network = connection_remedy(error, os.environ, say=say)
    if isinstance(error, NotSent):
        remedy = network or say(
            "Check the server's network, DNS and firewall. kwtSMS blocks some cloud and VPN "
            "addresses."
        )
    elif isinstance(error, UnknownOutcome):
        remedy = network or say("Check the gateway's address and try again in a minute.")
    else:
        remedy = say("Check the configuration.")
    return Finding(name, FindingLevel.PROBLEM, what, remedy)
