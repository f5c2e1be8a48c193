"""A message's steps: each with its time, each decision, and what is still open."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.slack.test_blocks import message
from bot.slack.test_surfaces import assert_harmless, assert_view
from kwtsms_bot.i18n.translator import ENGLISH, Language, language
from kwtsms_bot.outbox.decision import Decision, DecisionKind
from kwtsms_bot.outbox.evidence import NOT_SENT
from kwtsms_bot.outbox.message import Message, Reason, StateCount
from kwtsms_bot.outbox.states import State
from kwtsms_bot.slack.cards import card, details
from kwtsms_sandbox.slack import Message as Shown
from kwtsms_sandbox.slack.plain_text import plain
from support.database import AT

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
ARABIC = language("ar")


def card_text(made: Message, say: Language = ENGLISH) -> str:
    """The card as plain text."""
    payload = card.render(made, say)
    return plain(Shown("1.1", "C1", "UBOT", payload["text"], tuple(payload["blocks"])))


def details_text(made: Message) -> str:
    """The details as plain text, each step on a line."""
    return plain(Shown("1.1", "C1", "UBOT", "", tuple(details.render(made, ENGLISH)["blocks"])))


def in_order(text: str, *parts: str) -> bool:
    """Whether the text contains these parts in order, whatever their case."""
    pattern = ".*".join(map(re.escape, parts))
    return re.search(pattern, text, re.DOTALL | re.IGNORECASE) is not None


def made(state: State = State.SENT, **changes: Any) -> Message:
    """A message in one state, with further changes."""
    known = {"sent_in_kuwait": False, "test": False} | changes
    return replace(message("hi", state), **known)


def test_a_message_that_kwtsms_passed_on_has_three_steps() -> None:
    """The details have three steps with times; only the last adds that Kuwait has no receipts."""
    waiting = made(accepted_at=AT + SECOND, status="queued", status_at=AT + 10 * SECOND)
    gone = replace(waiting, status="sent", passed_at=AT + 60 * SECOND, sent_in_kuwait=True)

    assert in_order(
        details_text(waiting), "Queued", "submitted to kwtSMS", "status at kwtSMS: queued"
    )
    assert in_order(details_text(gone), "Queued", "15:00", "submitted to kwtSMS", "handed to the")
    assert "tatus at kwtSMS" not in details_text(gone)
    found = ["don't confirm delivery" in details_text(one) for one in (waiting, gone)]
    assert found == [False, True]
    assert "don't confirm delivery" not in card_text(gone)


@pytest.mark.parametrize(
    ("state", "phrase"),
    [(State.DELIVERED, "delivered"), (State.UNDELIVERED, "not delivered")],
)
def test_the_outcome_abroad_is_the_last_step(state: State, phrase: str) -> None:
    """The outcome follows the carrier's step, with its date."""
    since = (StateCount(state, 1, AT + 20 * HOUR),)
    abroad = made(state, accepted_at=AT, passed_at=AT + SECOND, state_counts=since)

    assert in_order(details_text(abroad), "handed to the carrier", phrase, "24 Nov, 11:00")


def test_what_is_stuck_is_not_said_to_wait() -> None:
    """A stuck message does not show an earlier status of kwtSMS."""
    since = (StateCount(State.STUCK, 1, AT + HOUR),)
    stuck = made(State.STUCK, accepted_at=AT, status="queued", status_at=AT, state_counts=since)

    assert in_order(card_text(stuck), "submitted to kwtSMS", "stuck in kwtSMS's queue")
    assert "status at kwtSMS" not in card_text(stuck)


AGAIN = Decision(DecisionKind.SEND_AGAIN, "U2", AT + HOUR, 1)
AS_SENT = Decision(DecisionKind.TREAT_AS_SENT, "U2", AT + HOUR, 1)


def test_what_was_sent_again_had_an_earlier_attempt() -> None:
    """The details show who decided and when; the card says that both may have arrived."""
    again = made(
        decisions=(AGAIN,),
        unsure=2,
        lost_at=AT + 31 * SECOND,
        accepted_at=AT + HOUR + SECOND,
    )

    steps = ("Queued", "no answer from kwtSMS", "sent again by @U2", "16:00", "submitted to kwtSMS")
    assert in_order(details_text(again), *steps)
    assert "have cost up to 2 credits" in card_text(again)
    assert "earlier attempt" not in card_text(replace(again, unsure=0))  # After a late answer.


def test_a_message_marked_as_sent_is_not_shown_as_sent() -> None:
    """The card shows neither acceptance nor success, because kwtSMS has not confirmed it."""
    shown = card_text(
        made(decisions=(AS_SENT,), presumed_sent=1, unsure=1, lost_at=AT + 31 * SECOND)
    )

    assert "Marked as sent, not confirmed by kwtSMS" in shown.splitlines()[0]
    assert "Sent to" not in shown
    assert "submitted to kwtSMS" not in shown
    assert ":white_check_mark:" not in shown
    assert in_order(shown, "no answer", "marked as sent by @U2")


def test_a_message_marked_as_sent_shows_that_it_was_not() -> None:
    """A late answer is shown after the decision."""
    shown = card_text(made(decisions=(AS_SENT,), presumed_sent=1, evidence=(NOT_SENT,)))

    assert "kwtSMS answered late" in shown


def test_of_several_some_may_be_marked_as_sent() -> None:
    """The recipients that are marked as sent are counted separately."""
    several = replace(made(), state_counts=(StateCount(State.SENT, 5, AT),), presumed_sent=2)
    shown = card_text(replace(several, decisions=(replace(AS_SENT, recipients=2),)))

    assert "3 sent · 2 marked as sent, not confirmed by kwtSMS" in shown
    assert "2 marked as sent by @U2" in shown


def test_who_cancelled_is_shown_once() -> None:
    """The details name the person who cancelled, and do not repeat the state."""
    shown = details_text(
        made(State.CANCELLED, decisions=(Decision(DecisionKind.CANCEL, "U2", AT + HOUR, 1),))
    )

    assert in_order(shown, "Queued", "cancelled by @U2")
    assert shown.casefold().count("cancelled") == 2  # Once as the status.


@pytest.mark.parametrize("say", [ENGLISH, ARABIC], ids=["en", "ar"])
@pytest.mark.parametrize(
    ("code", "text"), [("ERR009", "The text is empty."), ("ERR999", ""), ("ERR026", "")]
)
def test_a_rejection_has_its_code(code: str, text: str, say: Language) -> None:
    """The code is shown beside its meaning, even if the meaning is unknown."""
    reason = Reason(State.REJECTED, code, text, AT)
    shown = card_text(made(State.REJECTED, reasons=(reason,)), say)

    assert code in shown
    if code == "ERR009" and say is ENGLISH:
        assert "The message is empty (ERR009)." in shown


@pytest.mark.parametrize("say", [ENGLISH, ARABIC], ids=["en", "ar"])
def test_a_long_story_of_hostile_names_is_harmless(say: Language) -> None:
    """Ids and statuses are shown literally, and ten decisions do not exceed Slack's limits."""
    evil = "<!channel> <@U00000SARA> *&lt;* " * 5
    what = [Decision(one, evil, AT + n * HOUR, n) for n in range(4) for one in DecisionKind]
    long = made(
        author=evil,
        decisions=tuple(what[:10]),
        lost_at=AT,
        accepted_at=AT,
        unsure=1,
        status=evil[:80],
        status_at=AT,
    )

    assert_harmless(card.render(long, say))
    assert_view(details.render(long, say))
