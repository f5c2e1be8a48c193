"""How a message is shown before it is sent: what the phone will show, to whom, and for how much."""

from kwtsms_bot.alerts.wording import credits_text
from kwtsms_bot.commands.base import Choice, Piece, Reply, Tone
from kwtsms_bot.commands.preview import Doubt, Preview
from kwtsms_bot.language import Language, marked
from kwtsms_bot.outbox.draft import Draft
from kwtsms_bot.outbox.message import Message
from kwtsms_client import MessageReport, mask, pages

MAX_MASKED = 3
MAX_LISTED = 10
WHY = {
    Doubt.MANY: marked("It goes to many numbers."),
    Doubt.COSTLY: marked("It costs many credits."),
    Doubt.ABROAD: marked("It goes abroad: kwtSMS may charge more than one credit a page there."),
    Doubt.PROFILE: marked("A number comes from a Slack profile, which its owner wrote."),
    Doubt.REPEATED: marked("You sent the same text to the same number within the last minute."),
    Doubt.INCOMPLETE: marked("Some of what you named is left out."),
    Doubt.UNCLEAR: marked(
        "It is not clear where the numbers end and the text begins. Put commas between recipients."
    ),
}


def to_confirm(preview: Preview, why: tuple[Doubt, ...], token: str, say: Language) -> Reply:
    """What would be sent, for its author to look at."""
    choices = (
        Choice("send_confirm", send_label(preview.credits, say), token, "primary"),
        Choice("send_discard", say("Discard"), token),
    )
    return Reply(
        Tone.PLAIN,
        say("Is this right? Nothing is sent yet."),
        tuple(say(WHY[one]) for one in why),
        facts(preview, say),
        pieces=pieces(preview.report),
        choices=choices,
    )


def to_approve(draft: Draft, author: str, say: Language) -> Reply:
    """What would be sent, for a second person to decide."""
    return Reply(
        Tone.WARNING,
        say("{name} asks for a second person's yes.", name=author),
        (say("Nothing is sent until somebody else with the role bulk or admin approves it."),),
        (
            (say("To"), whom(draft.recipients, say)),
            (say("Costs"), cost(draft.pages, len(draft.recipients), say)),
            (say("Sender ID"), draft.sender_id),
        ),
        pieces=(Piece(draft.text),),
        choices=(
            Choice(
                "send_approve",
                say("Approve"),
                draft.token,
                "primary",
                say("The message goes out and is charged."),
            ),
            Choice("send_refuse", say("Refuse"), draft.token, "danger"),
        ),
    )


def accepted(message: Message, say: Language) -> Reply:
    """The message is in the outbox."""
    return Reply(Tone.GOOD, say("Accepted as {ref}.", ref=message.ref), accepted=message)


def void(say: Language) -> Reply:
    """The answer to a button whose draft is decided or too old."""
    title = say("This is decided already, or too old. Nothing was sent by pressing it.")
    return Reply(Tone.PLAIN, title)


def send_label(credits_needed: int, say: Language) -> str:
    """What stands on the button."""
    return say.plural("Send for {count} credit", "Send for {count} credits", credits_needed)


def facts(preview: Preview, say: Language) -> tuple[tuple[str, str], ...]:
    """To whom, for how much, and what is special."""
    price = cost(preview.report.pages, len(preview.recipients), say)
    if preview.share is not None and preview.balance is not None:
        share = say(
            "{percent} % of the {balance} left",
            percent=f"{preview.share:.1f}",
            balance=credits_text(preview.balance),
        )
        price = f"{price}, {share}"
    found = [(say("To"), whom(preview.recipients, say)), (say("Costs"), price)]
    found += [(say("Text"), note) for note in text_notes(preview.report, say)]
    found += [(say("Left out"), sentence) for sentence in left_out(preview, say)]
    if preview.hot:
        sentence = say.plural(
            "{count} number was sent to a moment ago: its message waits 15 s",
            "{count} numbers were sent to a moment ago: their messages wait 15 s",
            preview.hot,
        )
        found.append((say("Waits"), sentence))
    return tuple(found)


def whom(recipients: tuple[str, ...], say: Language) -> str:
    """The first few numbers, masked, and how many more."""
    first = ", ".join(mask(one) for one in recipients[:MAX_MASKED])
    more = len(recipients) - MAX_MASKED
    return say("{first} and {more} more", first=first, more=more) if more > 0 else first


def cost(each: int, count: int, say: Language) -> str:
    """Pages, numbers, and the credits they come to."""
    if count == 1:
        return say.plural("{count} page: {count} credit", "{count} pages: {count} credits", each)
    return say(
        "{pages} × {count} numbers = {total} credits", pages=each, count=count, total=each * count
    )


def text_notes(report: MessageReport, say: Language) -> list[str]:
    """What was changed in the text, and what it costs that it is Unicode."""
    notes = []
    if report.changes:
        what = ", ".join(f"{one.count} × {say(one.kind)}" for one in report.changes)
        notes.append(say("removed or changed: {what}", what=what))
    if report.odd:
        shown = " ".join(report.odd[:MAX_LISTED])
        notes.append(say("{characters} needs Unicode: 70 characters on a page", characters=shown))
    if report.risky:
        shown = " ".join(report.risky[:MAX_LISTED])
        notes.append(say("{characters} may not be delivered", characters=shown))
    if report.plainer is not None:
        less = say.plural("{count} page", "{count} pages", pages(report.plainer))
        notes.append(say("with plain quotes and dashes it takes {pages}", pages=less))
    return notes


def left_out(preview: Preview, say: Language) -> list[str]:
    """A sentence for each kind of recipient that gets nothing."""
    found = list(preview.mistakes[:MAX_LISTED])
    if len(preview.mistakes) > MAX_LISTED:
        found.append(say("… and {count} more.", count=len(preview.mistakes) - MAX_LISTED))
    if preview.uncovered:
        found.append(say("no route: {numbers}", numbers=whom(preview.uncovered, say)))
    if preview.duplicates:
        found.append(say("named twice: {count}", count=preview.duplicates))
    return found


def pieces(report: MessageReport) -> tuple[Piece, ...]:
    """The text as the phone will show it, and between it what was removed."""
    return tuple(Piece(one.text, one.removed) for one in report.segments)
