"""Finding mentions and links anywhere in a message."""

from typing import Any

import pytest

from kwtsms_sandbox.slack import OPS, Message, find_active_content
from support.blockkit import actions, button, plain_text, section


def active_content_of(*blocks: Any, text: str = "") -> list[str]:
    """Returns the active content of a message with these blocks."""
    return find_active_content(Message("1.0", OPS.id, "U0", text, blocks))


def rich(*elements: Any) -> dict[str, Any]:
    """Returns a rich text block with one section."""
    part = {"type": "rich_text_section", "elements": list(elements)}
    return {"type": "rich_text", "elements": [part]}


@pytest.mark.parametrize(
    ("block", "tokens"),
    [
        (section("<!channel> <@U1> <https://x.io|x>"), ["!channel", "@U1", "https://x.io"]),
        (section("&lt;!channel&gt; @channel"), []),
        (section("see https://x.io"), ["https://x.io"]),
        ({"type": "section", "fields": [{"type": "mrkdwn", "text": "<!here>"}]}, ["!here"]),
        (
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "x", "verbatim": True}]},
            [],
        ),
        ({"type": "markdown", "text": "<!channel>"}, ["!channel"]),
        (actions(button("<!channel>", value="https://x.io")), []),
        ({"type": "header", "text": plain_text("<!channel> https://x.io")}, []),
        (rich({"type": "text", "text": "<!channel> https://x.io"}), []),
        (rich({"type": "broadcast", "range": "channel"}), ["channel"]),
        (rich({"type": "user", "user_id": "U1"}, {"type": "link", "url": "x"}), ["U1", "x"]),
    ],
)
def test_only_what_slack_would_execute_is_active(block: Any, tokens: list[str]) -> None:
    """Mark-up and rich text elements are active; plain text and text in rich text are not."""
    assert active_content_of(block) == tokens


def test_verbatim_keeps_addresses_as_they_are() -> None:
    """A bare address becomes a link unless the text object says verbatim."""
    text = {"type": "mrkdwn", "text": "https://x.io"}

    assert active_content_of({"type": "section", "text": text}) == ["https://x.io"]
    assert active_content_of({"type": "section", "text": {**text, "verbatim": True}}) == []


def test_the_notification_text_counts_too() -> None:
    """Behind blocks the text's mentions still notify, but its links are not shown."""
    assert active_content_of(section("a"), text="<!here> https://x.io") == ["!here"]
    assert active_content_of(text="<!here> https://x.io") == ["!here", "https://x.io"]
