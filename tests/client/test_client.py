"""The client's caches, checks before sending, and error reports."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from kwtsms_client import (
    Client,
    ConfigurationError,
    Coverage,
    Credentials,
    InvalidInput,
    Rejected,
    UnknownOutcome,
)
from kwtsms_client.client.base import COVERAGE_SECONDS
from kwtsms_sandbox.gateway import CoverageShape, Fault, RunningGateway
from support.clients import Kind, both, make_client, opened
from support.gateway import ABROAD, KUWAIT, KUWAIT_2, running_gateway

NOWHERE = "4917612345678"  # Germany is not active on the demo account.


@pytest.fixture
async def running() -> AsyncIterator[RunningGateway]:
    """Yields a running gateway."""
    async with running_gateway() as running:
        yield running


@both
async def test_countries_that_are_not_active_are_not_sent_to(
    kind: Kind, running: RunningGateway
) -> None:
    """Once the coverage is known, uncovered numbers are reported and the others are sent to."""
    async with opened(kind, running) as sms:
        await sms.coverage()
        result = await sms.send([KUWAIT, NOWHERE, ABROAD], "hi")
        with pytest.raises(InvalidInput, match="not active"):
            await sms.send(NOWHERE, "hi")
    sends = [request for request in running.gateway.requests if request.endpoint == "send"]

    assert result.accepted == (KUWAIT, ABROAD)
    assert [one.input for one in result.invalid] == [NOWHERE]
    assert len(sends) == 1


@both
@pytest.mark.parametrize("shape", list(CoverageShape))
async def test_the_coverage_is_read_in_every_shape(
    kind: Kind, shape: CoverageShape, running: RunningGateway
) -> None:
    """Under every field name of the gateway, Kuwait is covered and Germany is not."""
    running.gateway.configure(coverage_shape=shape)
    async with opened(kind, running) as sms:
        found = await sms.coverage()

    assert found.covers(KUWAIT)
    assert not found.covers(NOWHERE)


@both
async def test_a_coverage_that_cannot_be_read_blocks_nothing(
    kind: Kind, running: RunningGateway
) -> None:
    """An unreadable coverage is not cached and does not replace the cached one."""
    async with opened(kind, running) as sms:
        running.gateway.fault(Fault.NOT_JSON, endpoint="coverage")
        with pytest.raises(UnknownOutcome):
            await sms.coverage()
        nothing = sms.cached_coverage
        sent = await sms.send(KUWAIT, "hi")
        known = await sms.coverage()
        running.gateway.fault(Fault.NOT_JSON, endpoint="coverage")
        with pytest.raises(UnknownOutcome):
            await sms.coverage()

        assert nothing is None
        assert sent.ok
        assert sms.cached_coverage == known


def test_the_coverage_is_forgotten_after_a_day() -> None:
    """A country that was activated since then is not blocked for longer."""
    with Client(Credentials("user", "secret")) as sms:
        known = sms._remember_coverage(Coverage(("965",)))
        sms._coverage = (time.monotonic() - COVERAGE_SECONDS + 60, known)
        late = sms.cached_coverage
        sms._coverage = (time.monotonic() - COVERAGE_SECONDS - 60, known)

        assert late == known
        assert sms.cached_coverage is None


@both
async def test_without_the_check_the_gateway_has_the_word(
    kind: Kind, running: RunningGateway
) -> None:
    """With `check_coverage=False` the gateway decides about every number."""
    async with opened(kind, running, check_coverage=False) as sms:
        await sms.coverage()
        result = await sms.send(NOWHERE, "hi")

    assert result.rejected == (NOWHERE,)


@both
async def test_a_preview_costs_nothing(kind: Kind, running: RunningGateway) -> None:
    """A preview shows numbers, calls, credits and affordability without any request."""
    async with opened(kind, running, default_country="965") as sms:
        await sms.balance()
        before = len(running.gateway.requests)
        found = sms.preview([KUWAIT, "98765432", "123", KUWAIT_2], "م" * 100)

    assert len(running.gateway.requests) == before
    assert found.recipients == (KUWAIT, KUWAIT_2)
    assert [one.input for one in found.invalid] == ["123"]
    assert (found.calls, found.credits, found.affordable) == (1, 4, True)
    assert found.refusal is None


@both
@pytest.mark.parametrize(
    ("to", "text"),
    [(KUWAIT, "م" * 470), (KUWAIT, " 🎉 "), ("123", "hi"), ([], "hi"), (NOWHERE, "hi")],
)
async def test_a_preview_says_what_would_be_refused(
    kind: Kind, to: Any, text: str, running: RunningGateway
) -> None:
    """The preview's refusal is the text of the error that `send` raises."""
    async with opened(kind, running) as sms:
        await sms.coverage()
        with pytest.raises(InvalidInput) as caught:
            await sms.send(to, text)

        assert sms.preview(to, text).refusal == str(caught.value)


