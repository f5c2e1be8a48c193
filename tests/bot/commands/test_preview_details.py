"""The preview of a message: its facts, and the reasons to confirm it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from kwtsms_bot.commands.send import preview_details, preview_reply
from kwtsms_bot.commands.send.preview import (
    ConfirmReason,
    Preview,
    confirm_reasons,
    refused_countries,
)
from kwtsms_bot.config import Limits
from kwtsms_bot.i18n.translator import ENGLISH, language
from kwtsms_client import Phone, inspect_message

ARABIC = language("ar")
ALI, MONA, NOURA = Phone("96598765432"), Phone("96590000001"), Phone("96555500100")
SMART = "It’s a very long message that goes over seventy characters, does it not?"
LIMITS = Limits(confirm_recipients=3, confirm_credits=4)


def preview(text: str = "hi", *recipients: Phone, **changes: Any) -> Preview:
    """A preview of a message, to one number by default."""
    return Preview(report=inspect_message(text), recipients=recipients or (ALI,), **changes)


def facts_of(shown: Preview) -> Mapping[str, str]:
    """The facts of a preview; values with the same name are joined."""
    found: dict[str, str] = {}
    for name, value in preview_details.preview_facts(shown, ENGLISH):
        found[name] = f"{found[name]}; {value}" if name in found else value
    return found


@pytest.mark.parametrize(
    ("shown", "name", "value"),
    [
        (preview(), "To", "+96598765432"),
        (preview("hi", ALI, MONA), "To", "+96598765432, +96590000001"),
        (preview("hi", NOURA, names={NOURA: "@noura"}), "To", "@noura (965•••••100)"),
        (preview("hi", ALI, MONA, masked=True), "To", "965•••••432, 965•••••001"),
        (preview(), "Cost", "1 credit (1 page)"),
        (preview("x" * 161), "Cost", "2 credits (2 pages)"),
        (preview("x" * 161, ALI, MONA), "Cost", "4 credits (2 pages × 2 recipients)"),
        (
            preview("hi", ALI, balance=Decimal(40)),
            "Cost",
            "1 credit (1 page) · Balance: 40",
        ),
        (
            preview("🔴🔴 down\u200b"),
            "Text",
            "Removed or converted: 2 × emoji, 1 × zero-width space",
        ),
        (preview("It’s é"), "Text", "’ limits each page to 70 characters."),
        (preview("It’s – é"), "Text", "’ – limit each page to 70 characters."),
        (preview("x" * 165), "Text", "Shorten by 5 characters to save a page."),
        (preview("م" * 71), "Text", "Shorten by 1 character to save a page."),
        (preview("م" * 135), "Text", "Shorten by 1 character to save a page."),
        (preview(problems=("no number",)), "Skipped", "no number"),
        (preview(uncovered=(MONA,)), "Skipped", "kwtSMS can't reach +96590000001."),
        (preview(duplicates=2), "Skipped", "Duplicate recipients: 2"),
        (
            preview(cooling_down=1),
            "Delay",
            "About 15 s: 1 number just received a message.",
        ),
    ],
)
def test_facts(shown: Preview, name: str, value: str) -> None:
    """The facts name the recipients, the cost and anything unusual."""
    assert facts_of(shown)[name] == value


def test_what_may_not_arrive_is_said() -> None:
    """The preview names characters that the gateway may not deliver."""
    assert "kwtSMS might not deliver ©." in facts_of(preview("© 2026"))["Text"]


def test_plain_quotes_are_offered_where_they_save_a_page() -> None:
    """The reply has a button for plain quotes if they save a page."""
    reasons = (ConfirmReason.SAVES_PAGES,)
    reply = preview_reply.confirm_reply(preview(SMART), reasons, "token", ENGLISH)

    assert reply.details == ("With plain quotes and dashes, it takes 1 page.",)
    assert [one.action for one in reply.buttons] == ["send_confirm", "send_plainer", "send_discard"]


def test_what_goes_to_others_is_masked() -> None:
    """An approver sees three masked numbers and the count of the others."""
    numbers = tuple(str(96590000000 + n) for n in range(5))

    assert (
        preview_details.format_recipients(numbers, ENGLISH)
        == "965•••••000, 965•••••001, 965•••••002 and 2 more"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a🔴b", [("a", False), ("🔴", True), ("b", False)]),
        ("a⚠️b", [("a", False), ("⚠", True), ("b", False)]),
        ("<b>x</b>", [("<b>", True), ("x", False), ("</b>", True)]),
        ("a\u200bb", [("a", False), ("⟨zero-width space⟩", True), ("b", False)]),
        ("1\u202e2", [("1", False), ("⟨direction mark⟩", True), ("2", False)]),
        ("1\x072", [("1", False), ("⟨control character⟩", True), ("2", False)]),
    ],
)
def test_removed_characters_are_visible_and_harmless(
    text: str, shown: list[tuple[str, bool]]
) -> None:
    """Removed parts are struck through, and a direction mark cannot reorder the text after it."""
    found = preview_details.text_spans(inspect_message(text), ENGLISH)

    assert [(one.text, one.removed) for one in found] == shown


@pytest.mark.parametrize(
    ("shown", "reason"),
    [
        (preview("hi", ALI, MONA, NOURA), ConfirmReason.MANY),
        (preview("x" * 154 * 4), ConfirmReason.COSTLY),
        (preview("hi", Phone("966512345678")), ConfirmReason.ABROAD),
        (preview(from_profiles=True), ConfirmReason.PROFILE),
        (preview(repeated=True), ConfirmReason.REPEATED),
        (preview(problems=("no number",)), ConfirmReason.INCOMPLETE),
        (preview(uncovered=(MONA,)), ConfirmReason.INCOMPLETE),
        (preview("Meeting in <b>room</b>"), ConfirmReason.CHANGED),
        (preview("down 🔴"), ConfirmReason.CHANGED),
        (preview(SMART), ConfirmReason.SAVES_PAGES),
        (preview(namesakes=("noura",)), ConfirmReason.NAMESAKE),
        (preview(unclear=True), ConfirmReason.UNCLEAR),
    ],
)
def test_each_reason_to_confirm_is_found(shown: Preview, reason: ConfirmReason) -> None:
    """Each reason is found alone and has a text in both languages."""
    texts = {preview_reply.reason_text(reason, shown, say) for say in (ENGLISH, ARABIC)}

    assert confirm_reasons(shown, LIMITS, "965") == (reason,)
    assert len(texts) == 2


@pytest.mark.parametrize(
    ("number", "countries", "refused"),
    [
        ("96598765432", ("965",), ()),
        ("966512345678", ("965",), ("966",)),
        ("79161234567", ("7",), ()),
        ("12425551234", ("1242",), ()),
        ("12025551234", ("1242",), ("1",)),
        ("93701234567", ("93",), ()),
        ("93701234567", ("all",), ()),
    ],
)
def test_which_countries_may_be_sent_to(
    number: str, countries: tuple[str, ...], refused: tuple[str, ...]
) -> None:
    """A number is allowed by the country code that it begins with, even if that code is unknown."""
    assert refused_countries((Phone(number),), Limits(countries=countries)) == refused


@pytest.mark.parametrize(
    "shown",
    [
        preview(),
        preview("hi", ALI, MONA),
        preview("x" * 160 + "y" * 299),
        preview("رمزك ١٢٣٤"),
        preview("It’s é"),
        preview(duplicates=1),
        preview(cooling_down=1),
    ],
)
def test_what_goes_at_once(shown: Preview) -> None:
    """A message below the limits, to Kuwait and unchanged by cleaning needs no confirmation."""
    assert confirm_reasons(shown, LIMITS, "965") == ()


def test_arabic_keeps_numbers_from_left_to_right() -> None:
    """A number in Arabic text is in a direction isolate, to keep its groups in order."""
    assert preview_details.format_recipients((ALI,), ARABIC) == "\u2066965•••••432\u2069"
    assert preview_details.format_named_recipients(preview(), ARABIC) == "\u2066+96598765432\u2069"
