"""The plain text of a Slack message, for each author and format."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwtsms_bot.slack.quoted_message import mentioned_users, message_text

NAMES = {"U0000NOURA": "Noura"}


def rich(*elements: dict[str, Any]) -> dict[str, Any]:
    """A message of a user in Slack's rich text format."""
    section = {"type": "rich_text_section", "elements": list(elements)}
    return {"text": "*ignored*", "blocks": [{"type": "rich_text", "elements": [section]}]}


LIST = {
    "blocks": [
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_list",
                    "elements": [
                        {"type": "rich_text_section", "elements": [{"type": "text", "text": "a"}]},
                        {"type": "rich_text_section", "elements": [{"type": "text", "text": "b"}]},
                    ],
                }
            ],
        }
    ]
}
SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "*db-2* is down"}}
FIELDS = {"type": "section", "fields": [{"type": "mrkdwn", "text": "Disk: 99 %"}]}


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (rich({"type": "text", "text": "down", "style": {"bold": True}}), "down"),
        (
            rich(
                {"type": "text", "text": "ask "},
                {"type": "user", "user_id": "U0000NOURA"},
                {"type": "emoji", "name": "fire"},
            ),
            "ask Noura",
        ),
        (
            rich(
                {"type": "text", "text": "97 % "},
                {"type": "emoji", "name": "fire", "unicode": "1f525"},
                {"type": "emoji", "name": "flag-kw", "unicode": "1f1f0-1f1fc"},
                {"type": "emoji", "name": "odd", "unicode": "ffffff-x"},
                {"type": "text", "text": " full"},
            ),
            "97 % 🔥🇰🇼 full",
        ),
        (
            rich({"type": "link", "url": "https://x.com/a", "text": "the link"}),
            "the link https://x.com/a",
        ),
        (rich({"type": "link", "url": "https://x.com"}), "https://x.com"),
        (LIST, "a\nb"),
        ({"text": "Ask <@U0000NOURA> &amp; <@U1|omar>"}, "Ask Noura & U1"),
        ({"text": "see <https://x.com/a|the link>"}, "see the link https://x.com/a"),
        ({"text": "see <https://x.com|x.com>"}, "see https://x.com"),
        ({"text": "", "blocks": [SECTION, FIELDS]}, "*db-2* is down\nDisk: 99 %"),
        (
            {"attachments": [{"title": "Alert", "text": "disk &gt; 90 %", "fallback": "x"}]},
            "Alert\ndisk > 90 %",
        ),
        ({"attachments": [{"fallback": "disk full"}]}, "disk full"),
        ({"attachments": [{"blocks": [SECTION]}]}, "*db-2* is down"),
        ({}, ""),
    ],
)
def test_a_message_is_quoted(message: dict[str, Any], text: str) -> None:
    """Text loses its formatting, links keep their URLs, and alerts give their content."""
    assert message_text(message, NAMES) == text


def test_people_are_found_to_be_named() -> None:
    """Each mentioned user is found once, wherever the mention is."""
    message = rich({"type": "user", "user_id": "U1"}) | {"text": "<@U1> <@U2|x>"}

    assert mentioned_users(message) == ("U1", "U2")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "text", "blocks", "elements", "attachments", "fields", "title"]
            ),
            inner | st.sampled_from(["rich_text", "section", "user", "link"]),
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["text", "blocks", "attachments"]), JSON))
def test_no_message_raises(message: dict[str, Any]) -> None:
    """Any message gives a text and its mentioned users."""
    assert isinstance(message_text(message, NAMES), str)
    assert isinstance(mentioned_users(message), tuple)
