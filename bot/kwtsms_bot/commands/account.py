"""`/sms senders`, `/sms coverage`, `/sms validate`: what the account can do."""

from kwtsms_bot.commands import recipients
from kwtsms_bot.commands.base import Command, Desk, Invocation, Reply, Tone
from kwtsms_bot.commands.obstacles import listed
from kwtsms_bot.commands.policy import Action
from kwtsms_bot.commands.wording import with_more
from kwtsms_bot.language import Language, marked
from kwtsms_client import Validation, mask
from kwtsms_client.countries import COUNTRIES

SHARED_SENDER = "KWT-SMS"
MAX_ASKED = 200
MAX_LISTED = 10


async def senders(desk: Desk, ask: Invocation, _rest: str) -> Reply:
    """The sender IDs that the account may use, and whether ours is among them."""
    say, ours = ask.say, desk.config.kwtsms.sender_id
    found = await desk.gateway.senderids()
    facts = ((say("In use"), ours), (say("On the account"), say.listed(found) or "–"))
    if ours not in found:
        close = [one for one in found if one.casefold() == ours.casefold()]
        details: tuple[str, ...] = (
            say("Sender IDs have to be written exactly as they were registered."),
        )
        if close:
            details = (say("On the account it is written {name}.", name=close[0]), *details)
        title = say("{name} is not a sender ID of this account.", name=ours)
        return Reply(Tone.BAD, title, details, facts)
    if ours.upper() == SHARED_SENDER:
        details = (say("It is slow, and phones at Virgin Kuwait never get it: register your own."),)
        return Reply(Tone.WARNING, say("KWT-SMS is a shared sender ID for tests."), details, facts)
    return Reply(Tone.GOOD, say("{name} can be used.", name=ours), facts=facts)


async def coverage(desk: Desk, ask: Invocation, _rest: str) -> Reply:
    """The countries that the account can send to, and those that we let people send to."""
    say, allowed = ask.say, desk.config.limits.countries
    found = (await desk.gateway.coverage()).prefixes
    here = [one for one in found if "all" in allowed or one.startswith(allowed)]
    facts = (
        (say("On the account"), say.listed(_named(one, say) for one in found) or "–"),
        (say("Allowed by this bot"), say.listed(f"+{one}" for one in here) or "–"),
    )
    if not here:
        title = say("Nothing can be sent: no country is both active and allowed.")
        details = (say("Ask kwtSMS to activate the country, or allow it in config.yaml."),)
        return Reply(Tone.BAD, title, details, facts)
    return Reply(Tone.PLAIN, say("Countries that can be sent to"), facts=facts)


async def validate(desk: Desk, ask: Invocation, rest: str) -> Reply:
    """Whether kwtSMS has a route to numbers. Costs nothing."""
    say = ask.say
    line = recipients.read_list(rest, default_country=desk.config.kwtsms.default_country)
    if not (line.recipients or line.mistakes):
        slash = desk.config.slack.command
        examples = tuple(VALIDATE.typed(slash, one) for one in VALIDATE.examples)
        return Reply(Tone.PLAIN, say("Which number?"), examples=examples)
    if len(line.recipients) > MAX_ASKED:
        title = say("Too many numbers: at most {most} can be asked at once.", most=MAX_ASKED)
        return Reply(Tone.BAD, title)
    unnamed = tuple(say("{name} is not a number.", name=f"@{name}") for name in line.names)
    mistakes = (*(one.sentence(say) for one in line.mistakes), *unnamed)
    if not line.recipients:
        return Reply(Tone.BAD, say("That is not a phone number."), listed(mistakes, ask))
    found = await desk.gateway.validate(line.recipients)
    return _validated(ask, found, listed(mistakes, ask))


def _validated(ask: Invocation, found: Validation, mistakes: tuple[str, ...]) -> Reply:
    say = ask.say
    kinds = (
        (say("Can be reached"), found.ok),
        (say("No route"), found.nr),
        (say("Wrong"), found.er),
    )
    facts = tuple((name, _masked(numbers, say)) for name, numbers in kinds if numbers)
    good = not (found.nr or found.er or mistakes)
    title = say("All of them can be reached.") if good else say("Not all of them can be reached.")
    return Reply(Tone.GOOD if good else Tone.WARNING, title, mistakes, facts)


def _named(code: str, say: Language) -> str:
    """A country, by its code and its name."""
    prefix = say.ltr(f"+{code}")
    return f"{prefix} {say(COUNTRIES[code].name)}" if code in COUNTRIES else prefix


def _masked(numbers: tuple[str, ...], say: Language) -> str:
    shown = say.listed(mask(one) for one in numbers[:MAX_LISTED])
    return with_more(shown, len(numbers) - MAX_LISTED, say)


SENDERS = Command("senders", "", marked("Sender IDs of the account"), ("",), Action.READ, senders)
COVERAGE = Command(
    "coverage", "", marked("Countries that can be sent to"), ("",), Action.READ, coverage
)
VALIDATE = Command(
    "validate",
    marked("NUMBER[, NUMBER…]"),
    marked("Whether numbers can be reached; costs nothing"),
    ("+96598765432",),
    Action.READ,
    validate,
)
