"""The replies of every command and button to an Arabic-speaking user, checked for English."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from kwtsms_bot.commands.actions import resolve_unknown, table
from kwtsms_bot.commands.actions.approve import pop_expired
from kwtsms_bot.commands.base import ButtonPress, Invocation, Reply, Severity
from kwtsms_bot.commands.policy import Person
from kwtsms_bot.commands.router import COMMANDS, handle
from kwtsms_bot.i18n.translator import language
from kwtsms_bot.outbox.dispatch.lease_store import GONE_REASON
from kwtsms_bot.outbox.intake.draft import SOURCE, Draft, DraftKind
from kwtsms_bot.outbox.message import NewMessage
from kwtsms_bot.slack import blocks
from kwtsms_client import AsyncClient, Credentials
from kwtsms_client.rate_limiter import Pacer
from kwtsms_sandbox.gateway.fault_plan import Fault
from kwtsms_sandbox.slack import OPS
from support.arabic import faults
from support.command_testbed import CommandTestbed, command_testbed
from support.database import AT, new_message

ARABIC = language("ar")
ADMIN, SENDER, READER, NOBODY = "UADMIN", "USENDER", "UREADER", "UNOBODY"
ACCESS = {
    "admin": {"users": [ADMIN]},
    "sender": {"users": [SENDER]},
    "reader": {"users": [READER]},
}
LIMITS = {"messages_per_hour": 3, "approve_credits": 30, "countries": ["965", "966"]}
PHONEBOOK = {"contacts": {"سارة": "+96598765432"}, "groups": {"الدعم": ["سارة"]}}
TEXT = "نجح النسخ الاحتياطي"
MANY = ", ".join(str(96590000000 + number) for number in range(20))
ID = "0123456789abcdef" * 2
TYPED = (
    "", "help", "whoami", "senders", "coverage", "balance", "doctor", "history", "history all",
    "status", "status M0000000", f"status {ID}", "dlr", f"dlr {ID}", "validate",
    "validate 98765432, 55", "validate 98765432", "validate @سارة", f"validate {MANY}",
    "cancel", "cancel", f"cancel {ID}", "ارسال", "98765432 مرحبا",
    "send", "send 55 مرحبا", "send 55, 77 مرحبا", "send 98765432", "send 98765432 🎉",
    f"send 98765432 {'م' * 470}", "send 4915112345678 مرحبا", "send +4915112345678 مرحبا",
    "send +966512345678 مرحبا", f"send {MANY} {TEXT}", f"send @سارة {TEXT}", "send @غيرها مرحبا",
    f"send 98765432 {TEXT}", f"send 98765432 {TEXT}", "status", "dlr", "history", "cancel",
    f"send 98765433 {TEXT}", f"send 98765434 {TEXT}", f"send 98765435 {TEXT}",
    "pause صيانة", "pause", f"send 98765436 {TEXT}", "resume", "resume",
    "alerts", "ack", "unack", "resolve", "integrations", "test-alert", "oncall",
    "drill", "silence", "silences", "unsilence",
)  # fmt: skip

QUERIES = ("balance", "doctor", f"status {ID}", f"dlr {ID}", "validate 98765432")


@asynccontextmanager
async def open_testbed(folder: Path, **changes: Any) -> AsyncIterator[CommandTestbed]:
    """A testbed whose requests to kwtSMS are not paced."""
    alerts: dict[str, Any] = {}  # Without a target for balance notices, the doctor has a warning.
    sections = {
        "access": ACCESS,
        "limits": LIMITS,
        "phonebook": PHONEBOOK,
        "alerts": alerts,
        **changes,
    }
    async with command_testbed(folder, **sections) as testbed:
        settings = testbed.context.config.kwtsms
        credentials = Credentials(settings.username, settings.password.get_secret_value())
        pacer = Pacer(0.0)
        async with AsyncClient(credentials, base_url=settings.base_url, pacer=pacer) as quick:
            testbed.context = replace(testbed.context, gateway=quick)
            yield testbed


def wrong(replies: Sequence[Reply]) -> list[str]:
    """The faults in these replies: English text, or broken direction."""
    return [fault for reply in replies for fault in faults(blocks.reply(reply, ARABIC)["blocks"])]


def draft(kind: DraftKind) -> Draft:
    """A draft of the sender's that waits for confirmation or approval."""
    return Draft(
        token=f"token-{kind}",
        kind=kind,
        message=NewMessage(
            source=SOURCE,
            author=SENDER,
            team="",
            text=TEXT,
            sender_id="MY-APP",
            recipients=("96598765432", "96598765433"),
            pages=1,
        ),
        channel=OPS.id,
        locale="ar",
        created_at=AT,
        expires_at=AT + timedelta(minutes=10),
    )


