"""Texts for people who know neither Slack's ids nor kwtSMS's protocol."""

import json

import pytest

from kwtsms_bot.commands.error_replies import gateway_error_reply, paused_reply
from kwtsms_bot.i18n import gateway_texts
from kwtsms_bot.i18n.translator import ENGLISH
from kwtsms_bot.outbox.flow_control.kill_switch import ActivePause
from kwtsms_bot.outbox.store import SendingPaused
from kwtsms_bot.slack import blocks
from kwtsms_client import UnknownOutcome
from support.database import AT


@pytest.mark.parametrize(
    ("ours", "shown"),
    [
        ("The reply (HTTP 502) is not JSON.", "kwtSMS returned a server error (502)."),
        ("The reply (HTTP 503) is not a JSON object.", "kwtSMS returned a server error (503)."),
        ("The reply (HTTP 200) is not JSON.", "kwtSMS sent an answer that can't be read."),
        ("The reply is compressed, and broken.", "kwtSMS sent an answer that can't be read."),
        (
            "No connection to the gateway (All connection attempts failed).",
            "kwtSMS can't be reached (no connection).",
        ),
    ],
)
def test_an_error_is_shown_in_plain_words(ours: str, shown: str) -> None:
    """A message in Slack names neither JSON nor sockets."""
    assert gateway_texts.translate_text(ours, ENGLISH) == shown


def test_every_template_of_a_reply_has_plain_words() -> None:
    """The other texts name neither JSON nor HTTP."""
    left = [
        one
        for one in (*gateway_texts.TEMPLATES, *gateway_texts.PHRASES)
        if one not in gateway_texts.PLAIN_TEXTS
    ]

    assert [one for one in left if "JSON" in one or "HTTP" in one or "compressed" in one] == []


def test_the_reply_to_an_unreadable_answer_has_no_words_of_developers() -> None:
    """The whole reply is plain, not only its title."""
    reply = gateway_error_reply(UnknownOutcome("The reply (HTTP 502) is not JSON."), ENGLISH)

    assert "JSON" not in str(blocks.reply(reply))


def test_a_pause_mentions_who_paused() -> None:
    """Slack shows the person's name."""
    pause = ActivePause("U000YOUSEF", "", AT)
    shown = json.dumps(blocks.reply(paused_reply(SendingPaused(pause), "/sms", ENGLISH))["blocks"])

    assert '{"type": "user", "user_id": "U000YOUSEF"}' in shown