@both
@pytest.mark.parametrize(
    ("options", "phrases"),
    [
        ({}, []),
        ({"sender_id": "KWT-SMS"}, ["shared sender ID"]),
        ({"test_mode": True}, ["Test mode"]),
        ({"sender_id": "KWT-SMS", "test_mode": True}, ["shared sender ID", "Test mode"]),
    ],
)
async def test_what_is_not_for_production_is_pointed_out(
    kind: Kind, running: RunningGateway, options: dict[str, Any], phrases: list[str]
) -> None:
    """The shared sender ID and test mode are listed among the result's warnings."""
    async with opened(kind, running, **options) as sms:
        warnings = (await sms.send(KUWAIT, "hi")).warnings

    assert len(warnings) == len(phrases)
    assert all(phrase in text for phrase, text in zip(phrases, warnings, strict=True))


@both
async def test_the_balance_is_remembered(kind: Kind, running: RunningGateway) -> None:
    """The cache is filled by a send too; an unknown outcome leaves it unchanged."""
    async with opened(kind, running) as sms:
        before = sms.cached_balance
        await sms.send(KUWAIT, "hi")
        after = sms.cached_balance
        running.gateway.fault(Fault.HTML_502, endpoint="send")
        await sms.send(KUWAIT_2, "hi")

        assert before is None
        assert after.available == 999
        assert sms.cached_balance == after


@both
async def test_numbers_that_kwtsms_does_not_count_are_reported(
    kind: Kind, running: RunningGateway
) -> None:
    """The gateway does not name them, so all recipients have the remark and the result is false."""
    async with opened(kind, running) as sms:
        result = await sms.send([KUWAIT, KUWAIT_2, NOWHERE], "hi")
        (receipt,) = result.receipts

    assert (result.uncounted, receipt.uncounted) == (1, 1)
    assert len(result.accepted) == 3
    assert not result
    assert "2 of 3" in result.warnings[0]
    assert "2 of 3" in str(result.recipients[0].reason)
    assert receipt.acceptance.unix_timestamp


@both
async def test_numbers_are_validated(kind: Kind, running: RunningGateway) -> None:
    """Numbers are sorted into routable, malformed, without a route and unanswered."""
    async with opened(kind, running) as sms:
        found = await sms.validate([KUWAIT, NOWHERE, "abc", KUWAIT])

    assert (found.ok, found.nr) == ((KUWAIT,), (NOWHERE,))
    assert [one.input for one in found.rejected] == ["abc"]
    assert found.unanswered == ()


@both
@pytest.mark.parametrize("numbers", ["abc", [], "", None])
async def test_where_nothing_is_a_number_nothing_is_asked(
    kind: Kind, numbers: Any, running: RunningGateway
) -> None:
    """Without a single number the result is empty and no request is made."""
    async with opened(kind, running) as sms:
        found = await sms.validate(numbers)

    assert (found.ok, found.er, found.nr) == ((), (), ())
    assert running.gateway.requests == []


