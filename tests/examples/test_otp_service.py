"""The one-time password service: every limit, with a clock that the test controls."""

import hmac
import importlib.util
import json
import re
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
from kwtsms_sandbox.http_server import serve
from support.gateway import ABROAD, KUWAIT, KUWAIT_2, running_gateway

pytestmark = pytest.mark.integration
EXAMPLES = Path(__file__).parents[2] / "examples"


def loaded() -> ModuleType:
    """Imports the example as a module."""
    spec = importlib.util.spec_from_file_location("otp_service", EXAMPLES / "otp_service.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["otp_service"] = module  # Dataclasses look up their own module.
    spec.loader.exec_module(module)
    return module


otp = loaded()


class Clock:
    """A clock that stops until a test advances it."""

    now = 1_000_000.0

    def __call__(self) -> float:
        """The current time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A controlled clock."""
    return Clock()


@pytest.fixture
def codes(tmp_path: Path, clock: Clock) -> Any:
    """A store of codes in a temporary file."""
    return opened(tmp_path, clock)


def opened(folder: Path, clock: Clock, *, key: bytes = b"key") -> Any:
    """Opens the store of codes in a folder."""
    return otp.Codes(str(folder / "otp.sqlite3"), key, clock)


def test_a_code_is_good_once(codes: Any) -> None:
    """The right code is accepted once."""
    code = codes.issue(KUWAIT, "a")

    assert codes.check(KUWAIT, code, "a")
    assert not codes.check(KUWAIT, code, "a")


def test_a_code_lives_five_minutes(codes: Any, clock: Clock) -> None:
    """An expired code is refused."""
    code = codes.issue(KUWAIT, "a")
    clock.now += 300

    assert not codes.check(KUWAIT, code, "a")


def test_five_wrong_tries_end_a_code(codes: Any) -> None:
    """After five wrong attempts the right code is refused too."""
    code = codes.issue(KUWAIT, "a")
    tries = [codes.check(KUWAIT, "nothing", "a") for _ in range(5)]

    assert not any(tries)
    assert not codes.check(KUWAIT, code, "a")


def test_a_new_code_voids_the_old_one(codes: Any, clock: Clock) -> None:
    """After four minutes a new code can be issued, and only that one is valid."""
    old = codes.issue(KUWAIT, "a")
    clock.now += 240
    new = codes.issue(KUWAIT, "a")

    assert old == new or not codes.check(KUWAIT, old, "a")
    assert codes.check(KUWAIT, new, "a")


def test_a_number_waits_four_minutes(codes: Any, clock: Clock) -> None:
    """The refusal contains the seconds to wait."""
    codes.issue(KUWAIT, "a")
    clock.now += 100
    with pytest.raises(otp.Refusal) as refused:
        codes.issue(KUWAIT, "b")

    assert refused.value.wait == 141


def test_a_number_gets_five_an_hour(codes: Any, clock: Clock) -> None:
    """The limit does not depend on the requesting address."""
    for n in range(5):
        codes.issue(KUWAIT, f"address {n}")
        clock.now += 240
    with pytest.raises(otp.Refusal):
        codes.issue(KUWAIT, "another")
    clock.now += 3600
    codes.issue(KUWAIT, "another")


def test_an_address_asks_for_twenty_an_hour(codes: Any) -> None:
    """The limit does not depend on the numbers."""
    for n in range(20):
        codes.issue(f"965{90000000 + n}", "a")
    with pytest.raises(otp.Refusal):
        codes.issue(KUWAIT, "a")
    codes.issue(KUWAIT, "b")


def test_codes_are_kept_as_hashes(codes: Any) -> None:
    """The file does not contain the code."""
    code = codes.issue(KUWAIT, "a")
    stored = codes._db.execute("SELECT hash FROM code").fetchone()[0]

    assert code.encode() not in stored
    assert len(stored) == 32


def test_who_has_the_file_cannot_try_codes(codes: Any, clock: Clock, tmp_path: Path) -> None:
    """A stolen file is useless without the key, which is part of the hash."""
    code = codes.issue(KUWAIT, "a")

    assert not opened(tmp_path, clock, key=b"another").check(KUWAIT, code, "a")
    assert codes.check(KUWAIT, code, "a")


def test_a_code_belongs_to_its_number(codes: Any) -> None:
    """A write to the file cannot move a code to another number."""
    code = codes.issue(KUWAIT, "a")
    codes._db.execute("UPDATE code SET number = ?", (KUWAIT_2,))

    assert not codes.check(KUWAIT_2, code, "a")


def test_a_code_cannot_be_guessed(codes: Any, clock: Clock) -> None:
    """A code has six varying digits and differs each time for the same number."""
    issued = []
    for n in range(20):
        clock.now += 3600
        issued.append(codes.issue(KUWAIT, f"address {n}"))

    assert all(re.fullmatch("[0-9]{6}", code) for code in issued)
    assert len(set(issued)) > 10
    assert max(issued) > "000999"
    assert len({code[3:] for code in issued}) > 10


def test_a_wrong_code_is_compared_as_long_as_a_right_one(
    codes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hashes are compared in constant time."""
    compared = []
    compare = hmac.compare_digest

    def watched(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return compare(one, other)

    monkeypatch.setattr(otp.hmac, "compare_digest", watched)
    codes.issue(KUWAIT, "a")
    codes.check(KUWAIT, "nothing", "a")

    assert len(compared) == 1


def test_what_was_not_sent_frees_the_number(codes: Any) -> None:
    """A withdrawn code is void, the number may request another, and other codes stay valid."""
    kept = codes.issue(KUWAIT_2, "a")
    void = codes.issue(KUWAIT, "a")
    codes.withdraw(KUWAIT)

    assert not codes.check(KUWAIT, void, "a")
    assert codes.check(KUWAIT, codes.issue(KUWAIT, "a"), "a")
    assert codes.check(KUWAIT_2, kept, "a")
    with pytest.raises(otp.Refusal):
        codes.issue(KUWAIT_2, "a")


def test_only_the_last_request_is_withdrawn(codes: Any, clock: Clock) -> None:
    """Earlier requests still count for the limit."""
    for n in range(5):
        clock.now += 240
        codes.issue(KUWAIT, f"address {n}")
    codes.withdraw(KUWAIT)
    codes.issue(KUWAIT, "another")
    clock.now += 240

    with pytest.raises(otp.Refusal):
        codes.issue(KUWAIT, "another")


def test_refused_numbers_do_not_bypass_the_limit(codes: Any) -> None:
    """Withdrawn codes count for the address's limit of twenty an hour."""
    for n in range(20):
        codes.issue(f"965{90000000 + n}", "a")
        codes.withdraw(f"965{90000000 + n}")

    with pytest.raises(otp.Refusal):
        codes.issue(KUWAIT, "a")


def test_an_address_may_be_wrong_twenty_times_an_hour(codes: Any, clock: Clock) -> None:
    """After twenty wrong codes for any numbers the address must wait; no code loses attempts."""
    for n in range(20):
        codes.check(f"965{90000000 + n}", "nothing", "a")
    code = codes.issue(KUWAIT, "a")
    for _ in range(5):
        with pytest.raises(otp.Refusal):
            codes.check(KUWAIT, "nothing", "a")

    assert codes.check(KUWAIT, code, "b")
    clock.now += 3600
    assert not codes.check(KUWAIT, "nothing", "a")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("012345", "012345"),
        (" 012 345\n", "012345"),
        ("٠١٢٣٤٥", "012345"),
        ("۰۱۲۳۴۵", "012345"),
        ("0123456", ""),
        ("12345", ""),
        ("x12345", ""),
        ("²²²²²²", ""),
        ("\ud800", ""),
        ("", ""),
    ],
)
def test_what_is_typed(text: str, code: str) -> None:
    """Six digits of any script are accepted, with blanks between them."""
    assert otp.typed(text) == code


