"""The service for one-time passwords: every limit, by a clock that the test turns."""

import importlib.util
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from aiohttp import ClientSession

from kwtsms_client import AsyncClient, Credentials
from kwtsms_sandbox.gateway import Fault, RunningGateway
from kwtsms_sandbox.serving import serve
from support.gateway import KUWAIT, running_gateway

EXAMPLES = Path(__file__).parents[2] / "examples"


def loaded() -> ModuleType:
    """The example as a module."""
    spec = importlib.util.spec_from_file_location("otp_service", EXAMPLES / "otp_service.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["otp_service"] = module  # Dataclasses look themselves up.
    spec.loader.exec_module(module)
    return module


otp = loaded()


class Clock:
    """A time that stands until it is turned."""

    now = 1_000_000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock."""
    return Clock()


@pytest.fixture
def codes(tmp_path: Path, clock: Clock) -> Any:
    """Codes in a file of their own."""
    return otp.Codes(str(tmp_path / "otp.sqlite3"), b"key", clock)


def test_a_code_is_good_once(codes: Any) -> None:
    """The right one is right, and then void."""
    code = codes.issue(KUWAIT, "a")

    assert codes.check(KUWAIT, code)
    assert not codes.check(KUWAIT, code)


def test_a_code_lives_five_minutes(codes: Any, clock: Clock) -> None:
    """Afterwards it is wrong."""
    code = codes.issue(KUWAIT, "a")
    clock.now += 300

    assert not codes.check(KUWAIT, code)


def test_five_wrong_tries_end_a_code(codes: Any) -> None:
    """Then the right one is wrong, too."""
    code = codes.issue(KUWAIT, "a")
    tries = [codes.check(KUWAIT, "nothing") for _ in range(5)]

    assert not any(tries)
    assert not codes.check(KUWAIT, code)


def test_a_new_code_voids_the_old_one(codes: Any, clock: Clock) -> None:
    """After four minutes there is another; only that one counts."""
    old = codes.issue(KUWAIT, "a")
    clock.now += 240
    new = codes.issue(KUWAIT, "a")

    assert old == new or not codes.check(KUWAIT, old)
    assert codes.check(KUWAIT, new)


def test_a_number_waits_four_minutes(codes: Any, clock: Clock) -> None:
    """The refusal says how long."""
    codes.issue(KUWAIT, "a")
    clock.now += 100
    with pytest.raises(otp.Refusal) as refused:
        codes.issue(KUWAIT, "b")

    assert refused.value.wait == 141


def test_a_number_gets_five_an_hour(codes: Any, clock: Clock) -> None:
    """Whoever asks for it."""
    for n in range(5):
        codes.issue(KUWAIT, f"address {n}")
        clock.now += 240
    with pytest.raises(otp.Refusal):
        codes.issue(KUWAIT, "another")
    clock.now += 3600
    codes.issue(KUWAIT, "another")


def test_an_address_asks_for_twenty_an_hour(codes: Any) -> None:
    """Whichever numbers it asks for."""
    for n in range(20):
        codes.issue(f"965{90000000 + n}", "a")
    with pytest.raises(otp.Refusal):
        codes.issue(KUWAIT, "a")
    codes.issue(KUWAIT, "b")


def test_codes_are_kept_as_hashes(codes: Any) -> None:
    """The file does not hold the code."""
    code = codes.issue(KUWAIT, "a")
    stored = codes._db.execute("SELECT hash FROM code").fetchone()[0]

    assert code.encode() not in stored
    assert len(stored) == 32


@asynccontextmanager
async def served(running: RunningGateway, codes: Any) -> AsyncIterator[tuple[ClientSession, str]]:
    """The service over HTTP."""
    account = running.gateway.account
    credentials = Credentials(account.username, account.password)
    sms = AsyncClient(credentials, base_url=running.base_url, sender_id="MY-APP")
    async with sms, serve(otp.service(codes, sms)) as at, ClientSession() as http:
        yield http, at.url


async def test_the_way_of_a_code(codes: Any) -> None:
    """Asked for, received, checked; a second request is told to wait."""
    async with running_gateway() as running, served(running, codes) as (http, url):
        asked = await http.post(f"{url}/request", json={"number": "98765432"})
        again = await http.post(f"{url}/request", json={"number": f"+{KUWAIT}"})
        code = running.gateway.inbox(KUWAIT)[0].text.split("code is ")[1][:6]
        wrong = await http.post(f"{url}/check", json={"number": KUWAIT, "code": "no"})
        right = await http.post(f"{url}/check", json={"number": KUWAIT, "code": code})

    assert (asked.status, again.status, wrong.status, right.status) == (200, 429, 403, 200)
    assert int(again.headers["Retry-After"]) == 241


@pytest.mark.parametrize(
    ("fault", "status", "sent"),
    [("ERR013", 503, 1), ("ERR008", 503, 1), (Fault.RESET_AFTER, 200, 1)],
)
async def test_what_is_refused_may_be_asked_again(
    codes: Any, fault: Fault | str, status: int, sent: int
) -> None:
    """A refusal voids the code; an unknown outcome does not, and is not sent a second time."""
    async with running_gateway() as running, served(running, codes) as (http, url):
        running.gateway.fault(fault, endpoint="send", times=4)
        asked = await http.post(f"{url}/request", json={"number": KUWAIT})

        assert asked.status == status
        assert len(running.gateway.requests) == sent


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"number": "x"}', '{"number": null}', "x" * 2000]
)
async def test_nonsense_is_refused(codes: Any, body: str) -> None:
    """Without a number nothing is sent."""
    async with running_gateway() as running, served(running, codes) as (http, url):
        answer = await http.post(f"{url}/request", data=body)

        assert answer.status in (400, 413)
        assert running.gateway.requests == []
