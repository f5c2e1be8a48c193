"""The shapes of an answer that the knobs can choose."""

import gzip
import json
from typing import Any

import pytest

from kwtsms_sandbox.gateway import CoverageShape, Gateway, NumberStyle, Timestamp
from support.gateway import KUWAIT, Caller


@pytest.mark.parametrize(
    ("style", "available"),
    [
        (NumberStyle.PHP, "150"),
        (NumberStyle.FLOAT, "150.0"),
        (NumberStyle.STRING, '"150"'),
        (NumberStyle.NULL, "null"),
    ],
)
async def test_number_styles(
    caller: Caller, gateway: Gateway, style: NumberStyle, available: str
) -> None:
    """An amount is an integer, a float, a string or null, as the knob says."""
    gateway.set_credits(150)
    gateway.configure(number_style=style)

    text = (await caller.post("balance")).text

    assert f'"available": {available},' in text


async def test_fractions_are_kept(caller: Caller, gateway: Gateway) -> None:
    """An amount that is not whole is a float, as in PHP."""
    gateway.set_credits("150.5")

    assert (await caller.call("balance"))["available"] == 150.5


async def test_numbers_can_be_absent(caller: Caller, gateway: Gateway) -> None:
    """An accepted send may give neither points nor balance."""
    gateway.configure(number_style=NumberStyle.ABSENT, timestamp=Timestamp.ABSENT)

    assert (await caller.send()).keys() == {"result", "msg-id"}


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (CoverageShape.PREFIXES, {"prefixes": ["965"]}),
        (CoverageShape.COVERAGE, {"coverage": ["965"]}),
        (CoverageShape.OBJECTS, {"coverage": [{"prefix": "965", "country": "Kuwait"}]}),
        (CoverageShape.LIST, {"list": ["965"]}),
        (CoverageShape.COUNTRIES, {"countries": ["965"]}),
        (CoverageShape.PREFIX, {"prefix": ["965"]}),
        (CoverageShape.MAP, {"965": "Kuwait"}),
    ],
)
async def test_coverage_shapes(
    caller: Caller, gateway: Gateway, shape: CoverageShape, expected: dict[str, Any]
) -> None:
    """Every shape known from clients' documents or tests is available."""
    gateway.change_account(coverage=("965",))
    gateway.configure(coverage_shape=shape)

    assert await caller.call("coverage") == {"result": "OK", **expected}


async def test_timestamp_in_kuwait(caller: Caller, gateway: Gateway) -> None:
    """The timestamp in Kuwait's time is three hours ahead."""
    gateway.configure(timestamp=Timestamp.KUWAIT)

    answer = await caller.send()

    assert answer["unix-timestamp"] == int(gateway.ledger[0].at.timestamp()) + 3 * 3600


async def test_empty_lists_can_be_left_out(caller: Caller, gateway: Gateway) -> None:
    """/validate/ can leave out its empty lists."""
    gateway.configure(omit_empty_lists=True)

    answer = await caller.call("validate", mobile=KUWAIT)

    assert answer["mobile"] == {"OK": [KUWAIT]}


async def test_gzip_unasked(caller: Caller, gateway: Gateway) -> None:
    """With the gzip knob the bytes on the wire are compressed, with the matching header."""
    gateway.configure(gzip=True)
    url = f"{caller.running.base_url}balance/"
    login = {"username": "demo", "password": "demo-password"}

    async with caller.http.stream("POST", url, json=login) as answer:
        raw = b"".join([chunk async for chunk in answer.aiter_raw()])

    assert answer.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(raw))["available"] == 1000
