"""Conversion of a typed line, as by Slack."""

import pytest

from kwtsms_sandbox.slack.demo_workspace import demo_directory
from kwtsms_sandbox.slack.escape_typed import escape_typed
from kwtsms_sandbox.slack.shortcodes import to_emoji, to_shortcodes


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("balance", "balance"),
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("&lt;", "&amp;lt;"),
        ("send @sara hi", "send <@U00000SARA|sara> hi"),
        ("send @nobody hi", "send @nobody hi"),
        ("send @oncall hi", "send <!subteam^S000ONCALL|@oncall> hi"),
        ("tell @channel", "tell <!channel>"),
        ("see #ops and #nosuch", "see <#C0000000OP|ops> and #nosuch"),
        ("a@b.com", "<mailto:a@b.com|a@b.com>"),
        ("look https://x.io/a?b=1&c=2.", "look <https://x.io/a?b=1&amp;c=2>."),
        ("look example.com", "look <http://example.com|example.com>"),
        ("+965 9876 5432 hi", "<tel:+96598765432|+965 9876 5432> hi"),
        (
            "+96598765432,+96598765433",
            "<tel:+96598765432|+96598765432>,<tel:+96598765433|+96598765433>",
        ),
        ("98765432 hi", "98765432 hi"),
        ("٩٨٧٦٥٤٣٢ مرحبا", "٩٨٧٦٥٤٣٢ مرحبا"),
        ("<!channel>", "&lt;!channel&gt;"),
        ("send 98765432 🔥 Disk full", "send 98765432 :fire: Disk full"),
        (
            "👋🏽 🇰🇼 1️⃣ ☝🏽 👨‍👩‍👧",
            ":wave::skin-tone-4: :flag-kw: :one: :point_up::skin-tone-4: :man-woman-girl:",
        ),
        ("🧑🏻‍🤝‍🧑🏿 🏽", ":people_holding_hands::skin-tone-2-6: :skin-tone-4:"),
        ("© ™ 5 # ❤", "© ™ 5 # ❤"),
        (":fire: 10:30:45 ::", ":fire: 10:30:45 ::"),
        ("@sara 🔥<", "<@U00000SARA|sara> :fire:&lt;"),
        ("“smart” quotes’ \n lines", "“smart” quotes’ \n lines"),
    ],
)
def test_tokens_and_entities(typed: str, sent: str) -> None:
    """With should_escape names, links and numbers become tokens; three signs become entities."""
    assert escape_typed(typed, demo_directory()) == sent


def test_without_should_escape_only_entities() -> None:
    """Without should_escape names and numbers stay as they were typed, but emoji do not."""
    line = escape_typed("send @sara <b> +96598765432 🔥", demo_directory(), should_escape=False)

    assert line == "send @sara &lt;b&gt; +96598765432 :fire:"


def test_shortcodes_become_emoji_again() -> None:
    """The page shows a person's message as Slack's window does."""
    typed = "🔥 Disk full 🇰🇼, :our-logo: ✅"

    assert to_emoji(to_shortcodes(typed)) == typed
