"""Each surface in Arabic contains no English and no broken number.

`test_surfaces` builds the surfaces; here, their texts are checked.
"""

import ast
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import kwtsms_client
from bot.slack.test_blocks import DETAILS, message, pending
from bot.slack.test_surfaces import PHONES, previews, replies
from kwtsms_bot.balance.details import NO_DETAILS, NoticeDetails, OutageDetails
from kwtsms_bot.balance.forecast import Forecast
from kwtsms_bot.balance.rules import NoticeKind
from kwtsms_bot.commands import error_replies, status_text
from kwtsms_bot.commands.actions.support_text import support_text
from kwtsms_bot.commands.base import Reply, Severity, SilenceForm
from kwtsms_bot.commands.error_replies import gateway_error_reply
from kwtsms_bot.commands.send import preview_reply
from kwtsms_bot.commands.send.preview import ConfirmReason
from kwtsms_bot.commands.send.recipients import InvalidRecipient
from kwtsms_bot.config import Config, Phonebook
from kwtsms_bot.i18n import gateway_texts
from kwtsms_bot.i18n.translator import ENGLISH, language
from kwtsms_bot.outbox.delivery.rules import AcceptedCall
from kwtsms_bot.outbox.dispatch import retry
from kwtsms_bot.outbox.dispatch.lease_store import GONE_REASON
from kwtsms_bot.outbox.evidence import Evidence, Verdict
from kwtsms_bot.outbox.flow_control import circuit_breaker
from kwtsms_bot.outbox.flow_control.cooldown import COOLDOWN_REASON
from kwtsms_bot.outbox.message import Reason, StateCount
from kwtsms_bot.outbox.quota.limits import Limit, QuotaExceeded
from kwtsms_bot.outbox.retention.restore import RESTORED_REASON
from kwtsms_bot.outbox.states import State
from kwtsms_bot.slack import app_home, blocks
from kwtsms_bot.slack.cards import balance_blocks, card, details
from kwtsms_bot.slack.error_boundary import SORRY
from kwtsms_bot.slack.modals import silence_modal, views
from kwtsms_bot.slack.workflow_step import format_line
from kwtsms_client import API_ERRORS, KwtSMSError, NotSent, UnknownOutcome
from kwtsms_client.countries import COUNTRIES
from kwtsms_client.errors import rejection
from support.arabic import english, faults, torn
from support.database import AT

ARABIC = language("ar")
TEXT = "نجح النسخ الاحتياطي"
CODES = (*API_ERRORS, "ERR999")
# The reasons that the outbox itself stores for a recipient.
OURS = (
    COOLDOWN_REASON,
    GONE_REASON,
    RESTORED_REASON,
    circuit_breaker.OPEN_REASON,
    retry.STALLED_REASON,
    retry.UNREACHABLE_REASON,
)


def raised() -> Iterator[str]:
    """The client's texts for NotSent and UnknownOutcome, with a code for each formatted value."""
    for file in Path(kwtsms_client.__file__).parent.rglob("*.py"):
        tree = ast.parse(file.read_text())
        named = dict(_constants(tree))
        yield from (named[one] for one in ("TOO_LATE", "CLOSED") if one in named)
        calls = [one for one in ast.walk(tree) if isinstance(one, ast.Call) and one.args]
        for call in calls:
            if ast.unparse(call.func) in ("NotSent", "UnknownOutcome"):
                yield from _literal(call.args[0])


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            yield ast.unparse(node.targets[0]), str(node.value.value)


def _literal(said: ast.expr) -> Iterator[str]:
    if isinstance(said, ast.Constant):
        yield str(said.value)
    elif isinstance(said, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else "ERR999" for part in said.values)
        yield "".join(map(str, parts))


RAISED = sorted(set(raised()))


def cards(state: State) -> Iterator[dict[str, Any]]:
    """The cards in one state, for each possible reason."""
    for count in (1, 2, 3, 11, 250):
        yield card.render(message(TEXT, state, count), ARABIC)
    one = message(TEXT, state)
    for text in (*OURS, *RAISED):
        variant = replace(one, reasons=(Reason(state, None, text, AT),))
        yield card.render(variant, ARABIC)
    for code in CODES:
        words = rejection(code).description if code == "ERR999" else "The gateway's English"
        variant = replace(one, reasons=(Reason(state, code, words, AT),))
        yield card.render(variant, ARABIC)
    mixed = tuple(StateCount(each, 3, AT) for each in State)
    yield card.render(replace(one, state_counts=mixed, text=None), ARABIC)