@both
async def test_a_refused_batch_loses_no_answers(kind: Kind, running: RunningGateway) -> None:
    """The other batches' answers are returned, and the lost numbers get a reason."""
    numbers = [f"965{90000000 + n}" for n in range(450)]
    async with opened(kind, running) as sms:
        running.gateway.configure(requests_per_second=None)
        running.gateway.fault(Fault.HTML_502, endpoint="validate")
        found = await sms.validate(numbers)
        running.gateway.fault("ERR003", endpoint="validate", times=3)
        with pytest.raises(Rejected, match="ERR003"):
            await sms.validate(numbers)

    assert sorted((*found.ok, *(one.recipient for one in found.unanswered))) == numbers
    assert len(found.unanswered) in (50, 200)
    assert "HTTP 502" in str(found.unanswered[0].reason)


@both
async def test_a_number_that_was_sent_to_just_before_is_waited_for(
    kind: Kind, running: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`send_with_retry` repeats what ERR028 refused; `send` does not."""
    monkeypatch.setattr("kwtsms_client.flow.TOO_SOON_SECONDS", 0.05)
    async with opened(kind, running) as sms:
        running.gateway.fault("ERR028", endpoint="send", times=2)
        refused = await sms.send(KUWAIT, "hi")
        accepted = await sms.send_with_retry(KUWAIT, "hi", retries=1)

    assert refused.rejected == (KUWAIT,)
    assert accepted.ok
    assert len(running.gateway.requests) == 3


@both
async def test_a_message_is_asked_about(kind: Kind, running: RunningGateway) -> None:
    """The status comes from one endpoint, the delivery report from the other."""
    async with opened(kind, running) as sms:
        (message,) = (await sms.send(ABROAD, "hi")).message_ids
        status = await sms.status(f" {message} ")
        running.gateway.clock.advance(600)
        report = await sms.dlr(message)
        asked = [request.endpoint for request in running.gateway.requests]

    assert (status.message_id, status.status) == (message, "sent")
    assert [one.recipient for one in report.deliveries] == [ABROAD]
    assert asked == ["send", "status", "dlr"]


@both
@pytest.mark.parametrize("message_id", [None, "", "  ", b"f4c8", 5, "f4\x00c8", "\ud800"])
async def test_what_is_no_message_id_is_not_asked_about(
    kind: Kind, message_id: Any, running: RunningGateway
) -> None:
    """An invalid message ID causes no request."""
    async with opened(kind, running) as sms:
        for ask in (sms.status, sms.dlr):
            with pytest.raises(InvalidInput, match="message ID"):
                await ask(message_id)

    assert running.gateway.requests == []


@both
@pytest.mark.parametrize(
    "url",
    [
        "http://www.kwtsms.com/API/",
        "http://[::1",
        "https://www.kwtsms.com:port/",
        f"https://{'a' * 70}.example/",
        "https://www.kwt\nsms.com/",
        "https://",
        "",
        None,
        5,
    ],
)
async def test_the_password_goes_nowhere_unsafe(kind: Kind, url: Any) -> None:
    """A URL that is neither https nor this machine is refused before a connection is opened."""
    with pytest.raises(ConfigurationError, match="neither https nor this machine"):
        make_client(kind, url)


@both
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTPS_PROXY", "nonsense://proxy"),
        ("ALL_PROXY", "http://proxy:port"),
        pytest.param(
            *("SSL_CERT_FILE", "nowhere.pem"),
            marks=pytest.mark.skipif(
                httpx.__version__ < "0.28", reason="it takes its own certificates then"
            ),
        ),
    ],
)
async def test_an_environment_that_cannot_be_used_is_said_so(
    kind: Kind, name: str, value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The error names the variable; here the certificate file is missing."""
    monkeypatch.setenv(name, str(tmp_path / value) if name == "SSL_CERT_FILE" else value)
    with pytest.raises(ConfigurationError, match=name):
        make_client(kind, "https://www.kwtsms.com/API/")
