"""Every message, form and Home view follows Slack's rules, and no typed markup becomes active.

Each is tested in both languages, with a minimal, a maximal and a hostile text.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from kwtsms_bot.commands import error_replies, router, status_text
from kwtsms_bot.commands.actions.support_text import support_text
from kwtsms_bot.commands.base import (
    Button,
    ChannelPost,
    File,
    Reply,
    Severity,
    SilenceForm,
    TextSpan,
)
from kwtsms_bot.commands.error_replies import database_error_reply, gateway_error_reply
from kwtsms_bot.commands.send import preview_reply
from kwtsms_bot.commands.send.preview import ConfirmReason, Preview
from kwtsms_bot.config import Phonebook
from kwtsms_bot.database import CommitUnknown, DatabaseError
from kwtsms_bot.i18n.translator import Language, language
from kwtsms_bot.outbox.delivery.rules import AcceptedCall
from kwtsms_bot.outbox.evidence import Evidence, Verdict
from kwtsms_bot.outbox.intake.draft import SOURCE, Draft, DraftKind
from kwtsms_bot.outbox.message import NewMessage
from kwtsms_bot.outbox.quota.limits import Limit, QuotaExceeded
from kwtsms_bot.outbox.states import State
from kwtsms_bot.outbox.store import ActivePause, SendingPaused
from kwtsms_bot.slack import app_home, blocks
from kwtsms_bot.slack.cards import card, details
from kwtsms_bot.slack.error_boundary import error_reply
from kwtsms_bot.slack.modals import silence_modal, views
from kwtsms_client import NotSent, Phone, UnknownOutcome, inspect_message
from kwtsms_client.errors import rejection
from kwtsms_sandbox.slack import Message as Shown
from kwtsms_sandbox.slack import check
from kwtsms_sandbox.slack.active_content import find_active_content
from kwtsms_sandbox.slack.blocks import check_view
from kwtsms_sandbox.slack.plain_text import plain
from support.database import AT

HOSTILE = (
    "a",
    "<!channel> <!everyone> <@U00000SARA> <https://evil.example|here> https://evil.example",
    "&lt;!channel&gt; &amp;lt; *bold* _it_ ~no~ `code` ```block```",
    "\u202eright to left\u202c \u200f",
    "x" * 12_000,
    "م" * 469,
    "line\nline\n\n> quote\n- list",
    "“quotes” — and 🎉 <b>tags</b>\u200b",
)
LANGUAGES = (language("en"), language("ar"))
everything = pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:20])
both = pytest.mark.parametrize("say", LANGUAGES, ids=lambda say: say.code)
PHONES = tuple(Phone(f"965{90000000 + n}") for n in range(5000))


def previews(text: str) -> Iterator[Preview]:
    """A minimal preview, and one with every possible remark."""
    plain = Preview(report=inspect_message(text), recipients=PHONES[:1])
    yield plain
    yield replace(
        plain,
        recipients=PHONES,
        problems=(text,) * 50,
        uncovered=PHONES[:20],
        duplicates=3,
        cooling_down=11,
        from_profiles=True,
        repeated=True,
        balance=Decimal(7),
    )


def draft(text: str) -> Draft:
    """A draft that waits for approval."""
    return Draft(
        token="t" * 32,
        kind=DraftKind.APPROVE,
        message=NewMessage(
            source=SOURCE,
            author="U1",
            team="T1",
            text=text,
            sender_id="MY-APP",
            recipients=PHONES,
            pages=7,
        ),
        channel="C1",
        locale="en",
        created_at=AT,
        expires_at=AT + timedelta(minutes=30),
    )


def replies(text: str, say: Language) -> Iterator[Reply]:
    """A reply of each kind."""
    for preview in previews(text):
        yield preview_reply.confirm_reply(preview, tuple(ConfirmReason), "t" * 32, say)
    yield preview_reply.approval_reply(draft(text), text, say)
    yield preview_reply.expired_reply(say)
    yield database_error_reply(DatabaseError(""), "/sms", say)
    yield database_error_reply(CommitUnknown(""), "/sms", say)
    yield router.unknown_command_reply("/sms", text, say)
    yield error_replies.paused_reply(SendingPaused(ActivePause("U1", text[:500], AT)), "/sms", say)
    yield error_reply(RuntimeError(text))
    for error in (rejection("ERR003", text[:500]), NotSent(text), UnknownOutcome(text)):
        yield gateway_error_reply(error, say)
    many = tuple((text[:200], text) for _ in range(20))
    yield Reply(
        Severity.ERROR,
        text,
        (text,) * 5,
        many,
        (text,),
        text_spans=(TextSpan(text), TextSpan(text, removed=True), TextSpan("")),
        buttons=(Button("message_check", say("Check status"), "M1", "danger", text[:300]),),
        file=File("a.csv", text),
        channel_post=ChannelPost("C1", Reply(Severity.INFO, text)),
    )


def assert_harmless(payload: dict[str, Any]) -> None:
    """Asserts that Slack accepts the message and that it contains no mention or link."""
    assert check(payload["blocks"], "message") == []
    assert 0 < len(payload["text"]) <= 4000
    shown = Shown("1.1", "C1", "UBOT", payload["text"], tuple(payload["blocks"]))
    assert set(find_active_content(shown)) <= {"U1", "@U1"}  # The author, by id.


def assert_view(view: dict[str, Any]) -> None:
    """Asserts that Slack accepts the modal or Home view and that it contains no mention or link."""
    assert check_view(view) == []
    shown = Shown("1.1", "C1", "UBOT", "", tuple(view["blocks"]))
    assert set(find_active_content(shown)) <= {"U1", "@U1"}  # The author, by id.


@both
@everything
def test_messages(text: str, say: Language) -> None:
    """Each answer, preview, approval request and apology is valid and harmless."""
    for reply in replies(text, say):
        assert_harmless(blocks.reply(reply, say))


@both
@everything
def test_forms(text: str, say: Language) -> None:
    """The form with and without a phone book, the preview, and each reply in a modal are valid."""
    contacts = {f"contact{n}": "+96598765432" for n in range(150)}
    groups = {f"group{n}": tuple(contacts)[:50] for n in range(20)}
    for book in (Phonebook(), Phonebook(contacts=contacts, groups=groups)):
        assert_view(views.send_form(views.ModalDefaults("C1", text, text), book, say))
    for preview in previews(text):
        shown = preview_reply.confirm_reply(preview, tuple(ConfirmReason), "t" * 32, say)
        label = preview_reply.send_label(preview.credits, say)
        assert_view(views.preview_form(shown, "t" * 32, say, label))
    for reply in replies(text, say):
        assert_view(views.reply_view(reply, say))
    for form in (SilenceForm(), SilenceForm("A7F3K", text)):
        assert_view(silence_modal.silence_form(form, say))
    assert_view(views.waiting_view("t" * 32, say("Send SMS"), say))
    assert_view(views.sentence_view(text, say("Send SMS"), say))


@pytest.mark.parametrize("count", [1, 100, 101, 300, 301])
def test_the_form_lists_the_phone_book_or_says_that_there_is_more(count: int) -> None:
    """Up to 300 names are in the menu; beyond that, its hint says so."""
    names = [f"contact{n}" for n in range(count)]
    book = Phonebook(contacts=dict.fromkeys(names, "+96598765432"))
    view = views.send_form(views.ModalDefaults(), book, LANGUAGES[0])
    (field,) = [one for one in view["blocks"] if one["block_id"] == views.CONTACTS]
    groups = field["element"].get("option_groups") or [field["element"]]
    listed = [option["value"] for group in groups for option in group["options"]]

    assert check_view(view) == []
    assert listed == names[:300]
    assert ("hint" in field) is (count > 300)


@both
@everything
def test_field_errors_fit(text: str, say: Language) -> None:
    """A field error is never empty and never too long."""
    for reply in replies(text, say):
        (sentence,) = views.field_error("text", reply)["errors"].values()
        assert 0 < len(sentence) <= views.MAX_FIELD_ERROR


@both
@everything
def test_home(text: str, say: Language) -> None:
    """Home is valid with any replies, with and without the permission to send."""
    answers = list(replies(text, say))
    for number, reply in enumerate(answers):
        sections = {say("Balance"): reply, say("Your recent messages"): answers[number - 1]}
        for may_send in (True, False):
            assert_view(app_home.home_view(sections, may_send=may_send, slash="/sms", say=say))


@both
@everything
@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("count", [1, 3, 250])
def test_cards(text: str, say: Language, state: State, count: int) -> None:
    """The card is valid in each state, for one number and for many."""
    from bot.slack.test_blocks import message  # noqa: PLC0415 - The same message as there.

    made = message(text, state, count=count, reason=text[:500])
    assert_harmless(card.render(made, say))
    assert_view(details.render(made, say))


@both
@pytest.mark.parametrize("before", [Decimal("1000.5"), None])
@pytest.mark.parametrize("verdict", Verdict)
def test_the_card_of_an_unknown_message_shows_the_balance_evidence(
    verdict: Verdict, before: Decimal | None, say: Language
) -> None:
    """Each verdict has its sentence in the user's language; a fourth call is only counted."""
    from bot.slack.test_blocks import message  # noqa: PLC0415 - The same message as there.

    found = Evidence(verdict, before, Decimal("999.5"), Decimal(3))
    made = message("hello", State.UNKNOWN, count=3, reason="")
    (sentence,) = status_text._evidence_texts(replace(made, evidence=(found,)), say)
    shown = [card.render(replace(made, evidence=(found,) * n), say) for n in (1, 4)]
    posted = [Shown("1.1", "C1", "UBOT", "", tuple(payload["blocks"])) for payload in shown]
    texts = [plain(one) for one in posted]

    for payload in shown:
        assert_harmless(payload)
    assert all(sentence in text for text in texts)
    weighed = verdict is not Verdict.NOT_SENT  # NOT_SENT comes from an answer, not from a balance.
    assert ("999.5" in sentence) is weighed
    assert ("1,000.5" in sentence) is (weighed and before is not None)
    more = say.plural("… and {count} more.", "… and {count} more.", 1)
    assert [more in text for text in texts] == [False, True]
    assert say(status_text.NO_EVIDENCE_YET) not in texts[0]


@both
@pytest.mark.parametrize("limit", Limit)
def test_a_limit_is_shown_with_its_end(limit: Limit, say: Language) -> None:
    """Each limit has its sentence and shows its end."""
    details = error_replies._limit_details(QuotaExceeded(limit, 5, 2, AT), say)

    assert len(details) == 3
    assert "15:00" in details[1]  # Noon in UTC.


def test_a_complaint_in_both_languages_has_what_kwtsms_asks_for() -> None:
    """The support text has account, sender ID and text, and per call its time, ID and numbers."""
    from bot.slack.test_blocks import message  # noqa: PLC0415 - The same message as there.

    made = message("the text", State.STUCK)
    first = ("f" * 32, "15:00", "96590000000")
    second = ("e" * 32, "16:00", "96590000001")
    calls = (
        AcceptedCall(first[0], AT, first[2:]),
        AcceptedCall(second[0], AT + timedelta(hours=1), second[2:]),
    )
    for code in ("en", "ar"):
        lines = support_text("acme", made, calls, code).splitlines()[1:]
        parts = ("acme", "MY-APP", *first, *second, "the text")
        assert all(part in line for line, part in zip(lines, parts, strict=True))
