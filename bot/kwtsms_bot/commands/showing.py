"""How a message is shown before it is sent: what the phone will show, to whom, and for how much."""

from datetime import datetime

from kwtsms_bot.commands import notes
from kwtsms_bot.commands.base import Choice, Piece, Reply, Tone
from kwtsms_bot.commands.preview import Doubt, Preview
from kwtsms_bot.kuwait import ZONE
from kwtsms_bot.language import Language, marked
from kwtsms_bot.outbox.draft import Draft
from kwtsms_bot.outbox.message import Message

WHY = {
    Doubt.MANY: marked("It goes to many numbers."),
    Doubt.COSTLY: marked("It costs many credits."),
    Doubt.ABROAD: marked("It goes abroad: kwtSMS may charge more than one credit a page there."),
    Doubt.PROFILE: marked("A number comes from a Slack profile, which its owner wrote."),
    Doubt.REPEATED: marked("You sent the same text to the same number within the last minute."),
    Doubt.INCOMPLETE: marked("Some of what you named is left out."),
    Doubt.CHANGED: marked("Some of what you wrote is taken out: kwtSMS does not deliver it."),
    Doubt.SPARE: marked("It takes more pages than it would with plain quotes and dashes."),
    Doubt.NAMESAKE: marked(
        "There is a contact and somebody in Slack of the same name: the contact's number is meant."
    ),
    Doubt.UNCLEAR: marked(
        "It is not clear where the numbers end and the text begins. Put commas between recipients."
    ),
}


def to_confirm(preview: Preview, why: tuple[Doubt, ...], token: str, say: Language) -> Reply:
    """What would be sent, for its author to look at."""
    choices = [Choice("send_confirm", send_label(preview.credits, say), token, "primary")]
    if preview.report.plainer is not None:
        choices.append(Choice("send_plainer", say("Use plain quotes"), token))
    choices.append(Choice("send_discard", say("Discard"), token))
    return Reply(
        Tone.PLAIN,
        say("Is this right? Nothing is sent yet."),
        tuple(say(WHY[one]) for one in why),
        notes.facts(preview, say),
        pieces=notes.pieces(preview.report, say),
        choices=tuple(choices),
    )


def to_approve(draft: Draft, author: str, say: Language) -> Reply:
    """What would be sent, for a second person to decide."""
    return Reply(
        Tone.WARNING,
        say("{name} asks for a second person's yes.", name=author),
        (say("Nothing is sent until somebody else with the role bulk or admin approves it."),),
        (
            *asked(draft, say),
            (say("Sender ID"), draft.sender_id),
            (say("Until"), until(draft.expires_at, say)),
        ),
        pieces=text_of(draft),
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


def asked(draft: Draft, say: Language) -> tuple[tuple[str, str], ...]:
    """What a request is about, for others to see."""
    return (
        (say("To"), notes.whom(draft.recipients, say)),
        (say("Costs"), notes.cost(draft.pages, len(draft.recipients), say)),
    )


def text_of(draft: Draft) -> tuple[Piece, ...]:
    """Its text, which is clean."""
    return (Piece(draft.text),)


def until(at: datetime, say: Language) -> str:
    """A time of day in Kuwait."""
    return say("{time} (Kuwait)", time=say.ltr(at.astimezone(ZONE).strftime("%d.%m. %H:%M")))


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
