"""`/sms send`: from a typed line to a message in the outbox, or to a sentence that says why not.

Nothing is sent here. What is accepted is durable before this returns; the outbox does the rest.
"""

from kwtsms_bot.commands import recipients
from kwtsms_bot.commands.base import Command, Desk, Invocation, Reply, Tone
from kwtsms_bot.commands.policy import ROLES, Action, allows
from kwtsms_bot.commands.recipients import Addressed
from kwtsms_bot.outbox.message import DedupeKey, NewMessage, Place
from kwtsms_bot.outbox.store import AuditEntry, KeyReused
from kwtsms_client import MAX_PAGES, MessageReport, inspect_message, mask

EXAMPLES = ("+96598765432 Backup failed", "98765432, 98765433 نجح النسخ الاحتياطي")
MAX_LISTED = 5  # Mistakes named one by one; the rest is a number.


async def run(desk: Desk, ask: Invocation, rest: str) -> Reply:
    """Accepts the message, all of it or nothing."""
    if not rest.strip():
        return _wrong(desk, "Whom to, and what?", "Type a number, a blank, and the text.")
    line = recipients.read(rest, default_country=desk.config.kwtsms.default_country)
    report = inspect_message(line.text)
    problem = _problem(desk, line, report)
    if problem:
        return problem
    if _needs_bulk(desk, ask, line):
        return await _refuse_bulk(desk, ask, len(line.recipients))
    return await _accept(desk, ask, line, report)


def _problem(desk: Desk, line: Addressed, report: MessageReport) -> Reply | None:
    if line.mistakes:
        return _bad_numbers(desk, line)
    if not line.text:
        return _wrong(desk, "There is no text.", "Type it after the number.")
    if report.blank:
        details = f"{report.summary()} Phones in Kuwait would not get such a message."
        return _wrong(desk, "Nothing is left of the text.", details)
    if report.pages > MAX_PAGES:
        title = f"The text is too long: {report.pages} pages, and kwtSMS takes {MAX_PAGES}."
        return _wrong(desk, title, "Shorten it, or send it in parts.")
    return None


def _bad_numbers(desk: Desk, line: Addressed) -> Reply:
    shown = line.mistakes[:MAX_LISTED]
    more = len(line.mistakes) - len(shown)
    details = (*shown, *([f"… and {more} more."] if more else []))
    title = "That is not a phone number." if len(line.mistakes) == 1 else "Some numbers are wrong."
    return _wrong(desk, f"{title} Nothing was sent.", *details)


def _wrong(desk: Desk, title: str, *details: str) -> Reply:
    examples = tuple(COMMAND.typed(desk.config.slack.command, example) for example in EXAMPLES)
    return Reply(Tone.BAD, title, details, examples=examples)


def _needs_bulk(desk: Desk, ask: Invocation, line: Addressed) -> bool:
    access = desk.config.access
    return len(line.recipients) >= access.bulk_from and not allows(access, ask.person, Action.BULK)


async def _refuse_bulk(desk: Desk, ask: Invocation, count: int) -> Reply:
    limit = desk.config.access.bulk_from
    detail = f"{count} numbers, needs one of: {', '.join(ROLES[Action.BULK])}"
    await desk.audit.record(
        AuditEntry(desk.now(), ask.person.user, Action.BULK.value, "refused", "send", detail)
    )
    return Reply(
        Tone.BAD,
        f"You may not send to {count} numbers at once. Nothing was sent.",
        details=(f"From {limit} numbers on, the role bulk is needed.",),
    )


async def _accept(desk: Desk, ask: Invocation, line: Addressed, report: MessageReport) -> Reply:
    now = desk.now()
    settings = desk.config.kwtsms
    new = NewMessage(
        source="slack",
        author=ask.person.user,
        team=ask.person.team,
        text=report.cleaned,
        sender_id=settings.sender_id,
        recipients=line.recipients,
        place=Place(ask.person.channel, None),
        expires_at=now + desk.config.outbox.expires_after,
        test=settings.test_mode,
        key=DedupeKey("slack.command", ask.key),
        pages=report.pages,
    )
    try:
        accepted = await desk.store.accept(new, now)
    except KeyReused:
        return Reply(Tone.BAD, "Slack used one request id for two texts. The second was not sent.")
    if accepted.fresh:
        await _record(desk, ask, accepted.message.ref, line)
        desk.wake()
    return Reply(Tone.GOOD, f"Accepted as {accepted.message.ref}.", accepted=accepted.message)


async def _record(desk: Desk, ask: Invocation, ref: str, line: Addressed) -> None:
    first = ", ".join(mask(number) for number in line.recipients[:3])
    detail = f"{len(line.recipients)} to {first}"
    await desk.audit.record(
        AuditEntry(desk.now(), ask.person.user, Action.SEND.value, "allowed", ref, detail)
    )


COMMAND = Command(
    "send",
    "NUMBER[, NUMBER…] TEXT",
    "Send a text message",
    EXAMPLES,
    Action.SEND,
    run,
)
