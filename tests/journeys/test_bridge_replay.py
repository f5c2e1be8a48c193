"""`kwtsms-bridge bridge replay` posts saved requests again, and says what each alert became."""

import asyncio
import json
from pathlib import Path

import pytest

from support.bot import local_env
from support.bridge import SAMPLES
from support.forked import ENVIRONMENT, fork_command

TOKEN = "kwb_aaaaaaaaaaaaaaaaaaaaaaaaaaaa"
BRIDGE = {
    "listen": "127.0.0.1:0",
    "channel": "C0000ALERT",
    "integrations": {"prometheus": {"kind": "alertmanager", "token": TOKEN}},
    "receivers": {"slack-only": {"to": [], "channel": "C0000ALERT"}},
}
FILES = [str(SAMPLES / f"alertmanager_{state}.json") for state in ("firing", "resolved")]


async def replay(url: str, *words: str, token: str = TOKEN) -> tuple[int, str, str]:
    """Runs the command; returns its exit code, its output and its errors."""
    process = await fork_command(
        *("bridge", "replay", *words, "--kind", "alertmanager", "--url", url),
        folder=Path.cwd(),
        env=ENVIRONMENT | ({"KWTSMS_BRIDGE_TOKEN": token} if token else {}),
        stdin=asyncio.subprocess.DEVNULL,
    )
    out, err = await asyncio.wait_for(process.communicate(), timeout=30)
    assert process.returncode is not None
    assert TOKEN.encode() not in out + err
    return process.returncode, out.decode(), err.decode()


async def test_saved_requests_are_posted_in_their_order(tmp_path: Path) -> None:
    """The group fires and then ends; for people and for programs."""
    async with local_env(tmp_path, bridge=BRIDGE) as env:
        url = f"{env.bridge_address}/hooks/prometheus"
        code, out, _ = await replay(url, "--json", *FILES)
        lines = [json.loads(line) for line in out.splitlines()]
        again = await replay(url, FILES[0])

    assert (code, [line["status"] for line in lines]) == (0, [200, 200])
    assert [line["file"] for line in lines] == FILES
    outcomes = [[one["outcome"] for one in line["answer"]["alerts"]] for line in lines]
    assert outcomes[0].count("new") == 2
    assert "resolved" in outcomes[1]
    assert again[0] == 0
    assert "· SMS none" in again[1]


async def test_a_refusal_has_its_exit_code(tmp_path: Path) -> None:
    """A wrong token is exit code 3 with the endpoint's own word."""
    async with local_env(tmp_path, bridge=BRIDGE) as env:
        url = f"{env.bridge_address}/hooks/prometheus"
        code, out, _ = await replay(url, FILES[0], token="kwb_wrong_wrong_wrong")

    assert (code, out) == (3, f"{FILES[0]}: refused (401): unauthorized\n")


@pytest.mark.parametrize(
    ("url", "token", "code", "words"),
    [
        ("http://127.0.0.1:1/hooks/prometheus", TOKEN, 4, "can't be reached"),
        ("127.0.0.1:8090", TOKEN, 2, "--url: expected an address"),
        ("http://u:p@127.0.0.1:1/hooks/a", TOKEN, 2, "--url: expected an address"),
        ("http://127.0.0.1:1/hooks/a", "", 2, "There is no token. Set KWTSMS_BRIDGE_TOKEN."),
        ("http://127.0.0.1:1/hooks/a", "a\u00e9", 2, "KWTSMS_BRIDGE_TOKEN isn't a token."),
    ],
)
async def test_what_is_not_posted_says_why(url: str, token: str, code: int, words: str) -> None:
    """Nothing leaves the machine, and one sentence says what to do."""
    found, out, err = await replay(url, FILES[0], token=token)

    assert found == code
    assert words in out + err
