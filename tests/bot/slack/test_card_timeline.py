"""The card's timeline: each step with its time, each decision, and what is still open."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.slack.test_blocks import assert_harmless, message
from kwtsms_bot.i18n.translator import ENGLISH, Language, language
from kwtsms_bot.outbox.decision import Decision, DecisionKind
from kwtsms_bot.outbox.evidence import NOT_SENT
from kwtsms_bot.outbox.message import Message, Reason, StateCount
from kwtsms_bot.outbox.states import State
from kwtsms_bot.slack.cards import card
from kwtsms_sandbox.slack import Message as Shown
from kwtsms_sandbox.slack.plain_text import plain
from support.database import AT

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
NAMES = {"U2": "Sara"}
ARABIC = language("ar")


def card_text(made: Message, say: Language = ENGLISH) -> str:
    """The card as plain text."""
    payload = card.render(made, "yousef", say, names=NAMES)
    return plain(Shown("1.1", "C1", "UBOT", payload["text"], tuple(payload["blocks"])))


def in_order(text: str, *parts: str) -> bool:
    """Whether one line of the text contains these parts in order."""
    return any(
        all(one in line for one in parts) and [*parts] == sorted(parts, key=line.index)
        for line in text.splitlines()
    )


def made(state: State = State.SENT, **changes: Any) -> Message:
    """A message in one state, with further changes."""
    known = {"sent_in_kuwait": False, "test": False} | changes
    return replace(message("hi", state), **known)


def test_what_kwtsms_passed_on_is_with_the_operator() -> None:
    """The timeline has three steps with times; only the last adds that Kuwait has no receipts."""
    waiting = made(accepted_at=AT + SECOND, status="queued", status_at=AT + 10 * SECOND)
    gone = replace(waiting, status="sent", passed_at=AT + 60 * SECOND, sent_in_kuwait=True)

    assert in_order(card_text(waiting), "Queued", "given to kwtSMS", "kwtSMS says “queued”")
    assert in_order(
        card_text(gone), "Queued", "15:00:00", "given to kwtSMS", "15:00:01", "in the op"
    )
    assert "“sent”" not in card_text(gone)
    assert ["no receipt" in card_text(one) for one in (waiting, gone)] == [False, True]


@pytest.mark.parametrize(
    ("state", "phrase"),
    [(State.DELIVERED, "delivered to the phone"), (State.UNDELIVERED, "not delivered")],
)
def test_the_outcome_abroad_is_the_last_step(state: State, phrase: str) -> None:
    """The outcome follows the operator's step, with its date if the day differs."""
    since = (StateCount(state, 1, AT + 20 * HOUR),)
    abroad = made(state, accepted_at=AT, passed_at=AT + SECOND, state_counts=since)

    assert in_order(card_text(abroad), "in the operator's hands", phrase, "2026-11-24")


def test_what_is_stuck_is_not_said_to_wait() -> None:
    """A stuck message does not show an earlier status of kwtSMS."""
    since = (StateCount(State.STUCK, 1, AT + HOUR),)
    stuck = made(State.STUCK, accepted_at=AT, status="queued", status_at=AT, state_counts=since)

    assert in_order(card_text(stuck), "given to kwtSMS", "stuck in kwtSMS's queue")
    assert "“queued”" not in card_text(stuck)


AGAIN = Decision(DecisionKind.SEND_AGAIN, "U2", AT + HOUR, 1)
AS_SENT = Decision(DecisionKind.TREAT_AS_SENT, "U2", AT + HOUR, 1)


def test_what_was_sent_again_had_an_earlier_try() -> None:
    """The card shows who decided and when, that both may have arrived, and the new outcome."""
    again = made(
        decisions=(AGAIN,),
        unsure=2,
        lost_at=AT + 31 * SECOND,
        accepted_at=AT + HOUR + SECOND,
    )

    steps = ("Queued", "no answer from kwtSMS", "sent again by Sara", "16:00:00", "given to kwtSMS")
    assert in_order(card_text(again), *steps)
    assert "have cost up to 2 credits" in card_text(again)
    assert "earlier try" not in card_text(replace(again, unsure=0))  # After a late answer.