@asynccontextmanager
async def served(running: RunningGateway, codes: Any) -> AsyncIterator[tuple[ClientSession, str]]:
    """Serves the example over HTTP; yields a session and the URL."""
    account = running.gateway.account
    credentials = Credentials(account.username, account.password)
    sms = AsyncClient(credentials, base_url=running.base_url, sender_id="MY-APP")
    async with sms, serve(otp.service(codes, sms)) as at, ClientSession() as http:
        yield http, at.url


async def test_a_code_is_requested_received_and_checked(codes: Any) -> None:
    """A code can be requested, received and checked; a second request must wait."""
    async with running_gateway() as running, served(running, codes) as (http, url):
        asked = await http.post(f"{url}/request", json={"number": "98765432"})
        again = await http.post(f"{url}/request", json={"number": f"+{KUWAIT}"})
        code = running.gateway.inbox(KUWAIT)[0].text.split("code is ")[1][:6]
        wrong = await http.post(f"{url}/check", json={"number": KUWAIT, "code": "no"})
        right = await http.post(f"{url}/check", json={"number": KUWAIT, "code": code})

    assert (asked.status, again.status, wrong.status, right.status) == (200, 429, 403, 200)
    assert int(again.headers["Retry-After"]) == 241


@pytest.mark.parametrize("code", ["ERR013", "ERR008"])
async def test_what_is_refused_may_be_asked_again(codes: Any, code: str) -> None:
    """The second request succeeds at once."""
    async with running_gateway() as running, served(running, codes) as (http, url):
        running.gateway.fault(code, endpoint="send")
        refused = await http.post(f"{url}/request", json={"number": KUWAIT})
        again = await http.post(f"{url}/request", json={"number": KUWAIT})

        assert (refused.status, again.status) == (503, 200)
        assert len(running.gateway.inbox(KUWAIT)) == 1


