"""Cards are light: two lines after a success, more only where a person has to act."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bot.slack.test_blocks import message
from kwtsms_bot.i18n.translator import ENGLISH, language
from kwtsms_bot.outbox.message import Message, Reason, StateCount
from kwtsms_bot.outbox.states import State
from kwtsms_bot.slack.cards import card, details
from kwtsms_bot.slack.ids import MESSAGE_MENU
from kwtsms_sandbox.slack import Message as Shown
from kwtsms_sandbox.slack.plain_text import plain
from support.database import AT

SHORT = "Backup failed on db-2: the disk is full. Please look at it.."
ARABIC = language("ar")


def sent(text: str = SHORT, **changes: Any) -> Message:
    """A message that was sent to one number."""
    return replace(message(text, State.SENT), test=False, **changes)


def options(payload: dict[str, Any]) -> list[str]:
    """The labels behind the three dots."""
    return [one["text"]["text"] for one in payload["blocks"][0]["accessory"]["options"]]


def buttons(payload: dict[str, Any]) -> list[str]:
    """The labels of the card's buttons."""
    rows = [one["elements"] for one in payload["blocks"] if one["type"] == "actions"]
    return [button["text"]["text"] for row in rows for button in row]


def test_a_short_sms_is_two_lines() -> None:
    """A sent SMS of 60 characters to one person is one section with an overflow menu."""
    payload = card.render(sent())

    (block,) = payload["blocks"]
    assert len(SHORT) == 60
    assert block["type"] == "section"
    assert block["text"]["text"].splitlines() == [
        ":white_check_mark: *Sent to 965•••••000* · 1 credit · by <@U1>",
        f"> {SHORT}",
    ]
    assert block["accessory"]["type"] == "overflow"
    assert block["accessory"]["action_id"] == MESSAGE_MENU
    assert options(payload) == ["Show details", "Check status", "Get support text"]
    assert payload["text"] == "Sent to 965•••••000"


@pytest.mark.parametrize(
    "text",
    [
        "*disk* _full_ ~now~",
        "run `df`",
        "all fine :white_check_mark:",
        "> quoted",
        "1. first",
        "- item",
        "a\n• b",
    ],
)
def test_slack_does_not_format_a_short_text(text: str) -> None:
    """A text that Slack would format is plain text in the same block."""
    (block,) = card.render(sent(text))["blocks"]

    assert text not in block["text"]["text"]
    assert block["fields"] == [{"type": "plain_text", "text": text, "emoji": False}]


def test_a_long_text_has_a_block_of_its_own() -> None:
    """More than a page is quoted below the title."""
    made = card.render(sent("x" * 200))["blocks"]

    assert [one["type"] for one in made] == ["section", "rich_text"]


def test_a_test_message_says_so() -> None:
    """The card of a test message says that it is not delivered."""
    first = card.render(message("hi", State.SENT))["blocks"][0]["text"]["text"]

    assert "· test mode, not delivered ·" in first


def test_a_queued_message_can_be_cancelled_from_the_menu() -> None:
    """A message that waits only a moment has no button of its own."""
    payload = card.render(replace(message("hi", State.QUEUED), points=None, gateway_ids=()))

    assert len(payload["blocks"]) == 1
    assert options(payload) == ["Show details", "Cancel message"]


def test_a_message_that_waits_says_why_and_can_be_cancelled() -> None:
    """A reason and the next attempt are on the card, with the button."""
    reason = Reason(State.QUEUED, None, "It was sent to a moment ago.", AT)
    payload = card.render(replace(message("hi", State.QUEUED), reasons=(reason,)))

    assert buttons(payload) == ["Cancel message"]
    assert "Next attempt" in str(payload)
    assert options(payload) == ["Show details"]


@pytest.mark.parametrize(
    ("state", "labels"),
    [
        (State.UNKNOWN, ["Send again", "Mark as sent"]),
        (State.STUCK, ["Check status", "Get support text"]),
        (State.UNDELIVERED, ["Check status", "Get support text"]),
        (State.REJECTED, []),
        (State.SENT, []),
    ],
)
def test_what_needs_a_person_has_buttons(state: State, labels: list[str]) -> None:
    """The buttons are those that help in this state; the menu does not repeat them."""
    payload = card.render(message("hi", state))

    assert buttons(payload) == labels
    assert not set(options(payload)) & set(labels)


def test_a_bulk_card_shows_its_progress_only_while_it_runs() -> None:
    """A bar, while recipients are waiting; two lines once all is sent."""
    counts = (StateCount(State.QUEUED, 600, AT), StateCount(State.SENT, 400, AT))
    running = replace(message("hi", State.SENT, count=1000), state_counts=counts)
    done = message("hi", State.SENT, count=1000)

    assert "400 of 1,000 done" in str(card.render(running))
    assert len(card.render(done)["blocks"]) == 1


def test_failed_numbers_can_be_downloaded() -> None:
    """A message to several people offers the list of the numbers that failed."""
    payload = card.render(message("hi", State.REJECTED, count=3))

    assert buttons(payload) == ["Download failed numbers"]


@pytest.mark.parametrize(
    ("points", "left", "words"),
    [
        ("1", "999", ("Cost: 1 credit", "Balance after: 999 credits")),
        ("2", "1", ("Cost: 2 credits", "Balance after: 1 credit")),
        ("1.5", "1234.50", ("Cost: 1.5 credits", "Balance after: 1,234.5 credits")),
    ],
)
def test_the_details_have_what_the_card_leaves_out(
    points: str, left: str, words: tuple[str, str]
) -> None:
    """Sender ID, ids, cost and balance are in the modal."""
    made = sent(points=Decimal(points), balance_after=Decimal(left))
    view = details.render(made, ENGLISH)
    shown = plain(Shown("1.1", "C1", "UBOT", "", tuple(view["blocks"])))

    assert view["title"]["text"] == "Message M7F3KQ2"
    for line in ("Sender ID: MY-APP", "ID: M7F3KQ2", "f" * 32, *words):
        assert line in shown


def test_an_arabic_card_isolates_what_runs_from_left_to_right() -> None:
    """The number and the mention do not reorder the Arabic title."""
    (block,) = card.render(sent("نجح النسخ الاحتياطي"), ARABIC)["blocks"]

    assert "أُرسلت إلى \u2066965•••••000\u2069" in block["text"]["text"]
    assert "\u2068<@U1>\u2069" in block["text"]["text"]