def errors() -> Iterator[KwtSMSError]:
    """The errors that a request to kwtSMS can raise."""
    for code in CODES:
        words = "" if code == "ERR999" else "The gateway's English"
        yield rejection(code, words)
    for text in RAISED:
        yield NotSent(text)
        yield UnknownOutcome(text)


def answers() -> Iterator[Reply]:
    """A reply of each kind that needs no database."""
    for reply in replies(TEXT, ARABIC):
        if reply.title != SORRY:  # An apology is in both languages.
            yield reply
    for preview in previews(f"{TEXT} ١٢٣ “{TEXT}” — 🎉\u200b\u00a0"):
        yield preview_reply.confirm_reply(preview, tuple(ConfirmReason), "t" * 32, ARABIC)
    for error in errors():
        yield gateway_error_reply(error, ARABIC)
    invalid = [InvalidRecipient("+965 12", code) for code in ("", *COUNTRIES)]
    sentences = [
        one.explain(ARABIC) for one in (*invalid, InvalidRecipient("9876 5432 1", unclear=True))
    ]
    limits = [
        line
        for one in Limit
        for line in error_replies._limit_details(QuotaExceeded(one, 5, 2, AT), ARABIC)
    ]
    sentences += limits
    for at in range(0, len(sentences), 3):
        yield Reply(Severity.ERROR, TEXT, tuple(sentences[at : at + 3]))


@pytest.mark.parametrize("state", State)
def test_a_card_is_in_arabic(state: State) -> None:
    """Each state's card is Arabic for each stored reason, known code and unknown code."""
    for payload in cards(state):
        assert faults(payload) == []


@pytest.mark.parametrize("state", State)
def test_the_details_are_in_arabic(state: State) -> None:
    """The modal with a message's details is Arabic in each state."""
    full = replace(message(TEXT, state), accepted_at=AT, lost_at=AT, passed_at=AT)
    waiting = replace(full, passed_at=None, status="queued", status_at=AT)

    assert faults(details.render(full, ARABIC)) == []
    assert faults(details.render(waiting, ARABIC)) == []


def test_a_known_code_is_explained_in_our_words() -> None:
    """Known codes have our own texts; the gateway's texts are shown for unknown codes only."""
    known = Reason(State.REJECTED, "ERR026", "Country not activated", AT)
    strange = Reason(State.REJECTED, "ERR999", "Strange", AT)
    one = message(TEXT, State.REJECTED)
    explanations = [
        status_text.explanations(replace(one, reasons=(why,)), ENGLISH) for why in (known, strange)
    ]

    assert explanations[0][0] == "This country isn't active on the account (ERR026)."
    assert explanations[1][0] == "kwtSMS reports: Strange (ERR999)."


def test_the_balance_evidence_is_in_arabic() -> None:
    """Each verdict is explained in Arabic, with and without an earlier balance."""
    for verdict in Verdict:
        for before in (None, Decimal("1000.5")):
            found = (Evidence(verdict, before, Decimal("999.5"), Decimal(3)),) * 4
            unknown = replace(message(TEXT, State.UNKNOWN), evidence=found)
            assert faults(card.render(unknown, ARABIC)) == []


def test_an_answer_is_in_arabic() -> None:
    """A reply is Arabic as a message, modal, field error, Home section and workflow output."""
    for reply in answers():
        assert faults(blocks.reply(reply, ARABIC)) == []
        assert faults(views.reply_view(reply, ARABIC)) == []
        assert faults(views.field_error("text", reply)["errors"]["text"]) == []
        assert faults(format_line(reply, ARABIC)) == []
        sections = {ARABIC("Balance"): reply}
        assert faults(app_home.home_view(sections, may_send=True, slash="/sms", say=ARABIC)) == []