def test_a_message_treated_as_sent_is_not_shown_as_accepted() -> None:
    """The card shows neither acceptance nor success, because kwtSMS has not confirmed it."""
    shown = card_text(
        made(decisions=(AS_SENT,), presumed_sent=1, unsure=1, lost_at=AT + 31 * SECOND)
    )

    assert "Taken as sent, kwtSMS has not confirmed it" in shown.splitlines()[0]
    assert "ccepted by kwtSMS" not in shown
    assert "given to kwtSMS" not in shown
    assert ":white_check_mark:" not in shown
    assert in_order(shown, "no answer", "taken as sent by Sara")


def test_a_message_treated_as_sent_shows_that_it_was_not() -> None:
    """A late answer is shown after the decision."""
    shown = card_text(made(decisions=(AS_SENT,), presumed_sent=1, evidence=(NOT_SENT,)))

    assert "the answer came late" in shown


def test_of_several_some_may_be_treated_as_sent() -> None:
    """The recipients that are treated as sent are counted separately."""
    several = replace(made(), state_counts=(StateCount(State.SENT, 5, AT),), presumed_sent=2)
    shown = card_text(replace(several, decisions=(replace(AS_SENT, recipients=2),)))

    assert "3 accepted by kwtSMS · 2 taken as sent, kwtSMS has not confirmed it" in shown
    assert "2 taken as sent by Sara" in shown


def test_who_cancelled_is_shown_once() -> None:
    """The card names the person who cancelled, and does not repeat the state."""
    shown = card_text(
        made(State.CANCELLED, decisions=(Decision(DecisionKind.CANCEL, "U2", AT + HOUR, 1),))
    )

    assert in_order(shown, "Queued", "cancelled by Sara")
    assert shown.casefold().count("cancelled") == 2  # Once in the title.


@pytest.mark.parametrize("say", [ENGLISH, ARABIC], ids=["en", "ar"])
@pytest.mark.parametrize(
    ("code", "text"), [("ERR009", "The text is empty."), ("ERR999", ""), ("ERR026", "")]
)
def test_a_refusal_has_its_code(code: str, text: str, say: Language) -> None:
    """The code is shown beside its meaning, even if the meaning is unknown."""
    reason = Reason(State.REJECTED, code, text, AT)
    shown = card_text(made(State.REJECTED, reasons=(reason,)), say)

    assert code in shown
    if code == "ERR009" and say is ENGLISH:
        assert "The message is empty (ERR009)." in shown


@pytest.mark.parametrize(
    ("points", "left", "words"),
    [
        ("1", "999", "1 credit charged · 999 credits left"),
        ("2", "1", "2 credits charged · 1 credit left"),
        ("1.5", "1234.50", "1.5 credits charged · 1,234.5 credits left"),
    ],
)
def test_credits_are_words(points: str, left: str, words: str) -> None:
    """The figures have units."""
    assert words in card_text(made(points=Decimal(points), balance_after=Decimal(left)))


@pytest.mark.parametrize("say", [ENGLISH, ARABIC], ids=["en", "ar"])
def test_a_long_story_of_hostile_names_is_harmless(say: Language) -> None:
    """Names and statuses are shown literally, and ten decisions do not exceed Slack's limits."""
    evil = "<!channel> <@U00000SARA> *&lt;* " * 5
    what = [Decision(one, f"U{n}", AT + n * HOUR, n) for n in range(4) for one in DecisionKind]
    long = made(
        decisions=tuple(what[:10]),
        lost_at=AT,
        accepted_at=AT,
        unsure=1,
        status=evil[:80],
        status_at=AT,
    )
    names = dict.fromkeys((one.actor for one in what), evil)

    assert_harmless(card.render(long, evil, say, names=names))