async def test_what_has_no_answer_may_arrive(codes: Any) -> None:
    """The code stays valid, and no second one is sent."""
    async with running_gateway() as running, served(running, codes) as (http, url):
        running.gateway.fault(Fault.RESET_AFTER, endpoint="send")
        asked = await http.post(f"{url}/request", json={"number": KUWAIT})
        again = await http.post(f"{url}/request", json={"number": KUWAIT})
        code = running.gateway.inbox(KUWAIT)[0].text.split("code is ")[1][:6]
        right = await http.post(f"{url}/check", json={"number": KUWAIT, "code": code})

        assert (asked.status, again.status, right.status) == (200, 429, 200)
        assert len(running.gateway.requests) == 1


async def test_the_limits_are_those_of_the_address_that_asks(codes: Any) -> None:
    """The limits for codes and attempts apply to the connection's address."""
    for n in range(20):
        codes.issue(f"965{90000000 + n}", "127.0.0.1")
        codes.check(KUWAIT, "nothing", "127.0.0.1")
    async with running_gateway() as running, served(running, codes) as (http, url):
        asked = await http.post(f"{url}/request", json={"number": KUWAIT})
        tried = await http.post(f"{url}/check", json={"number": KUWAIT, "code": "123456"})

        assert (asked.status, tried.status) == (429, 429)
        assert asked.headers["Retry-After"] == "3601"
        assert running.gateway.requests == []


async def test_no_codes_for_other_countries(codes: Any) -> None:
    """A valid foreign number is refused, and nothing is sent."""
    async with running_gateway() as running, served(running, codes) as (http, url):
        answer = await http.post(f"{url}/request", json={"number": f"+{ABROAD}"})

        assert answer.status == 400
        assert running.gateway.requests == []


@pytest.mark.parametrize("code", ["\ud800", "12345678901", None, ["123456"], {}])
async def test_a_code_that_is_none_is_wrong(codes: Any, code: Any) -> None:
    """A malformed code is refused like a wrong one."""
    codes.issue(KUWAIT, "a")
    async with running_gateway() as running, served(running, codes) as (http, url):
        body = json.dumps({"number": KUWAIT, "code": code})
        answer = await http.post(f"{url}/check", data=body)

        assert (answer.status, await answer.json()) == (403, {"right": False})


@pytest.mark.parametrize("path", ["request", "check"])
@pytest.mark.parametrize(
    "body",
    ["", "[]", "{}", "1", '{"number": "x"}', '{"number": null}', "[" * 1000, "x" * 2000],
)
async def test_nonsense_is_refused(codes: Any, path: str, body: str) -> None:
    """A body without a valid number is refused, and nothing is sent."""
    async with running_gateway() as running, served(running, codes) as (http, url):
        answer = await http.post(f"{url}/{path}", data=body)

        assert answer.status in (400, 413)
        assert running.gateway.requests == []


async def test_an_encoding_that_does_not_exist(codes: Any) -> None:
    """An unknown charset is a client error."""
    async with running_gateway() as running, served(running, codes) as (http, url):
        headers = {"Content-Type": "application/json; charset=nothing"}
        answer = await http.post(f"{url}/request", data="{}", headers=headers)

        assert answer.status == 400


@pytest.mark.parametrize("key", [None, "", "k" * 31])
def test_a_key_is_needed(key: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A short key is refused, like a missing one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OTP_KEY", raising=False)
    if key is not None:
        (tmp_path / ".env").write_text(f"OTP_KEY={key}\n")

    with pytest.raises(SystemExit, match="Set OTP_KEY to 32 bytes or more"):
        otp.main()
