"""Rate limits and planned faults of the Web API."""

import asyncio

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncConnectionErrorRetryHandler
from slack_sdk.http_retry.builtin_interval_calculators import FixedValueRetryIntervalCalculator
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_sandbox.slack import (
    ALERTS,
    OPS,
    SARA,
    ConnectionDrop,
    Fault,
    Limits,
    Rate,
    SlackSandbox,
    Tier,
)
from kwtsms_sandbox.slack.web.rate_limits import Buckets
from support.slack import refusal, running_slack, web_client


async def test_a_channel_accepts_one_message_a_second(
    slack: SlackSandbox, api: AsyncWebClient
) -> None:
    """After a short burst a channel is limited with 429 and Retry-After; another is not."""
    for _ in range(5):
        await api.chat_postMessage(channel=OPS.id, text="a")

    with pytest.raises(SlackApiError, match="ratelimited") as refused:
        await api.chat_postMessage(channel=OPS.id, text="a")
    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["Retry-After"] == "1"
    await api.chat_postMessage(channel=ALERTS.id, text="a")
    slack.clock.advance(1)
    await api.chat_postMessage(channel=OPS.id, text="a")


async def test_limits_can_be_chosen() -> None:
    """A test can set its own limit, to save it 50 calls."""
    async with running_slack(limits=Limits({Tier.T3: Rate(per_minute=60, burst=1)})) as slack:
        api = web_client(slack)
        await api.conversations_info(channel=OPS.id)

        assert await refusal(api.conversations_info(channel=OPS.id)) == "ratelimited"


def test_a_bucket_drains_at_its_rate() -> None:
    """The next call is accepted after the announced wait, and not before."""
    buckets = Buckets(Limits({Tier.T2: Rate(per_minute=20, burst=2)}))
    assert [buckets.try_acquire("m", Tier.T2, 0.0) for _ in range(3)] == [0, 0, 3]

    assert buckets.try_acquire("m", Tier.T2, 2.9) == 1
    assert buckets.try_acquire("m", Tier.T2, 3.0) == 0


async def test_an_error_of_choice(slack: SlackSandbox, api: AsyncWebClient) -> None:
    """A planned error applies to the next two calls only."""
    slack.fault("chat.postMessage", Fault(error="is_archived"), times=2)
    for _ in range(2):
        call = api.chat_postMessage(channel=OPS.id, text="a")
        assert await refusal(call) == "is_archived"

    await api.chat_postMessage(channel=OPS.id, text="a")
    assert len(slack.visible(SARA, OPS)) == 1


async def test_any_method(slack: SlackSandbox, api: AsyncWebClient) -> None:
    """A fault for `*` applies to every method until it is cleared."""
    slack.fault("*", Fault(error="invalid_auth"), times=float("inf"))
    assert await refusal(api.auth_test()) == "invalid_auth"
    assert await refusal(api.users_info(user=SARA.id)) == "invalid_auth"

    slack.clear_faults()
    await api.auth_test()


async def test_a_rate_limit_of_choice(slack: SlackSandbox, api: AsyncWebClient) -> None:
    """A planned rate limit has the given Retry-After."""
    slack.fault("auth.test", Fault(retry_after=30))

    with pytest.raises(SlackApiError) as refused:
        await api.auth_test()
    assert refused.value.response.headers["Retry-After"] == "30"


async def test_an_html_page_instead_of_json(slack: SlackSandbox) -> None:
    """A planned status is answered with an HTML page, as by a proxy."""
    slack.fault("auth.test", Fault(status=502))

    async with (
        aiohttp.ClientSession() as session,
        session.post(slack.api_url + "auth.test") as response,
    ):
        assert (response.status, response.content_type) == (502, "text/html")


async def test_a_slow_call_is_delayed_until_released(
    slack: SlackSandbox, api: AsyncWebClient
) -> None:
    """`wait_for` delays a call until the test releases it."""
    release = asyncio.Event()
    slack.fault("chat.postMessage", Fault(wait_for=release))
    posting = asyncio.create_task(api.chat_postMessage(channel=OPS.id, text="a"))
    await api.auth_test()
    assert not posting.done()

    release.set()
    await posting


async def test_a_slow_call_lasts_as_long_as_configured(
    slack: SlackSandbox, api: AsyncWebClient
) -> None:
    """`delay` delays a call by real seconds."""
    slack.fault("auth.test", Fault(delay=0.05))
    start = asyncio.get_running_loop().time()
    await api.auth_test()

    assert asyncio.get_running_loop().time() - start >= 0.05


@pytest.fixture
def retrying_api(slack: SlackSandbox) -> AsyncWebClient:
    """A client that repeats a call at once after a broken connection, as the SDK's own does."""
    at_once = FixedValueRetryIntervalCalculator(fixed_internal=0.0)
    retry = AsyncConnectionErrorRetryHandler(interval_calculator=at_once)
    return AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[retry])


async def test_a_cut_after_acceptance_makes_the_sdk_post_twice(
    slack: SlackSandbox, retrying_api: AsyncWebClient
) -> None:
    """A cut after the post hides the success, so the SDK's retry posts again."""
    slack.fault("chat.postMessage", Fault(drop=ConnectionDrop.AFTER))
    await retrying_api.chat_postMessage(channel=OPS.id, text="a")

    assert len(slack.visible(SARA, OPS)) == 2


async def test_a_cut_before_acceptance_posts_once(
    slack: SlackSandbox, retrying_api: AsyncWebClient
) -> None:
    """A cut before the post leaves one message after the SDK's retry."""
    slack.fault("chat.postMessage", Fault(drop=ConnectionDrop.BEFORE))
    await retrying_api.chat_postMessage(channel=OPS.id, text="a")

    assert len(slack.visible(SARA, OPS)) == 1


@pytest.mark.parametrize(
    ("fault", "status"),
    [(Fault(status=500), 500), (Fault(error="used_url"), 404), (Fault(retry_after=2), 429)],
    ids=["server error", "used up", "too many"],
)
async def test_response_url_has_faults_too(slack: SlackSandbox, fault: Fault, status: int) -> None:
    """Faults apply to response_urls too, under the name response_url."""
    interaction = await slack.command(SARA, OPS, "/sms")
    slack.fault("response_url", fault)

    async with (
        aiohttp.ClientSession() as session,
        session.post(interaction.response_url, json={"text": "a"}) as response,
    ):
        assert response.status == status
