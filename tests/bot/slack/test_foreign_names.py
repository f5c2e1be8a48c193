"""A name that somebody chose neither formats a message nor poses as another person."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kwtsms_bot.commands.mentions import mention
from kwtsms_bot.commands.send.preview_reply import approval_reply
from kwtsms_bot.i18n.foreign_text import clean_name, clean_text
from kwtsms_bot.i18n.gateway_texts import translate_status, translate_text
from kwtsms_bot.i18n.translator import ENGLISH, language
from kwtsms_bot.outbox.intake.draft import DraftKind
from kwtsms_bot.slack import blocks
from kwtsms_sandbox.slack import SARA
from support.command_testbed import command_testbed, draft

BIDI = [
    chr(code) for code in (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
]


@pytest.mark.parametrize("mark", BIDI, ids=ascii)
def test_direction_controls_are_removed(mark: str) -> None:
    """All controls of the writing direction are removed."""
    assert clean_name(f"{mark}Sa{mark}ra{mark}") == "Sara"
    assert clean_text(f"{mark}Sa{mark}ra{mark}") == "Sara"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Sara :white_check_mark:", "Sara"),
        ("::x:fire:", ""),
        (":+1::100: Sara", "Sara"),
        ("*Sara*", "∗Sara∗"),
        ("~Sara~ `Ahmad`", "∼Sara∼ ʼAhmadʼ"),
        ("Sara\n\u2028Approved", "Sara Approved"),
        ("Sara\u200b\u00ad\ufeff", "Sara"),
        ("x" * 200, "x" * 80),
        ("نورة العلي", "نورة العلي"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("sara_ahmad", "sara_ahmad"),
        ("O'Brien-Smith", "O'Brien-Smith"),
    ],
)
def test_a_name_formats_nothing(written: str, shown: str) -> None:
    """Emoji codes and invisible characters go, marks lose their meaning, names stay."""
    assert clean_name(written) == shown


def test_a_text_keeps_its_times_and_stars() -> None:
    """A text of kwtSMS loses emoji codes and controls, and keeps what only looks like them."""
    assert clean_text("*at 10:30:20* :fire: \u202eok") == "*at 10:30:20*  ok"


@pytest.mark.parametrize("say", [ENGLISH, language("ar")], ids=["en", "ar"])
def test_texts_of_the_gateway_are_cleaned(say: Any) -> None:
    """An unknown status or reason brings no control character and no emoji."""
    for shown in (
        translate_status("Odd\u202e :fire:", say),
        translate_text("Odd\u202e :fire:", say),
        translate_text("kwtSMS answered \u202e:fire:.", say),
    ):
        assert "\u202e" not in shown
        assert ":fire:" not in shown


@pytest.mark.parametrize("name", ["Yousef \u202e*CEO* :crown:", "\u202e:crown:", "Yousef (admin)"])
async def test_a_request_mentions_who_asks(tmp_path: Path, name: str) -> None:
    """A request for approval mentions its author by id; no block has their display name."""
    async with command_testbed(tmp_path) as testbed:
        testbed.slack.directory.put_user(replace(SARA, name=name, real_name=name))
        author = await mention(testbed.context, SARA.id)
        payload = blocks.reply(approval_reply(draft(DraftKind.APPROVE), author, ENGLISH), ENGLISH)

    elements = [
        one
        for block in payload["blocks"]
        if block["type"] == "rich_text"
        for section in block["elements"]
        for one in section["elements"]
    ]
    assert {"type": "user", "user_id": SARA.id} in elements
    assert name not in str(payload["blocks"])
    assert "\u202e" not in str(payload)
    assert ":crown:" not in str(payload)
