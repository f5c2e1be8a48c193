"""The doctor's findings about the kwtSMS account, each with its remedy."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from kwtsms_bot.doctor import Finding, FindingLevel
from kwtsms_bot.doctor.gateway import ExpectedAccount
from kwtsms_bot.doctor.gateway import check as examine_gateway
from kwtsms_bot.i18n.translator import language
from kwtsms_client import AsyncClient, Credentials
from kwtsms_sandbox.gateway import Fault, RunningGateway
from support.gateway import running_gateway

WANTED = ExpectedAccount("MY-APP")


@pytest.fixture
async def running() -> AsyncIterator[RunningGateway]:
    """A running gateway sandbox."""
    async with running_gateway() as running:
        yield running


async def examined(
    running: RunningGateway, wanted: ExpectedAccount = WANTED, password: str = ""
) -> dict[str, Finding]:
    """The findings, by name of the check."""
    account = running.gateway.account
    credentials = Credentials(account.username, password or account.password)
    async with AsyncClient(credentials, base_url=running.base_url, timeout=1) as client:
        return {one.check: one for one in await examine_gateway(client, wanted)}


async def test_a_good_account(running: RunningGateway) -> None:
    """A good account has no warnings, and the check sends no message."""
    found = await examined(running)

    assert {one.level for one in found.values()} == {FindingLevel.OK}
    assert "1,000 credits left" in found["kwtSMS account"].what
    assert running.gateway.ledger == []


@pytest.mark.parametrize(
    ("fault", "said", "remedy"),
    [
        ("ERR003", "ERR003", "not your login or mobile number"),
        ("ERR024", "ERR024", "IP Lockdown"),
        ("ERR005", "ERR005", "Contact kwtSMS support"),
        ("ERR001", "ERR001", "Turn it on"),
        (Fault.HTML_502, "server error (502)", "gateway's address"),
        (Fault.REDIRECT, "another address (302)", "gateway's address"),
        (Fault.HANG, "did not answer", "gateway's address"),
    ],
)
async def test_an_account_that_cannot_be_used(
    running: RunningGateway, fault: Fault | str, said: str, remedy: str
) -> None:
    """If the first request fails, the finding explains it, and the other checks are skipped."""
    running.gateway.fault(fault, endpoint="balance")
    found = await examined(running)

    assert found["kwtSMS account"].level is FindingLevel.PROBLEM
    assert said in found["kwtSMS account"].what
    assert remedy in found["kwtSMS account"].remedy
    assert found["Sender ID"].level is FindingLevel.SKIPPED
    assert len(running.gateway.requests) == 1


async def test_a_gateway_that_cannot_be_reached(running: RunningGateway) -> None:
    """A failed connection is distinguished from a wrong password."""
    await running.stop()
    found = await examined(running)

    assert "no connection" in found["kwtSMS account"].what
    assert "firewall" in found["kwtSMS account"].remedy


@pytest.mark.parametrize(
    ("wanted", "check", "level", "words"),
    [
        (
            ExpectedAccount("my-app"),
            "Sender ID",
            FindingLevel.PROBLEM,
            "Write it exactly as registered: MY-APP.",
        ),
        (ExpectedAccount("OTHER"), "Sender ID", FindingLevel.PROBLEM, "Use one of your sender IDs"),
        (ExpectedAccount("KWT-SMS"), "Sender ID", FindingLevel.WARNING, "Virgin"),
        (
            ExpectedAccount("MY-APP", country="49"),
            "Coverage",
            FindingLevel.PROBLEM,
            "activate coverage",
        ),
        (
            ExpectedAccount("MY-APP", test_mode=True),
            "Test mode",
            FindingLevel.WARNING,
            "Turn it off",
        ),
        (
            ExpectedAccount("MY-APP", warn_below=Decimal(1000)),
            "kwtSMS account",
            FindingLevel.WARNING,
            "Top up",
        ),
    ],
)
async def test_what_is_set_up_wrongly(
    running: RunningGateway, wanted: ExpectedAccount, check: str, level: FindingLevel, words: str
) -> None:
    """Each wrong setting has its level and its remedy."""
    found = (await examined(running, wanted))[check]

    assert found.level is level
    assert words in found.remedy


async def test_it_speaks_arabic(running: RunningGateway) -> None:
    """The findings are translated for `/sms doctor`."""
    account = running.gateway.account
    credentials = Credentials(account.username, account.password)
    async with AsyncClient(credentials, base_url=running.base_url) as client:
        found = await examine_gateway(client, WANTED, language("ar"))

    assert [one.check for one in found][1:] == ["معرّف المرسل", "التغطية", "وضع الاختبار"]


async def test_a_question_that_fails_later_is_a_warning(running: RunningGateway) -> None:
    """A later request that fails is a warning, because the account is known to work."""
    running.gateway.fault(Fault.HTML_502, endpoint="senderid")
    found = await examined(running)

    assert found["Sender ID"].level is FindingLevel.WARNING
    assert found["kwtSMS account"].level is FindingLevel.OK


def test_levels_are_ordered_for_people() -> None:
    """Slack and the command line have a mark for each level."""
    from kwtsms_bot.cli import doctor as shell  # noqa: PLC0415 - Only here.
    from kwtsms_bot.commands import doctor as chat  # noqa: PLC0415

    marks: list[Any] = [chat.SYMBOLS, shell.MARKS]
    assert all(set(one) == set(FindingLevel) for one in marks)
