"""The client's commands, as they are typed in a shell, on the sandbox gateway."""

import json
from pathlib import Path

import pytest

from kwtsms_sandbox.gateway import Fault, Gateway
from support.gateway import KUWAIT
from support.shell import shell


def texts(gateway: Gateway) -> list[str]:
    """What the phone has received."""
    return [sms.text for sms in gateway.inbox(KUWAIT)]


async def test_send_sends(tmp_path: Path) -> None:
    """The text is on the phone; the exit code is 0."""
    async with shell(tmp_path) as (running, run):
        done = await run("send", KUWAIT, "Backup failed", "--json")

        assert done.code == 0
        assert texts(running.gateway) == ["Backup failed"]
        assert done.json["recipients"][0]["outcome"] == "accepted"
        assert done.json["points_charged"] == "1"


async def test_the_text_comes_from_standard_input(tmp_path: Path) -> None:
    """A pipe is as good as an argument."""
    async with shell(tmp_path) as (running, run):
        done = await run("send", KUWAIT, stdin="انقطع الاتصال\n".encode())

        assert done.code == 0, done.err
        assert texts(running.gateway) == ["انقطع الاتصال"]


async def test_a_dry_run_sends_nothing(tmp_path: Path) -> None:
    """It shows what would be sent, and asks the gateway nothing."""
    async with shell(tmp_path) as (running, run):
        done = await run("send", f"{KUWAIT},98765432,12", "🔴 down", "--dry-run")
        local = await run("send", "98765432", "down", "--dry-run", "--country", "965", "--json")

        assert "1 emoji" in done.out
        assert "it is 96598765432" in " ".join(done.out.split())
        assert "'12' is too short" in done.out
        assert "Credits: 1 (" in " ".join(done.out.split())
        told = json.loads(local.out)
        assert (told["recipients"], told["credits"]) == (["96598765432"], 1)
        assert running.gateway.requests == []


async def test_a_local_number_is_completed_where_its_country_is_named(tmp_path: Path) -> None:
    """Without one it is refused, and what to write instead is said."""
    async with shell(tmp_path) as (running, run):
        refused = await run("send", "98765432", "hello")
        sent = await run("send", "98765432", "hello", "--country", "965")

        assert (refused.code, sent.code) == (2, 0)
        assert "If it is in Kuwait, it is 96598765432." in refused.err
        assert [sms.text for sms in running.gateway.inbox("96598765432")] == ["hello"]


@pytest.mark.parametrize(
    ("fault", "code"),
    [("ERR031", 3), (Fault.HTML_502, 5), (None, 4)],
    ids=["rejected", "unknown", "not sent"],
)
async def test_the_exit_code_tells_the_outcome(
    tmp_path: Path, fault: Fault | str | None, code: int
) -> None:
    """3 refused, 5 unknown, 4 not sent: a script knows what it may repeat."""
    async with shell(tmp_path) as (running, run):
        if fault is None:
            await running.stop()
        else:
            running.gateway.fault(fault, endpoint="send")
        done = await run("send", KUWAIT, "hello")

        assert done.code == code


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("send", "abc", "hello"), "not a phone number"),
        (("send", KUWAIT, "🎉"), "empty"),
        (("send", KUWAIT, "م" * 470), "8 pages"),
        (("send", KUWAIT, "hello", "--from", "MORE-THAN-ELEVEN"), "sender ID"),
    ],
)
async def test_wrong_input_is_refused_with_a_reason(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    """Exit code 2, a sentence, no traceback, nothing asked."""
    async with shell(tmp_path) as (running, run):
        done = await run(*words)

        assert (done.code, running.gateway.requests) == (2, [])
        assert said in done.err
        assert "Traceback" not in done.err


async def test_missing_credentials_are_named(tmp_path: Path) -> None:
    """The error says which variable, and where it may stand."""
    async with shell(tmp_path) as (_, run):
        done = await run("balance", KWTSMS_PASSWORD="")

        assert done.code == 2
        assert "KWTSMS_PASSWORD is not set" in done.err


async def test_the_questions_are_answered(tmp_path: Path) -> None:
    """Balance, senders, coverage, validate, status and dlr, for people and for programs."""
    async with shell(tmp_path) as (_, run):
        message_id = (await run("send", KUWAIT, "hello", "--json")).json["recipients"][0][
            "message_id"
        ]

        assert (await run("balance", "--json")).json["available"] == "999"
        assert "MY-APP" in (await run("senders")).out
        assert "Kuwait" in (await run("coverage")).out
        verdicts = (await run("validate", KUWAIT, "abc", "--json")).json
        assert verdicts[KUWAIT] == "ok"
        assert "not a phone number" in verdicts["abc"]
        assert (await run("status", message_id, "--json")).json["status"] == "sent"
        dlr = await run("dlr", message_id)
        assert (dlr.code, "ERR021" in dlr.err) == (3, True)


async def test_pages_are_counted_offline(tmp_path: Path) -> None:
    """What a text takes needs no gateway and no account."""
    async with shell(tmp_path) as (running, run):
        report = (await run("pages", "It’s down", "--json", KWTSMS_USERNAME="")).json

        assert (report["pages"], report["encoding"], report["forcing"]) == (1, "ucs2", ["’"])
        assert running.gateway.requests == []


async def test_no_output_tells_the_password(tmp_path: Path) -> None:
    """Neither success nor failure prints it."""
    async with shell(tmp_path) as (running, run):
        account = running.gateway.account
        running.gateway.change_account(password="another")
        done = [await run("balance"), await run("send", KUWAIT, "hello", "--json")]

        assert [one.code for one in done] == [3, 3]
        assert account.password not in "".join(one.out + one.err for one in done)
