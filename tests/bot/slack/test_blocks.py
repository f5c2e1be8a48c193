"""Everything that the bot shows follows Slack's rules, and no typed markup becomes active."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from kwtsms_bot.balance.details import NO_DETAILS, DailySummary, NoticeDetails, OutageDetails
from kwtsms_bot.balance.forecast import Forecast
from kwtsms_bot.balance.rules import BalanceLevel, BalanceNotice, NoticeKind
from kwtsms_bot.balance.store import PendingNotice
from kwtsms_bot.commands.action_ids import UNKNOWN_SEND_AGAIN, UNKNOWN_TREAT_AS_SENT
from kwtsms_bot.commands.base import Reply, Severity
from kwtsms_bot.commands.router import unknown_command_reply
from kwtsms_bot.i18n.translator import ENGLISH, Language, language
from kwtsms_bot.outbox.message import CardLocation, Message, Priority, Reason, StateCount
from kwtsms_bot.outbox.states import State
from kwtsms_bot.slack import blocks
from kwtsms_bot.slack.cards import balance_blocks, card
from kwtsms_sandbox.slack import Message as Shown
from kwtsms_sandbox.slack import check
from kwtsms_sandbox.slack.active_content import find_active_content
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
        card_location=CardLocation("C1", None),
        first_phones=tuple(f"965{90000000 + number}" for number in range(min(count, 3))),
        state_counts=(StateCount(state, count, AT),),
        reasons=(Reason(state, None, reason, AT),) if reason else (),
        sent_in_kuwait=state is State.SENT,
        gateway_ids=("f" * 32,),
        points=Decimal(count),
        balance_after=Decimal(1000),
    )


def assert_harmless(payload: dict[str, Any], own_mentions: int = 0) -> None:
    """Asserts that Slack accepts the payload and that it contains no mention or link."""
    assert check(payload["blocks"], "message") == []
    assert payload["text"]
    shown = Shown("1.1", "C1", "UBOT", payload["text"], tuple(payload["blocks"]))
    assert len(find_active_content(shown)) == own_mentions, find_active_content(shown)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:20])
@pytest.mark.parametrize("state", State)
def test_a_card_passes_slacks_rules_in_every_state(text: str, state: State) -> None:
    """For any text, author and reason, the card is accepted and harmless."""
    assert_harmless(card.render(message(text, state, reason=text[:500])), own_mentions=1)


def test_a_card_of_many_recipients_stays_small() -> None:
    """The card of a bulk to thousands of recipients stays short."""
    payload = card.render(message("hi", State.SENT, count=5000))

    assert_harmless(payload, own_mentions=1)
    assert "4997 more" in str(payload)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:20])
@pytest.mark.parametrize("severity", Severity)
def test_an_answer_passes_slacks_rules(text: str, severity: Severity) -> None:
    """Title, details, facts and examples may contain any typed text."""
    assert_harmless(blocks.reply(Reply(severity, text, (text, text), ((text, text),), (text,))))


@pytest.mark.parametrize("typed", HOSTILE, ids=lambda text: text[:20])
def test_an_unknown_subcommand_is_repeated_harmlessly(typed: str) -> None:
    """The typed text is repeated literally."""
    assert_harmless(blocks.reply(unknown_command_reply("/sms", typed, ENGLISH)))


DETAILS = NoticeDetails(
    Forecast(6, 9, 14),
    Decimal(182),
    Decimal(36),
    DailySummary(
        day=AT.date(),
        used=Decimal(45),
        sent=40,
        failed=2,
        unknown=1,
        sampled_at=AT,
        balances=tuple((AT.date() + timedelta(days=n), Decimal(1000 - n)) for n in range(25)),
    ),
)


def pending(kind: NoticeKind, details: NoticeDetails = NO_DETAILS) -> PendingNotice:
    """A pending notice."""
    return PendingNotice(
        1,
        "C1",
        BalanceNotice(kind, BalanceLevel.LOW, Decimal("1234.50"), Decimal(2000), details),
        AT,
    )


@pytest.mark.parametrize("say", [ENGLISH, language("ar")], ids=["en", "ar"])
@pytest.mark.parametrize("details", [NO_DETAILS, DETAILS, replace(DETAILS, daily_summary=None)])
@pytest.mark.parametrize("kind", [kind for kind in NoticeKind if kind is not NoticeKind.UNREADABLE])
def test_a_warning_passes_slacks_rules(
    kind: NoticeKind, details: NoticeDetails, say: Language
) -> None:
    """Each kind of notice, and the digest with its chart, can be posted in both languages."""
    payload = balance_blocks.render(pending(kind, details), say)

    assert_harmless(payload)
    assert "1,234.5" in payload["text"]


@pytest.mark.parametrize("say", [ENGLISH, language("ar")], ids=["en", "ar"])
@pytest.mark.parametrize("code", ["ERR003", "ERR999", ""])
@pytest.mark.parametrize("read_at", [AT, None])
def test_a_balance_that_cannot_be_read_passes_them_too(
    read_at: datetime | None, code: str, say: Language
) -> None:
    """The notice is valid with and without known details, also for admins with Slack's error."""
    notice = pending(NoticeKind.UNREADABLE, NoticeDetails(outage=OutageDetails(AT, code, read_at)))
    payload = balance_blocks.render_for_admin(notice, "channel_not_found", say)

    assert_harmless(payload)
    assert code in payload["text"]
    assert ("1,234.5" in payload["text"]) is (read_at is not None)
    assert "channel_not_found" in payload["text"]


