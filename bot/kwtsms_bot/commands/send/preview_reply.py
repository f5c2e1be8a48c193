"""Replies that show a message before it is sent: its text, recipients and price."""

from datetime import datetime

from kwtsms_bot.commands import action_ids
from kwtsms_bot.commands.base import Button, Reply, Severity, TextSpan
from kwtsms_bot.commands.send import preview_details
from kwtsms_bot.commands.send.preview import ConfirmReason, Preview
from kwtsms_bot.i18n.translator import N_, Language
from kwtsms_bot.kuwait_time import KUWAIT_TZ
from kwtsms_bot.outbox.intake.draft import Draft
from kwtsms_bot.outbox.message import Message

REASON_TEXTS = {
    ConfirmReason.MANY: N_("It goes to many numbers."),
    ConfirmReason.COSTLY: N_("It costs many credits."),
    ConfirmReason.ABROAD: N_(
        "It goes abroad: kwtSMS may charge more than one credit a page there."
    ),
    ConfirmReason.PROFILE: N_("A number comes from a Slack profile, which its owner wrote."),
    ConfirmReason.REPEATED: N_("You sent the same text to the same number within the last minute."),
    ConfirmReason.INCOMPLETE: N_("Some of what you named is left out."),
    ConfirmReason.CHANGED: N_("Some of what you wrote is taken out: kwtSMS does not deliver it."),
    ConfirmReason.SHORTCODE: N_("An emoji's name is sent as you typed it: SMS has no such emoji."),
    ConfirmReason.BORDERLINE: N_("kwtSMS may refuse it: by its count it may be a page too long."),
    ConfirmReason.SAVES_PAGES: N_(
        "It takes more pages than it would with plain quotes and dashes."
    ),
    ConfirmReason.NAMESAKE: N_(
        "There is also a contact of the same name; the number in the Slack profile is used. To "
        "send to the contact, select it in the form."
    ),
    ConfirmReason.UNCLEAR: N_(
        "It is not clear where the numbers end and the text begins. Put commas between recipients."
    ),
    ConfirmReason.DISGUISED: N_(
        "A number has hidden characters that change how it looks. Check the number shown here."
    ),
    ConfirmReason.ADDS_UP: N_(
        "With your other messages of the last hour, this needs a second person's approval."
    ),
}


def confirm_reply(
    preview: Preview, reasons: tuple[ConfirmReason, ...], token: str, say: Language
) -> Reply:
    """The preview that the author confirms or discards."""
    buttons = [Button(action_ids.SEND_CONFIRM, confirm_label(preview, say), token, "primary")]
    if preview.report.plainer is not None:
        buttons.append(Button(action_ids.SEND_PLAINER, say("Use plain quotes"), token))
    buttons.append(Button(action_ids.SEND_DISCARD, say("Discard"), token))
    return Reply(
        Severity.INFO,
        say("Is this right? Nothing is sent yet."),
        tuple(say(REASON_TEXTS[one]) for one in reasons),
        preview_details.preview_facts(preview, say),
        text_spans=preview_details.text_spans(preview.report, say),
        buttons=tuple(buttons),
    )


def approval_reply(draft: Draft, author: str, say: Language) -> Reply:
    """The request that a second person approves or rejects; `author` is a mention by id."""
    return Reply(
        Severity.WARNING,
        say("A message asks for a second person's yes."),
        (say("Nothing is sent until somebody else with the role bulk or admin approves it."),),
        (
            (say("Asked by"), author),
            *draft_facts(draft, say),
            (say("Sender ID"), draft.message.sender_id),
            (say("Until"), format_expiry(draft.expires_at, say)),
        ),
        text_spans=draft_text(draft),
        buttons=(
            Button(
                action_ids.SEND_APPROVE,
                say("Approve"),
                draft.token,
                "primary",
                say("The message goes out and is charged."),
            ),
            Button(action_ids.SEND_REFUSE, say("Refuse"), draft.token, "danger"),
        ),
    )


def draft_facts(draft: Draft, say: Language) -> tuple[tuple[str, str], ...]:
    """The recipients and the price of a draft, with the numbers masked for other readers."""
    message = draft.message
    return (
        (say("To"), preview_details.format_recipients(message.recipients, say)),
        (say("Costs"), preview_details.format_cost(message.pages, len(message.recipients), say)),
    )


def draft_text(draft: Draft) -> tuple[TextSpan, ...]:
    """The text of a draft as a single span: nothing is left to remove."""
    return (TextSpan(draft.message.text),)


def format_expiry(at: datetime, say: Language) -> str:
    """A date and time of day in Kuwait."""
    return say("{time} (Kuwait)", time=say.ltr(at.astimezone(KUWAIT_TZ).strftime("%d.%m. %H:%M")))


def accepted_reply(message: Message, say: Language) -> Reply:
    """The reply to a message that the outbox has accepted."""
    return Reply(Severity.GOOD, say("Accepted as {ref}.", ref=message.ref), accepted=message)


def expired_reply(say: Language) -> Reply:
    """The reply to a button whose draft is decided or has expired."""
    title = say("This is decided already, or too old. Nothing was sent by pressing it.")
    return Reply(Severity.INFO, title)


def confirm_label(preview: Preview, say: Language) -> str:
    """The label of the send button: the price, or how many of the recipients are left."""
    total = len(preview.recipients) + len(preview.problems) + len(preview.uncovered)
    if total == len(preview.recipients):
        return send_label(preview.credits, say)
    return say("Send to {count} of {total}", count=len(preview.recipients), total=total)


def send_label(credits_needed: int, say: Language) -> str:
    """The label of the send button, with the price."""
    return say.plural("Send for {count} credit", "Send for {count} credits", credits_needed)
