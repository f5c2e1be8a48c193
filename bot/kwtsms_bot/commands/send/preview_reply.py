"""Replies that show a message before it is sent: its text, recipients and price."""

from datetime import datetime

from kwtsms_bot.commands import action_ids
from kwtsms_bot.commands.base import Button, Reply, Severity, TextSpan
from kwtsms_bot.commands.send import preview_details
from kwtsms_bot.commands.send.preview import ConfirmReason, Preview
from kwtsms_bot.i18n.dates import format_short_datetime
from kwtsms_bot.i18n.translator import N_, Language
from kwtsms_bot.outbox.intake.draft import Draft
from kwtsms_bot.outbox.message import Message
from kwtsms_client import pages
from kwtsms_client.text_rules.characters import DIGIT, EMOJI_KIND

REASON_TEXTS = {
    ConfirmReason.ABROAD: N_(
        "You're sending to another country, where a page may cost more than one credit."
    ),
    ConfirmReason.PROFILE: N_("A number comes from a Slack profile. Check that it's right."),
    ConfirmReason.REPEATED: N_("You sent this same message less than a minute ago."),
    ConfirmReason.CHANGED: N_("Some characters were removed because kwtSMS can't deliver them."),
    ConfirmReason.BORDERLINE: N_("kwtSMS may reject this message as one page too long."),
    ConfirmReason.NAMESAKE: N_(
        "A contact has the same name as a Slack user. We're using the Slack user's number. To send "
        "to the contact, select it in the form."
    ),
    ConfirmReason.UNCLEAR: N_(
        "We can't tell where the numbers end and the text begins. Separate recipients with commas."
    ),
    ConfirmReason.DISGUISED: N_(
        "A number has hidden characters that change how it looks. Check the number shown here."
    ),
    ConfirmReason.ADDS_UP: N_(
        "With your other messages of the last hour, this one needs a second person's approval."
    ),
}
EMOJI_REMOVED = N_("Emoji were removed because kwtSMS can't deliver them.")


def reason_text(reason: ConfirmReason, preview: Preview, say: Language) -> str:
    """The sentence about a reason, with the preview's own figures."""
    kinds = {one.kind for one in preview.report.changes} - {DIGIT}
    if reason is ConfirmReason.CHANGED and kinds == {EMOJI_KIND}:
        return say(EMOJI_REMOVED)
    if reason in REASON_TEXTS:
        return say(REASON_TEXTS[reason])
    return _counting_text(reason, preview, say)


def _counting_text(reason: ConfirmReason, preview: Preview, say: Language) -> str:
    if reason is ConfirmReason.MANY:
        count = len(preview.recipients)
        return say.plural(
            "You're sending to {count} person.", "You're sending to {count} people.", count
        )
    if reason is ConfirmReason.COSTLY:
        return say.plural(
            "This message costs {count} credit.",
            "This message costs {count} credits.",
            preview.credits,
        )
    if reason is ConfirmReason.INCOMPLETE:
        count = len(preview.problems) + len(preview.uncovered)
        return say.plural(
            "{count} recipient will be skipped.", "{count} recipients will be skipped.", count
        )
    report = preview.report
    if reason is ConfirmReason.SHORTCODE:
        return say.plural(
            "{names} is sent as typed, not as an emoji.",
            "{names} are sent as typed, not as emoji.",
            len(report.shortcodes),
            names=say.ltr(" ".join(report.shortcodes[: preview_details.MAX_LISTED])),
        )
    return say.plural(
        "With plain quotes and dashes, it takes {count} page.",
        "With plain quotes and dashes, it takes {count} pages.",
        pages(report.plainer if report.plainer is not None else report.cleaned),
    )


def confirm_reply(
    preview: Preview, reasons: tuple[ConfirmReason, ...], token: str, say: Language
) -> Reply:
    """The preview that the author confirms or discards."""
    buttons = [Button(action_ids.SEND_CONFIRM, confirm_label(preview, say), token, "primary")]
    if preview.report.plainer is not None:
        buttons.append(Button(action_ids.SEND_PLAINER, say("Use plain quotes"), token))
    buttons.append(Button(action_ids.SEND_DISCARD, say("Discard message"), token))
    return Reply(
        Severity.INFO,
        say("Review before sending"),
        tuple(reason_text(one, preview, say) for one in reasons),
        preview_details.preview_facts(preview, say),
        text_spans=preview_details.text_spans(preview.report, say),
        buttons=tuple(buttons),
    )


def approval_reply(draft: Draft, author: str, say: Language) -> Reply:
    """The request that a second person approves or rejects; `author` is a mention by id."""
    return Reply(
        Severity.WARNING,
        say("This SMS needs approval"),
        (say("Someone else with the bulk or admin role must approve it before it's sent."),),
        (
            (say("Requested by"), author),
            *draft_facts(draft, say),
            (say("Sender ID"), draft.message.sender_id),
            (say("Expires"), format_expiry(draft.expires_at, say)),
        ),
        text_spans=draft_text(draft),
        buttons=(
            Button(
                action_ids.SEND_APPROVE,
                say("Approve message"),
                draft.token,
                "primary",
                say("The message is sent and charged."),
            ),
            Button(action_ids.SEND_REFUSE, say("Reject message"), draft.token, "danger"),
        ),
    )


def draft_facts(draft: Draft, say: Language) -> tuple[tuple[str, str], ...]:
    """The recipients and the price of a draft, with the numbers masked for other readers."""
    message = draft.message
    return (
        (say("To"), preview_details.format_recipients(message.recipients, say)),
        (say("Cost"), preview_details.format_cost(message.pages, len(message.recipients), say)),
    )


def draft_text(draft: Draft) -> tuple[TextSpan, ...]:
    """The text of a draft as a single span: nothing is left to remove."""
    return (TextSpan(draft.message.text),)


def format_expiry(at: datetime, say: Language) -> str:
    """A date and time of day in Kuwait."""
    return say("{time} (Kuwait)", time=format_short_datetime(at, say))


def accepted_reply(message: Message, say: Language) -> Reply:
    """The reply to a message that the outbox has accepted."""
    return Reply(Severity.GOOD, say("Queued as {ref}.", ref=message.ref), accepted=message)


def expired_reply(say: Language) -> Reply:
    """The reply to a button whose draft is decided or has expired."""
    title = say("This request is no longer open.")
    details = (say("It was already decided, or it has expired. Nothing was done just now."),)
    return Reply(Severity.INFO, title, details)


def confirm_label(preview: Preview, say: Language) -> str:
    """The label of the send button: the price, or how many of the recipients are left."""
    total = len(preview.recipients) + len(preview.problems) + len(preview.uncovered)
    if total == len(preview.recipients):
        return send_label(preview.credits, say)
    return say("Send to {count} of {total}", count=len(preview.recipients), total=total)


def send_label(credits_needed: int, say: Language) -> str:
    """The label of the send button, with the price."""
    return say.plural("Send for {count} credit", "Send for {count} credits", credits_needed)
