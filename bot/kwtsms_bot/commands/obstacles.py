"""What stands in the way of a message: asked when it is written, and again when it is confirmed."""

from collections.abc import Sequence

from kwtsms_bot.commands.base import Ask, Desk, Reply, Tone
from kwtsms_bot.commands.policy import ROLES, Action, allows
from kwtsms_bot.commands.preview import Preview, countries_refused
from kwtsms_bot.commands.refusals import record, refuse
from kwtsms_bot.commands.wording import and_more
from kwtsms_bot.kuwait import ZONE
from kwtsms_bot.outbox.draft import Draft
from kwtsms_client import MAX_PAGES, Phone

MAX_LISTED = 5  # Mistakes named one by one; the rest is a number.


async def first(desk: Desk, ask: Ask, preview: Preview) -> Reply | None:
    """The first thing that is wrong with a message; None: nothing is."""
    if not allows(desk.config.access, ask.person, Action.SEND):
        return await refuse(desk, ask, Action.SEND, "send")
    return (
        of_recipients(ask, preview)
        or of_text(ask, preview)
        or await of_scope(desk, ask, preview.recipients)
    )


async def of_draft(desk: Desk, ask: Ask, draft: Draft) -> Reply | None:
    """The same for what was shown a while ago: roles, limits and the time may be others now."""
    if not allows(desk.config.access, ask.person, Action.SEND):
        return await refuse(desk, ask, Action.SEND, "send")
    return _of_set_up(desk, ask, draft) or await of_scope(
        desk, ask, tuple(Phone(one) for one in draft.recipients)
    )


def listed(sentences: Sequence[str], ask: Ask) -> tuple[str, ...]:
    """The first few sentences, and how many more there are."""
    more = len(sentences) - MAX_LISTED
    shown = tuple(sentences[:MAX_LISTED])
    return (*shown, and_more(more, ask.say)) if more > 0 else shown


def of_recipients(ask: Ask, preview: Preview) -> Reply | None:
    """Why there is nobody to send to."""
    say = ask.say
    if preview.recipients:
        return None
    if preview.mistakes:
        title = say("That is not a phone number. Nothing was sent.")
        return Reply(Tone.BAD, title, listed(preview.mistakes, ask))
    if preview.uncovered:
        title = say("kwtSMS has no route to that country on this account. Nothing was sent.")
        return Reply(Tone.BAD, title, (say("Ask kwtSMS to activate the country."),))
    return Reply(Tone.BAD, say("Whom to? There is no phone number."))


def of_text(ask: Ask, preview: Preview) -> Reply | None:
    """Why the text cannot be sent."""
    say, report = ask.say, preview.report
    if not report.original.strip():
        return Reply(Tone.BAD, say("There is no text."), (say("Type it after the number."),))
    if report.blank:
        details = (say("Only characters that kwtSMS does not deliver were in it."),)
        return Reply(Tone.BAD, say("Nothing is left of the text."), details)
    if report.pages > MAX_PAGES:
        title = say(
            "The text is too long: {pages}, and kwtSMS takes {most}.",
            pages=say.plural("{count} page", "{count} pages", report.pages),
            most=MAX_PAGES,
        )
        return Reply(Tone.BAD, title, (say("Shorten it, or send it in parts."),))
    return None


def _of_set_up(desk: Desk, ask: Ask, draft: Draft) -> Reply | None:
    """Whether it would leave under another name than is set up now, or cost what was a test."""
    now = desk.config.kwtsms
    if (draft.sender_id, draft.test) == (now.sender_id, now.test_mode):
        return None
    title = ask.say("The sender ID or the test mode was changed since. Nothing was sent.")
    return Reply(Tone.BAD, title, (ask.say("Write it once more, and look at it as it is now."),))


async def of_scope(desk: Desk, ask: Ask, recipients: tuple[Phone, ...]) -> Reply | None:
    """How many, where to, and when."""
    limits = desk.config.limits
    many = len(recipients) >= desk.config.access.bulk_from
    if many and not allows(desk.config.access, ask.person, Action.BULK):
        return await _not_so_many(desk, ask, len(recipients))
    refused = countries_refused(recipients, limits)
    if refused:
        return await _not_abroad(desk, ask, refused)
    if many and limits.is_quiet(desk.now().astimezone(ZONE).time()):
        return await _not_at_night(desk, ask)
    return None


async def _not_so_many(desk: Desk, ask: Ask, count: int) -> Reply:
    detail = f"{count} numbers, needs one of: {', '.join(ROLES[Action.BULK])}"
    await record(desk, ask, "refused", (Action.BULK, "send", detail))
    say, limit = ask.say, desk.config.access.bulk_from
    many, most = (say.plural("{count} number", "{count} numbers", one) for one in (count, limit))
    title = say("You may not send to {numbers} at once. Nothing was sent.", numbers=many)
    details = (say("From {numbers} on, the role bulk is needed.", numbers=most),)
    return Reply(Tone.BAD, title, details)


async def _not_abroad(desk: Desk, ask: Ask, codes: tuple[str, ...]) -> Reply:
    written = ", ".join(f"+{code}" for code in codes)
    await record(desk, ask, "refused", (Action.SEND, "send", f"to {written}"))
    named = ask.say.listed(f"+{code}" for code in codes)
    title = ask.say("Nothing was sent: {codes} may not be sent to.", codes=named)
    details = (
        ask.say("An administrator can allow a country in config.yaml, under limits.countries."),
    )
    return Reply(Tone.BAD, title, details)


async def _not_at_night(desk: Desk, ask: Ask) -> Reply:
    begin, end = desk.config.limits.quiet_hours or (None, None)
    await record(desk, ask, "refused", (Action.BULK, "send", "quiet hours"))
    title = ask.say("No bulk messages now. Nothing was sent.")
    hours = f"{begin:%H:%M}-{end:%H:%M}"
    details = (
        ask.say("They rest from {hours} in Kuwait; a few numbers can be sent to.", hours=hours),
    )
    return Reply(Tone.BAD, title, details)
