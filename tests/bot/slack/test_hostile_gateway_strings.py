"""Strings of a hostile gateway on every surface: none becomes a mention or a link."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.slack.test_blocks import message, pending
from bot.slack.test_surfaces import assert_harmless, assert_view
from kwtsms_bot.balance.details import NoticeDetails, OutageDetails
from kwtsms_bot.balance.rules import NoticeKind
from kwtsms_bot.commands.base import Invocation
from kwtsms_bot.commands.policy import Person
from kwtsms_bot.commands.router import handle
from kwtsms_bot.i18n.translator import Language, language
from kwtsms_bot.outbox.message import Reason
from kwtsms_bot.outbox.states import State
from kwtsms_bot.slack import blocks
from kwtsms_bot.slack.cards import balance_blocks, card, details
from kwtsms_client import AsyncClient, Credentials
from kwtsms_client.rate_limiter import Pacer
from kwtsms_sandbox.slack.active_content import find_active_content
from kwtsms_sandbox.slack.demo_workspace import OPS, SARA
from support.bot import NUMBER, local_env, wait_for_text
from support.command_testbed import command_testbed
from support.database import AT, new_message
from support.hostile_gateway import MARKUP, hostile_gateway

WORD = f'"{MARKUP}"'
LISTS = f"[{WORD}]"
FIELDS = {
    "balance": {"available": "5", "purchased": WORD},
    "senderid": {"senderid": LISTS},
    "coverage": {"prefixes": '["965"]', "description": WORD},
    "validate": {"mobile": f'{{"OK":{LISTS},"ER":{LISTS},"NR":{LISTS}}}'},
    "send": {"msg-id": WORD, "points-charged": WORD, "balance-after": "-1000", "numbers": "-1"},
    "status": {"status": WORD, "description": WORD},
    "dlr": {"report": f'[{{"Number":{WORD},"Status":{WORD}}}]'},
}
REFUSAL = {"result": '"ERROR"', "code": WORD, "description": WORD}
ENDPOINTS = tuple(FIELDS)
ID = "0123456789abcdef" * 2
LINES = ("balance", "senders", "coverage", f"validate {NUMBER}", f"status {ID}", f"dlr {ID}",
         "doctor", "status", "history", f"send {NUMBER} hi")  # fmt: skip
both = pytest.mark.parametrize("say", [language("en"), language("ar")], ids=["en", "ar"])


@both
@pytest.mark.parametrize("state", State)
def test_a_card_shows_them_literally(state: State, say: Language) -> None:
    """The ID, the status, the code and the reason are text, in every state of the message."""
    made = replace(
        message("hi", state),
        gateway_ids=(MARKUP, MARKUP),
        status=MARKUP,
        status_at=AT,
        accepted_at=AT,
        reasons=(Reason(state, MARKUP[:20], MARKUP, AT), Reason(state, "ERR099", MARKUP, AT)),
        points=Decimal("3E+9"),
    )

    assert_harmless(card.render(made, say))
    assert_view(details.render(made, say))


@both
def test_a_balance_notice_shows_its_code_literally(say: Language) -> None:
    """The code with which the gateway refuses to report the balance is text."""
    details = NoticeDetails(outage=OutageDetails(AT, MARKUP, None))
    notice = pending(NoticeKind.UNREADABLE, details)

    for payload in (
        balance_blocks.render(notice, say),
        balance_blocks.render_for_admin(notice, MARKUP, say),
    ):
        assert_harmless(payload | {"text": payload["text"].replace("<!date", "")})


@both
@pytest.mark.parametrize("refuses", [False, True])
async def test_no_reply_to_a_command_has_a_mention(
    tmp_path: Path, say: Language, *, refuses: bool
) -> None:
    """Whatever the gateway answers or refuses, each command's reply shows it literally."""
    replies: dict[str, Any] = dict.fromkeys(ENDPOINTS, REFUSAL) if refuses else FIELDS
    async with (
        hostile_gateway(**replies) as gateway,
        command_testbed(tmp_path, access={"admin": {"users": [SARA.id]}}) as testbed,
        AsyncClient(Credentials("u", "p"), base_url=gateway.base_url, pacer=Pacer(0.0)) as client,
    ):
        context = replace(testbed.context, gateway=client)
        await context.outbox.intake.accept(new_message(author=SARA.id), AT)
        for line in LINES:
            request = Invocation(person=Person(SARA.id, OPS.id), say=say, key=line, text=line)
            reply = await handle(context, request)
            assert_harmless(blocks.reply(reply, say))


@pytest.mark.parametrize("refuses", [False, True])
async def test_nothing_in_the_channel_has_a_mention(tmp_path: Path, *, refuses: bool) -> None:
    """The card of a message, from Slack's side: no mention, no link, and the outcome is right."""
    replies: dict[str, Any] = dict.fromkeys(ENDPOINTS, REFUSAL) if refuses else FIELDS
    async with hostile_gateway(**replies) as gateway, local_env(tmp_path) as env:
        await env.stop_bot()
        await env.start_bot(kwtsms=env.sections["kwtsms"] | {"base_url": gateway.base_url})
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        shown = await wait_for_text(env, "rejected by kwtSMS" if refuses else "sent to 965")

    assert find_active_content(shown) == [f"@{SARA.id}"]
    assert gateway.sends == 1