@pytest.mark.parametrize("who", [ADMIN, SENDER, READER, NOBODY])
async def test_a_command_answers_in_arabic(tmp_path: Path, who: str) -> None:
    """Every command answers each role in Arabic: results, refusals, limits and previews."""
    async with open_testbed(tmp_path) as testbed:
        context = testbed.context
        person = Person(who, OPS.id, groups=frozenset({"S000ONCALL"}), outsider=who == NOBODY)
        replies = [
            await handle(context, Invocation(person=person, say=ARABIC, key=str(n), text=text))
            for n, text in enumerate(TYPED)
        ]

    assert {text.partition(" ")[0] for text in TYPED} >= set(COMMANDS)
    assert wrong(replies) == []


async def test_a_button_answers_in_arabic(tmp_path: Path) -> None:
    """Every button answers each role in Arabic, for each message and draft, even pressed twice."""
    replies = []
    async with open_testbed(tmp_path) as testbed:
        context = testbed.context
        ref = (
            await context.outbox.intake.accept(new_message(author=SENDER, text=TEXT), AT)
        ).message.ref
        for action, people in product(
            table.HANDLERS, ((NOBODY, READER, SENDER, ADMIN), (ADMIN, SENDER))
        ):
            for kind in DraftKind:
                await context.outbox.drafts.save_draft(
                    replace(draft(kind), token=f"{kind}-{action}-{people[0]}")
                )
            values = (ref, "M0000000", *(f"{kind}-{action}-{people[0]}" for kind in DraftKind))
            for who, value in product(people, values):
                person = Person(who, OPS.id)
                press = ButtonPress(person=person, say=ARABIC, key=f"{who}{value}", value=value)
                replies.append(await table.dispatch(context, action, press))
        await context.outbox.drafts.save_draft(draft(DraftKind.APPROVE))
        late = replace(context, now=lambda: AT + timedelta(minutes=10))
        expired_replies = [one.reply for one in await pop_expired(late)]

    direct_messages = [one.direct_message.reply for one in replies if one.direct_message]
    assert {one.severity for one in replies} == {Severity.GOOD, Severity.INFO, Severity.ERROR}
    assert direct_messages
    assert expired_replies
    assert wrong((*replies, *direct_messages, *expired_replies)) == []


async def test_what_is_unknown_is_decided_in_arabic(tmp_path: Path) -> None:
    """The buttons and queries about an unknown message answer in Arabic."""
    replies, lease = [], timedelta(seconds=30)
    async with open_testbed(tmp_path) as testbed:
        context = testbed.context
        message = (
            await context.outbox.intake.accept(new_message(author=SENDER, text=TEXT), AT)
        ).message
        call = await context.outbox.claims.claim("one", lease, AT)
        assert call
        assert await context.outbox.settlements.put_in_flight(call, lease, AT)
        await context.outbox.leases.reap_expired(AT + timedelta(minutes=5))
        for action in (
            "message_check",
            "message_support",
            "message_failures",
            *resolve_unknown.HANDLERS,
        ):
            person = Person(SENDER, OPS.id)
            press = ButtonPress(person=person, say=ARABIC, key=action, value=message.ref)
            replies.append(await table.dispatch(context, action, press))
        for text in ("status", "history", "dlr"):
            request = Invocation(person=Person(SENDER, OPS.id), say=ARABIC, key=text, text=text)
            replies.append(await handle(context, request))

    (listed,) = [one.file.content for one in replies if one.file]
    assert listed.startswith("\ufeffnumber,state,code,reason")
    assert ARABIC(GONE_REASON) in listed
    assert wrong(replies) == []


@pytest.mark.parametrize(
    "fault",
    [
        *("ERR003", "ERR010", "ERR019", "ERR020", "ERR022", "ERR029", "ERR030"),
        *(Fault.HTML_502, Fault.REDIRECT, Fault.NOT_JSON, Fault.JSON_LIST),
    ],
)
async def test_kwtsms_errors_are_explained_in_arabic(tmp_path: Path, fault: Fault | str) -> None:
    """A rejection of each kind, and each unreadable answer, is explained in Arabic."""
    async with open_testbed(tmp_path) as testbed:
        context = testbed.context
        testbed.gateway.fault(fault, times=None)
        person = Person(ADMIN, OPS.id)
        requests = [Invocation(person=person, say=ARABIC, key=one, text=one) for one in QUERIES]
        replies = [await handle(context, request) for request in requests]

    assert wrong(replies) == []
