"""Everything the bot shows passes Slack's rules, and nothing a person typed comes alive."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from kwtsms_bot.alerts.balance import Kind, Level, Notice
from kwtsms_bot.alerts.store import Pending
from kwtsms_bot.commands.base import Reply, Tone
from kwtsms_bot.commands.router import unknown
from kwtsms_bot.commands.unknown import SEND_AGAIN
from kwtsms_bot.language import ENGLISH
from kwtsms_bot.outbox.message import Message, Place, Priority, Reason, Standing, State
from kwtsms_bot.slack import blocks, card, notices
from kwtsms_sandbox.slack import Message as Shown
from kwtsms_sandbox.slack import check
from kwtsms_sandbox.slack.live import live
from support.database import AT

HOSTILE = [
    "a",
    "<!channel> <!everyone> <@U00000SARA> <https://evil.example|here>",
    "&lt;!channel&gt; &amp;lt; *bold* _it_ ~no~ `code` ```block```",
    "\u202eright to left\u202c \u200f",
    "x" * 12_000,
    "م" * 469,
    "line\nline\n\n> quote\n- list",
]


def message(text: str, state: State, count: int = 1, reason: str | None = None) -> Message:
    """A message in one state."""
    return Message(
        id=1,
        ref="M7F3KQ2",
        source="slack",
        author="U1",
        team="T1",
        text=text,
        text_hash="",
        sender_id="MY-APP",
        priority=Priority.NORMAL,
        pages=1,
        test=True,
        created_at=AT,
        expires_at=AT + timedelta(hours=1),
        revision=1,
        shown_revision=0,
        place=Place("C1", None),
        first=tuple(f"965{90000000 + number}" for number in range(min(count, 3))),
        standings=(Standing(state, count, AT),),
        reasons=(Reason(state, None, reason, AT),) if reason else (),
        sent_at_home=state is State.SENT,
        gateway_ids=("f" * 32,),
        points=Decimal(count),
        balance_after=Decimal(1000),
    )


def assert_harmless(payload: dict[str, Any], own_mentions: int = 0) -> None:
    """Slack takes it, and nothing in it notifies or leads away."""
    assert check(payload["blocks"], "message") == []
    assert payload["text"]
    shown = Shown("1.1", "C1", "UBOT", payload["text"], tuple(payload["blocks"]))
    assert len(live(shown)) == own_mentions, live(shown)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:20])
@pytest.mark.parametrize("state", State)
def test_a_card_passes_slacks_rules_in_every_state(text: str, state: State) -> None:
    """Whatever the text, the author and the reason hold, the card is shown and harmless."""
    assert_harmless(card.render(message(text, state, reason=text[:500]), author=text[:80]))


def test_a_card_of_many_recipients_stays_small() -> None:
    """A bulk of thousands has a card like any other."""
    payload = card.render(message("hi", State.SENT, count=5000), author="sara")

    assert_harmless(payload)
    assert "4997 more" in str(payload)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:20])
@pytest.mark.parametrize("tone", Tone)
def test_an_answer_passes_slacks_rules(text: str, tone: Tone) -> None:
    """Title, details, facts and examples may hold whatever was typed."""
    assert_harmless(blocks.reply(Reply(tone, text, (text, text), ((text, text),), (text,))))


@pytest.mark.parametrize("typed", HOSTILE, ids=lambda text: text[:20])
def test_an_unknown_subcommand_is_repeated_harmlessly(typed: str) -> None:
    """What was typed is shown back as it stands."""
    assert_harmless(blocks.reply(unknown("/sms", typed, ENGLISH)))


@pytest.mark.parametrize("kind", Kind)
def test_a_warning_passes_slacks_rules(kind: Kind) -> None:
    """Each kind of warning can be posted."""
    notice = Notice(kind, Level.LOW, Decimal("1234.50"), Decimal(2000))
    payload = notices.render(Pending(1, "C1", notice, AT))

    assert_harmless(payload)
    assert "1,234.5 credits" in payload["text"]


def test_the_choice_is_offered_only_while_there_is_one() -> None:
    """Send again and Treat as sent stand on a card whose outcome is unknown, and on no other."""
    offered = {
        state for state in State if SEND_AGAIN in str(card.render(message("hi", state), "s"))
    }

    assert offered == {State.UNKNOWN}


def test_a_number_is_never_shown_whole() -> None:
    """Cards show masked numbers."""
    assert "90000000" not in str(card.render(message("hi", State.SENT), "sara"))
