"""Waiting for a state, and subscribing to events."""

import asyncio

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_sandbox.slack import OPS, SARA, Kind, SlackSandbox


async def test_what_is_true_already_is_not_waited_for(slack: SlackSandbox) -> None:
    """`until` returns the condition's value at once if it is true already."""
    assert await slack.until(lambda: "now", timeout=0.01) == "now"


async def test_what_never_comes_says_so(slack: SlackSandbox) -> None:
    """The error of `until` names what was waited for."""
    with pytest.raises(TimeoutError, match=r"not within 0\.01 s: the card"):
        await slack.until(lambda: None, timeout=0.01, what="the card")


async def test_a_change_wakes_all_who_wait(slack: SlackSandbox, api: AsyncWebClient) -> None:
    """Several callers can wait for different conditions."""
    waits = [
        asyncio.create_task(slack.until(lambda: slack.visible(SARA, OPS))),
        asyncio.create_task(slack.until(lambda: slack.calls("chat.postMessage"))),
    ]
    await api.chat_postMessage(channel=OPS.id, text="a")

    assert all(await asyncio.gather(*waits))


async def test_a_subscriber_gets_every_event_in_order(
    slack: SlackSandbox, api: AsyncWebClient
) -> None:
    """A subscriber receives every event from its subscription on, in order."""
    with slack.subscribe() as events:
        sent = await api.chat_postMessage(channel=OPS.id, text="a")
        await api.chat_update(channel=OPS.id, ts=sent["ts"], text="b")
        await api.chat_delete(channel=OPS.id, ts=sent["ts"])
        kinds = [(await anext(events)).kind for _ in range(6)]

    assert kinds == [
        Kind.MESSAGE_POSTED,
        Kind.CALLED,
        Kind.MESSAGE_CHANGED,
        Kind.CALLED,
        Kind.MESSAGE_DELETED,
        Kind.CALLED,
    ]


async def test_a_typed_line_is_an_event(slack: SlackSandbox) -> None:
    """A typed command is an event, since Slack itself does not show it."""
    with slack.subscribe() as events:
        await slack.command(SARA, OPS, "/sms", "balance")
        typed = await anext(events)

    assert (typed.kind, typed.subject) == (Kind.TYPED, (SARA.id, OPS.id, "/sms balance"))
