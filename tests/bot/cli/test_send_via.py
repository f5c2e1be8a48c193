"""`send --via`: its options, its output, and what it says when something is wrong."""

import asyncio
from pathlib import Path

import pytest

from support.api_bench import TOKEN, api_bench, api_config
from support.database import ACTOR, AT, NUMBER, OTHER, prepare_database
from support.shell import run_in_process

VARIABLE = "KWTSMS_BRIDGE_TOKEN"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--key", "k1"), "--key works only with --via."),
        (("--urgent",), "--urgent works only with --via."),
        (("--reference", "r1"), "--reference works only with --via."),
        (("--via", "https://b", "--country", "966"), "--country doesn't work with --via"),
        (("--via", "https://b", "--skip-bad"), "--skip-bad doesn't work with --via"),
        (("--via", "https://b", "-c", "config.yaml"), "--config doesn't work with --via"),
        (("--via", "https://b"), "KWTSMS_BRIDGE_TOKEN is not set."),
        (("--via", "bot.example.com"), "'bot.example.com' isn't one of a bridge"),
    ],
)
def test_wrong_options_send_nothing(
    monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], expected: str
) -> None:
    """Options without a meaning together are exit code 2, and a sentence."""
    monkeypatch.setenv(VARIABLE, TOKEN if "bot.example.com" in options else "")
    done = run_in_process("send", NUMBER, "hi", *options)

    assert (done.code, done.out) == (2, "")
    assert expected in done.err


async def test_the_output_names_the_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """People see each recipient with its status, and what the message will cost."""
    monkeypatch.setenv(VARIABLE, TOKEN)
    database = prepare_database(tmp_path / "outbox.sqlite3")
    async with api_bench(database, api_config(phonebook=True)) as bench:
        url = str(bench.client.base_url)
        words = ("send", f"@noura,{OTHER}", "hi 🔑", "--via", url, "--reference", "r1")
        sent = await asyncio.to_thread(run_in_process, *words)
        dry = await asyncio.to_thread(run_in_process, *words, "--dry-run")
        urgent = await asyncio.to_thread(run_in_process, *words, "--urgent")
        (message,) = await bench.outbox.messages.recent(None, 10)
        await bench.outbox.kill_switch.pause("maintenance", AT, ACTOR)
        paused = await asyncio.to_thread(run_in_process, *words)

    assert (sent.code, dry.code, urgent.code, paused.code) == (0, 0, 3, 4)
    assert f"ID:        {message.ref}" in sent.out
    assert "Cleaned:   1 × emoji" in sent.out
    assert f"{NUMBER}  queued" in sent.out
    assert f"{OTHER}  would be sent" in dry.out
    assert "\nID:" not in dry.out
    assert urgent.err == "Error: The token may not send urgent messages.\n"
