"""The account at kwtSMS: reachable, logged in, paid for, and set up as it should be."""

from collections.abc import Awaitable
from dataclasses import dataclass
from decimal import Decimal

from kwtsms_bot import retelling
from kwtsms_bot.doctor.finding import Finding, Level
from kwtsms_bot.language import ENGLISH, Language, marked
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
    marked("kwtSMS account"),
    marked("Sender ID"),
    marked("Coverage"),
    marked("Test mode"),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """How the account is meant to be used."""

    sender_id: str
    test_mode: bool = False
    country: str = "965"
    warn_below: Decimal = Decimal(0)


async def examine(
    client: AsyncClient, wanted: Wanted, say: Language = ENGLISH
) -> tuple[Finding, ...]:
    """Looks at the account; where nobody answers or lets us in, the rest is skipped."""
    try:
        account = _of_balance(await client.balance(), wanted, say)
    except KwtSMSError as error:
        skipped = say("Not looked at: kwtSMS has to answer first.")
        rest = [Finding(say(name), Level.SKIPPED, skipped) for name in (SENDER, COVERAGE)]
        return (_of_error(error, say), *rest, _of_mode(wanted, say))
    return (
        account,
        await _asked(say(SENDER), _sender(client, wanted, say), say),
        await _asked(say(COVERAGE), _coverage(client, wanted, say), say),
        _of_mode(wanted, say),
    )


async def _asked(name: str, question: Awaitable[Finding], say: Language) -> Finding:
    try:
        return await question
    except KwtSMSError as error:
        what = say("kwtSMS did not say: {error}", error=retelling.trouble(error, say))
        return Finding(name, Level.WARNING, what, say("Try again in a minute."))


async def _sender(client: AsyncClient, wanted: Wanted, say: Language) -> Finding:
    return of_sender(await client.senderids(), wanted.sender_id, say)


async def _coverage(client: AsyncClient, wanted: Wanted, say: Language) -> Finding:
    return of_coverage(await client.coverage(), wanted.country, say)


def of_sender(found: tuple[str, ...], wanted: str, say: Language) -> Finding:
    """Whether the sender ID is the account's, to the letter, and nobody else's."""
    name = say(SENDER)
    close = [one for one in found if one.casefold() == wanted.casefold()]
    if wanted in found and wanted.upper() == SHARED_SENDER:
        what = say("KWT-SMS is a shared sender ID for tests.")
        remedy = say("It is slow, and phones at Virgin Kuwait never get it: register your own.")
        return Finding(name, Level.WARNING, what, remedy)
    if wanted in found:
        return Finding(name, Level.OK, say("{name} can be used.", name=wanted))
    what = say("{name} is not a sender ID of this account.", name=wanted)
    if close:
        remedy = say("Write it as it was registered: {name}.", name=close[0])
    else:
        names = say.listed(found) or "–"
        remedy = say("Use one of these, or register yours at kwtsms.com: {names}.", names=names)
    return Finding(name, Level.PROBLEM, what, remedy)


def of_coverage(found: Coverage, country: str, say: Language) -> Finding:
    """Whether the country of most numbers is active."""
    name = say(COVERAGE)
    prefixes = say.listed(f"+{one}" for one in found.prefixes) or "–"
    if country in found.prefixes:
        return Finding(name, Level.OK, say("Active: {prefixes}.", prefixes=prefixes))
    what = say("{code} is not active. Active: {prefixes}.", code=f"+{country}", prefixes=prefixes)
    return Finding(name, Level.PROBLEM, what, say("Ask kwtSMS support to activate coverage."))


def _of_balance(found: Balance, wanted: Wanted, say: Language) -> Finding:
    what = say("Logged in; {credits} credits left.", credits=f"{found.available:,f}")
    if found.available <= wanted.warn_below:
        return Finding(say(BALANCE), Level.WARNING, what, say("Buy credits at kwtsms.com."))
    return Finding(say(BALANCE), Level.OK, what)


def _of_mode(wanted: Wanted, say: Language) -> Finding:
    if not wanted.test_mode:
        return Finding(say(MODE), Level.OK, say("Off: messages are delivered."))
    what = say("On: messages are queued at kwtSMS and never delivered.")
    remedy = say("Switch it off; delete what waits at kwtsms.com to get the credits back.")
    return Finding(say(MODE), Level.WARNING, what, remedy)


def _of_error(error: KwtSMSError, say: Language) -> Finding:
    name, what = say(BALANCE), retelling.trouble(error, say)
    if isinstance(error, Rejected):
        return Finding(name, Level.PROBLEM, what, retelling.remedy(error.code, say))
    if isinstance(error, NotSent):
        remedy = say(
            "Check this server's network, DNS and firewall; kwtSMS refuses some cloud and VPN "
            "addresses outright."
        )
    elif isinstance(error, UnknownOutcome):
        remedy = say("Check that the address of the gateway is right, and try again in a minute.")
    else:
        remedy = say("Check the configuration.")
    return Finding(name, Level.PROBLEM, what, remedy)