def test_the_text_of_a_digest_says_all_that_its_blocks_say() -> None:
    """Without the chart, the text alone contains everything else."""
    text = balance_blocks.render(pending(NoticeKind.DIGEST, DETAILS))["text"]

    assert text.splitlines()[:-1] == [
        "SMS balance today: 1,234.5 credits",
        "Credits used yesterday: 45.",
        "Yesterday: 40 sent, 2 failed, 1 unknown.",
        "At this rate, your credits last about 9 days (6 to 14).",
        "Used outside this bot yesterday: 182 credits. If that's unexpected, change the API "
        "password at kwtsms.com.",
        "Held for test and stuck messages: up to 36 credits. To get them back, delete those "
        "messages from the queue at kwtsms.com.",
    ]
    assert text.splitlines()[-1].startswith("Checked <!date^")


def test_the_chart_draws_the_last_days() -> None:
    """The chart has as many days as Slack accepts, oldest first."""
    chart = balance_blocks.render(pending(NoticeKind.DIGEST, DETAILS))["blocks"][-2]

    points = chart["chart"]["series"][0]["data"]
    assert [points[0]["value"], points[-1]["value"]] == [995.0, 976.0]
    assert [point["label"] for point in points] == chart["chart"]["axis_config"]["categories"]


def test_a_single_day_is_not_drawn() -> None:
    """A line chart needs two points."""
    day = DETAILS.daily_summary
    assert day
    short = replace(DETAILS, daily_summary=replace(day, balances=day.balances[:1]))
    made = balance_blocks.render(pending(NoticeKind.DIGEST, short))["blocks"]

    assert [block["type"] for block in made] == ["section", "section", "context"]


def test_details_are_read_as_they_were_written() -> None:
    """Details are unchanged after they are stored as JSON."""
    assert NoticeDetails.from_json(DETAILS.to_json()) == DETAILS
    assert NoticeDetails.from_json(NO_DETAILS.to_json()) == NO_DETAILS
    for read_at in (AT, None):
        blind = NoticeDetails(outage=OutageDetails(AT, "ERR003", read_at))
        assert NoticeDetails.from_json(blind.to_json()) == blind


def test_the_decision_is_offered_only_while_there_is_one() -> None:
    """Send again and Mark as sent are on a card only if the outcome is unknown."""
    offered = {
        state for state in State if UNKNOWN_SEND_AGAIN in str(card.render(message("hi", state)))
    }

    assert offered == {State.UNKNOWN}


def test_what_is_erased_can_still_be_settled() -> None:
    """An erased message can be marked as sent, and its card says that it cannot be sent again."""
    shown = str(card.render(replace(message("hi", State.UNKNOWN), text=None)))

    assert UNKNOWN_SEND_AGAIN not in shown
    assert UNKNOWN_TREAT_AS_SENT in shown
    assert "can't be sent again" in shown


def test_a_number_is_never_shown_completely() -> None:
    """Cards show masked numbers only."""
    assert "90000000" not in str(card.render(message("hi", State.SENT)))
