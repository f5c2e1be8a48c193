"""The details of a preview: text, recipients and price. Pure."""

import re
from collections.abc import Mapping

from kwtsms_bot.balance.messages import format_credits
from kwtsms_bot.commands.base import TextSpan
from kwtsms_bot.commands.send.preview import Preview
from kwtsms_bot.commands.status_text import and_more, with_more
from kwtsms_bot.i18n.translator import Language
from kwtsms_client import MessageReport, Phone, mask
from kwtsms_client.text_report import describe_character
from kwtsms_client.text_rules.characters import CONTROL, CONTROL_KIND, HIDDEN, NAMES

MAX_MASKED = 3
MAX_LISTED = 10
_SELECTORS = re.compile("[\ufe00-\ufe0f\u20e3\U000e0000-\U000e007f]")  # Parts of an emoji.


def preview_facts(preview: Preview, say: Language) -> tuple[tuple[str, str], ...]:
    """The facts of a preview: recipients, price, and anything unusual."""
    found = [
        (say("To"), format_named_recipients(preview, say)),
        (say("Cost"), _format_price(preview, say)),
    ]
    found += [(say("Text"), note) for note in text_notes(preview.report, say)]
    found += [(say("Skipped"), sentence) for sentence in omissions(preview, say)]
    if preview.cooling_down:
        sentence = say.plural(
            "About 15 s: {count} number just received a message.",
            "About 15 s: {count} numbers just received a message.",
            preview.cooling_down,
        )
        found.append((say("Delay"), sentence))
    if preview.test:
        sentence = say("The message won't be delivered, and kwtSMS holds its credits.")
        found.append((say("Test mode"), sentence))
    return tuple(found)


def format_named_recipients(preview: Preview, say: Language) -> str:
    """The recipients as their author sees them: typed numbers whole, the others masked.

    Nobody else may see this. With `preview.masked`, all are masked.
    """
    if preview.masked:
        return format_recipients(preview.recipients, say)
    return _format_first(preview.recipients, MAX_LISTED, say, preview.names)


def format_recipients(recipients: tuple[str, ...], say: Language) -> str:
    """The first few numbers, masked for other readers, and how many more there are."""
    return _format_first(recipients, MAX_MASKED, say, None)


def format_cost(each: int, count: int, say: Language) -> str:
    """The price in credits, and how it comes about: `12 credits (2 pages × 6 recipients)`."""
    price = say.plural("{count} credit", "{count} credits", each * count)
    length = say.plural("{count} page", "{count} pages", each)
    if count == 1:
        return f"{price} ({length})"
    numbers = say.plural("{count} recipient", "{count} recipients", count)
    return f"{price} ({length} × {numbers})"


def text_notes(report: MessageReport, say: Language) -> list[str]:
    """Notes on what was changed in the text, what makes it long, and what would shorten it.

    What has to be confirmed is said above them: see `preview_reply.reason_text`.
    """
    notes = []
    if report.changes:
        what = say.join(f"{one.count} × {say(one.kind)}" for one in report.changes)
        notes.append(say("Removed or converted: {what}", what=what))
    if report.odd:
        shown = " ".join(_format_char(char, say) for char in report.odd[:MAX_LISTED])
        sentence = say.plural(
            "{characters} limits each page to 70 characters.",
            "{characters} limit each page to 70 characters.",
            len(report.odd),
            characters=shown,
        )
        notes.append(sentence)
    if report.risky:
        shown = " ".join(report.risky[:MAX_LISTED])
        notes.append(say("kwtSMS might not deliver {characters}.", characters=shown))
    if report.surplus and report.plainer is None:
        notes.append(_surplus_note(report, say))
    return notes


def omissions(preview: Preview, say: Language) -> list[str]:
    """Sentences about the recipients that are left out or named twice."""
    found = list(preview.problems[:MAX_LISTED])
    if len(preview.problems) > MAX_LISTED:
        found.append(and_more(len(preview.problems) - MAX_LISTED, say))
    if preview.uncovered:
        numbers = _format_first(preview.uncovered, MAX_LISTED, say, preview.names)
        found.append(say("kwtSMS can't reach {numbers}.", numbers=numbers))
    if preview.duplicates:
        found.append(say("Duplicate recipients: {count}", count=preview.duplicates))
    return found


def text_spans(report: MessageReport, say: Language) -> tuple[TextSpan, ...]:
    """The text as the phone will show it, with the removed parts in between, made visible.

    An invisible character would take effect here too: a direction mark reverses a price.
    """
    return tuple(
        TextSpan(_make_visible(one.text, say) if one.removed else one.text, one.removed)
        for one in report.segments
    )


def _format_price(preview: Preview, say: Language) -> str:
    price = format_cost(preview.report.pages, len(preview.recipients), say)
    if preview.balance is None:
        return price
    balance = say("Balance: {balance}", balance=format_credits(preview.balance))
    return f"{price} · {balance}"


def _format_first(
    recipients: tuple[str, ...], most: int, say: Language, names: Mapping[Phone, str] | None
) -> str:
    first = say.join(_format_recipient(Phone(one), say, names) for one in recipients[:most])
    return with_more(first, len(recipients) - most, say)


def _format_recipient(number: Phone, say: Language, names: Mapping[Phone, str] | None) -> str:
    if names is None:
        return say.ltr(mask(number))
    name = names.get(number)
    return f"{say.inline(name)} ({say.ltr(mask(number))})" if name else say.ltr(f"+{number}")


def _format_char(char: str, say: Language) -> str:
    name = describe_character(char)
    return char if name == char else f"⟨{say(name)}⟩"


def _surplus_note(report: MessageReport, say: Language) -> str:
    return say.plural(
        "Shorten by {count} character to save a page.",
        "Shorten by {count} characters to save a page.",
        report.surplus,
    )


def _make_visible(removed: str, say: Language) -> str:
    """Replaces invisible characters by their names, so that they show and have no effect."""
    return "".join(_visible_char(char, say) for char in _SELECTORS.sub("", removed))


def _visible_char(char: str, say: Language) -> str:
    if not (HIDDEN.match(char) or CONTROL.match(char)):
        return char
    return f"⟨{say(NAMES.get(char, CONTROL_KIND))}⟩"