def test_a_form_is_in_arabic() -> None:
    """The send form, the preview and the waiting view are Arabic."""
    book = Phonebook(contacts={"سارة": "+96598765432"}, groups={"الدعم": ("سارة",)})
    preview = next(previews(TEXT))
    shown = preview_reply.confirm_reply(preview, tuple(ConfirmReason), "t" * 32, ARABIC)
    label = preview_reply.send_label(preview.credits, ARABIC)

    assert faults(views.send_form(views.ModalDefaults(), book, ARABIC)) == []
    assert faults(views.preview_form(shown, "t" * 32, ARABIC, label)) == []
    for form in (SilenceForm(), SilenceForm("S2K4M", "قرص ممتلئ")):
        found = faults(silence_modal.silence_form(form, ARABIC))
        assert [one for one in found if "shuwaikh" not in one] == []  # What people type.
    assert faults(views.waiting_view("t" * 32, ARABIC("Send SMS"), ARABIC)) == []
    assert faults(blocks.reply(views.not_opened_reply(ARABIC), ARABIC)) == []


@pytest.mark.parametrize("kind", NoticeKind)
def test_a_warning_is_in_arabic(kind: NoticeKind) -> None:
    """Each notice is Arabic, with all details and with none."""
    long = replace(DETAILS, forecast=Forecast(180, None, None))
    blind = [NoticeDetails(outage=OutageDetails(AT, code, AT)) for code in (*CODES, "")]
    for notice in (NO_DETAILS, DETAILS, long, replace(DETAILS, daily_summary=None), *blind):
        shown = balance_blocks.render_for_admin(pending(kind, notice), "channel_not_found", ARABIC)
        text = shown["text"].replace("channel_not_found", "")
        assert faults(text) == []
        for block in shown["blocks"][:-1]:
            assert faults(block) == []


def test_the_complaint_in_arabic_is_in_arabic() -> None:
    """The Arabic support text contains no English."""
    calls = (AcceptedCall("f4c841adee210f31307633ceaebff2ec", AT, PHONES[:3]),)
    complaint = support_text("ACCOUNT", message(TEXT, State.STUCK), calls, "ar")
    assert faults(complaint.replace("ACCOUNT", "")) == []


def test_configuration_warnings_are_in_arabic() -> None:
    """Home and `/sms doctor` show the warnings in Arabic, the command line in English."""
    config = Config.model_validate(
        {
            "slack": {"bot_token": "xoxb-1", "app_token": "xapp-1"},
            "kwtsms": {
                "username": "u",
                "password": "p",
                "sender_id": "KWT-SMS",
                "test_mode": True,
            },
            "alerts": {"balance": {"every": "10s"}},
        }
    )
    warnings = config.warnings(ARABIC)

    assert len(warnings) == len(config.warnings()) == 5
    for one in warnings:
        assert faults(one) == []


def test_an_unknown_sentence_is_isolated_completely() -> None:
    """External text is kept as it is, and isolated so that it breaks nothing."""
    translated = gateway_texts.translate_text("No connection to the gateway (+1 odd).", ARABIC)

    assert torn(translated) == []
    assert english(translated) == ["odd"]


@pytest.mark.parametrize("word", ["sent", "DELIVERED", "Received by recipient", "Blacklisted"])
def test_a_word_of_kwtsms_is_translated(word: str) -> None:
    """Status words of kwtSMS are translated regardless of case, and unchanged in English."""
    assert english(gateway_texts.translate_status(word, ARABIC)) == []
    assert gateway_texts.translate_status(word, ENGLISH) == word


def test_what_the_client_raises_is_found() -> None:
    """The list of texts is read from the client's code, so that a new text is tested, too."""
    assert "No answer came (ERR999)." in RAISED
    assert "There was no time left before the deadline." in RAISED
    assert len(RAISED) > 12


def test_the_oracle_has_teeth() -> None:
    """The checker finds English, inside isolates too, and broken numbers."""
    assert faults("لم يُرسل \u2066not sent\u2069") != []
    assert faults("الرقم +965") != []
    assert faults("الرقم \u2066+965\u2069: 965••432") != []
    assert faults("الرقم \u2066+965 9876\u2069 في kwtsms.com") == []
