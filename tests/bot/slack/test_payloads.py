"""Unescaping of text that Slack has formatted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwtsms_bot.slack.blocks import escape
from kwtsms_bot.slack.payloads import unescape_text


@pytest.mark.parametrize(
    ("received", "typed"),
    [
        ("send 98765432 hi", "send 98765432 hi"),
        ("send <tel:+96598765432|+965 9876 5432> hi", "send +965 9876 5432 hi"),
        ("send <tel:+96598765432> hi", "send +96598765432 hi"),
        ("see <http://example.com|example.com>", "see example.com"),
        ("see <https://example.com/a?b=1&amp;c=2>", "see https://example.com/a?b=1&c=2"),
        ("to <mailto:a@example.com|a@example.com>", "to a@example.com"),
        ("ask <@U0123|sara> in <#C0123|ops>", "ask @sara in #ops"),
        ("wake <!subteam^S0123|@oncall>", "wake @oncall"),
        ("a &lt; b &amp;&amp; c &gt; d", "a < b && c > d"),
        ("typed &amp;lt; as it is", "typed &lt; as it is"),
        ("Tom &amp; Jerry &copy; &quot;", "Tom & Jerry &copy; &quot;"),
        ("line one\nline two", "line one\nline two"),
        ("", ""),
    ],
)
def test_a_text_is_read_as_it_was_typed(received: str, typed: str) -> None:
    """Slack's tokens and its three entities are undone, and everything else stays unchanged."""
    assert unescape_text(received) == typed


@given(st.text())
def test_what_is_escaped_comes_back(text: str) -> None:
    """Unescaping reverses escaping."""
    assert unescape_text(escape(text)) == text
