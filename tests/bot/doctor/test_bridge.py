"""The doctor's findings about the section `bridge`."""

import asyncio
from typing import Any

import pytest

from kwtsms_bot.config.bridge import BridgeSettings
from kwtsms_bot.doctor import FindingLevel
from kwtsms_bot.doctor.bridge import check
from kwtsms_bot.doctor.endpoint import check as check_endpoint

SCRIPTS = {"scripts": {"kind": "native", "token": "a-token-of-the-scripts-00000000"}}
BRIDGE: dict[str, Any] = {
    "channel": "C0123ALERT",
    "url": "https://alerts.example.com",
    "integrations": SCRIPTS,
    "receivers": {"ops": {"to": ["noura"]}},
}


def test_a_bridge_that_is_reached_is_well() -> None:
    """The finding says where the tools post."""
    (only,) = check(BridgeSettings.model_validate(BRIDGE))

    assert only.level is FindingLevel.OK
    assert "https://alerts.example.com/hooks/" in only.what


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"url": None}, "Only this machine reaches 127.0.0.1:8090"),
        ({"url": None, "listen": "[::1]:8090"}, "Only this machine reaches [::1]:8090"),
        ({"integrations": {}}, "bridge.integrations is empty"),
        ({"receivers": {"ops": {"to": []}}}, "no receiver has contacts"),
        (
            {
                "receivers": {"ops": {"to": ["noura"]}, "idle": {"to": ["noura"]}},
                "routes": [{"to": "ops"}],
            },
            "The receiver idle gets no alerts",
        ),
    ],
)
def test_what_keeps_alerts_away_is_a_warning(changes: dict[str, Any], said: str) -> None:
    """Each warning says what to change."""
    (only,) = check(BridgeSettings.model_validate(BRIDGE | changes))

    assert only.level is FindingLevel.WARNING
    assert said in only.what
    assert only.remedy


async def test_whether_the_endpoint_listens() -> None:
    """The bot may not be running yet, so that is no warning."""
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        found = [await check_endpoint(f"{host}:{port}") for host in ("127.0.0.1", "0.0.0.0")]
    away = await check_endpoint(f"127.0.0.1:{port}")
    any_port = await check_endpoint("127.0.0.1:0")

    assert [one.level for one in found] == [FindingLevel.OK] * 2
    assert [one.level for one in (away, any_port)] == [FindingLevel.SKIPPED] * 2


def test_an_address_for_others_is_no_warning() -> None:
    """An endpoint that listens on all addresses needs no proxy to be reached."""
    (only,) = check(BridgeSettings.model_validate(BRIDGE | {"url": None, "listen": "0.0.0.0:8090"}))

    assert only.level is FindingLevel.OK
