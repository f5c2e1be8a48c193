"""`/sms send`: from a typed line to a message in the outbox, or to a sentence that says why not."""

from kwtsms_bot.commands import recipients, sending
from kwtsms_bot.commands.base import OPEN_FORM, Choice, Command, Desk, Invocation, Reply, Tone
from kwtsms_bot.commands.gathering import Wish, gather
from kwtsms_bot.commands.obstacles import listed
from kwtsms_bot.commands.policy import Action
from kwtsms_bot.language import marked

EXAMPLES = ("+96598765432 Backup failed", "98765432, 98765433 نجح النسخ الاحتياطي")


async def run(desk: Desk, ask: Invocation, rest: str) -> Reply:
    """Accepts the message, all of it or nothing, or shows what is to be confirmed first."""
    if not rest.strip():
        return _whom(desk, ask)
    line = recipients.read(rest, default_country=desk.config.kwtsms.default_country)
    preview = await gather(desk, ask, Wish(line=line, text=line.text, mentions=ask.mentions))
    if preview.mistakes:  # Whoever types a line can mend it: part of it would be a surprise.
        return _bad_numbers(desk, ask, preview.mistakes)
    reply = await sending.offer(desk, ask, preview)
    return _with_examples(desk, reply) if reply.tone is Tone.BAD and not reply.facts else reply


def _whom(desk: Desk, ask: Invocation) -> Reply:
    title = ask.say("Whom to, and what?")
    details = (ask.say("Type a number, a blank, and the text; or fill in the form."),)
    form = Choice(OPEN_FORM, ask.say("Open the form"), "send", "primary")
    examples = _examples(desk)
    return Reply(Tone.PLAIN, title, details, examples=examples, choices=(form,), form=True)


def _bad_numbers(desk: Desk, ask: Invocation, mistakes: tuple[str, ...]) -> Reply:
    if len(mistakes) == 1:
        title = ask.say("That is not a phone number. Nothing was sent.")
    else:
        title = ask.say("Some numbers are wrong. Nothing was sent.")
    return Reply(Tone.BAD, title, listed(mistakes, ask), examples=_examples(desk))


def _with_examples(desk: Desk, reply: Reply) -> Reply:
    return Reply(reply.tone, reply.title, reply.details, examples=_examples(desk))


def _examples(desk: Desk) -> tuple[str, ...]:
    return tuple(COMMAND.typed(desk.config.slack.command, example) for example in EXAMPLES)


COMMAND = Command(
    "send",
    marked("NUMBER[, NUMBER…] TEXT"),
    marked("Send a text message"),
    EXAMPLES,
    Action.SEND,
    run,
)
