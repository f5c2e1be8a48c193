"""chat.*: the channels where a bot may post, and the messages that it may change."""

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_sandbox.slack import (
    ALERTS,
    BOT_USER_ID,
    GUEST,
    NOURA,
    OPS,
    RANDOM,
    SARA,
    Channel,
    ChannelKind,
    Limits,
    Manifest,
    SlackSandbox,
    mentions,
)
from support.blockkit import section
from support.slack import refusal, running_slack, web_client


async def test_a_message_is_where_it_was_posted(slack: SlackSandbox, api: AsyncWebClient) -> None:
    """Everybody in the channel sees the message, and its ts identifies it."""
    answer = await api.chat_postMessage(channel=OPS.id, text="hi")

    [message] = slack.visible(NOURA, OPS)
    assert (message.ts, message.text, message.user) == (answer["ts"], "hi", BOT_USER_ID)
    assert slack.visible(NOURA, ALERTS) == []


async def test_a_channel_may_be_named(api: AsyncWebClient) -> None:
    """A channel can be given as #name instead of its id."""
    assert (await api.chat_postMessage(channel="#ops", text="hi"))["channel"] == OPS.id


async def test_a_user_id_means_the_direct_message(slack: SlackSandbox, api: AsyncWebClient) -> None:
    """A post to a person opens their direct message, which nobody else sees."""
    await api.chat_postMessage(channel=SARA.id, text="psst")

    assert [m.text for m in slack.visible(SARA, slack.dm(SARA))] == ["psst"]
    assert slack.visible(NOURA, slack.dm(SARA)) == []


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        ("C404", "channel_not_found"),
        (RANDOM.id, "not_in_channel"),
        ("C00SECRETS", "channel_not_found"),
        ("C0000GRAVE", "is_archived"),
    ],
)
async def test_a_bot_speaks_only_where_it_may(
    slack: SlackSandbox, api: AsyncWebClient, channel: str, error: str
) -> None:
    """Unknown, foreign, private and archived channels are refused with Slack's own errors."""
    slack.directory.put_channel(Channel("C00SECRETS", "secrets", kind=ChannelKind.PRIVATE))
    slack.directory.put_channel(Channel("C0000GRAVE", "grave", frozenset({BOT_USER_ID})))
    slack.directory.archive("C0000GRAVE")

    assert await refusal(api.chat_postMessage(channel=channel, text="hi")) == error


async def test_chat_write_public_opens_public_channels() -> None:
    """With chat:write.public the bot posts in public channels that it never joined."""
    scopes = frozenset({"chat:write", "chat:write.public"})
    async with running_slack(manifest=Manifest(scopes=scopes)) as slack:
        await web_client(slack).chat_postMessage(channel=RANDOM.id, text="hi")

        assert [m.text for m in slack.visible(SARA, RANDOM)] == ["hi"]


async def test_a_message_without_content_is_refused(api: AsyncWebClient) -> None:
    """A message needs a text, blocks or attachments."""
    call = api.api_call("chat.postMessage", json={"channel": OPS.id, "text": ""})

    assert await refusal(call) == "no_text"


async def test_refused_blocks_come_with_their_reasons(api: AsyncWebClient) -> None:
    """invalid_blocks names the place of the problem."""
    with pytest.raises(Exception, match="invalid_blocks") as refused:
        await api.chat_postMessage(channel=OPS.id, text="hi", blocks=[section("x" * 3001)])

    assert refused.value.response["response_metadata"]["messages"] == [  # type: ignore[attr-defined]
        "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    ]


async def test_a_very_long_text_is_cut(slack: SlackSandbox, api: AsyncWebClient) -> None:
    """A text is cut at 40,000 characters without notice."""
    await api.chat_postMessage(channel=OPS.id, text="x" * 40_001)

    assert len(slack.visible(SARA, OPS)[0].text) == 40_000


async def test_an_update_with_text_only_removes_the_blocks(
    slack: SlackSandbox, api: AsyncWebClient
) -> None:
    """An update without blocks removes them, and the message is marked as edited."""
    sent = await api.chat_postMessage(channel=OPS.id, text="a", blocks=[section("a")])
    await api.chat_update(channel=OPS.id, ts=sent["ts"], text="b")

    [message] = slack.visible(SARA, OPS)
    assert (message.text, message.blocks, message.edited) == ("b", (), True)


async def test_an_update_with_blocks_shows_no_mark(
    slack: SlackSandbox, api: AsyncWebClient
) -> None:
    """An update with blocks is not marked as edited."""
    sent = await api.chat_postMessage(channel=OPS.id, text="a", blocks=[section("a")])
    await api.chat_update(channel=OPS.id, ts=sent["ts"], text="b", blocks=[section("b")])

    [message] = slack.visible(SARA, OPS)
    assert (slack.plain(message), message.edited, message.revision) == ("b", False, 1)


async def test_an_update_has_a_shorter_limit(api: AsyncWebClient) -> None:
    """chat.update refuses a text above 4,000 characters."""
    sent = await api.chat_postMessage(channel=OPS.id, text="a")
    update = api.chat_update(channel=OPS.id, ts=sent["ts"], text="x" * 4001)

    assert await refusal(update) == "msg_too_long"


@pytest.mark.parametrize("method", ["chat.update", "chat.delete"])
async def test_only_an_existing_message_can_be_changed(api: AsyncWebClient, method: str) -> None:
    """A ts that is unknown in an existing channel is refused."""
    change = api.api_call(method, json={"channel": OPS.id, "ts": "1.0", "text": "b"})

    assert await refusal(change) == "message_not_found"


async def test_a_message_is_found_in_its_own_channel_only(api: AsyncWebClient) -> None:
    """A ts of another channel is refused."""
    sent = await api.chat_postMessage(channel=OPS.id, text="a")
    update = api.chat_update(channel=ALERTS.id, ts=sent["ts"], text="b")

    assert await refusal(update) == "message_not_found"


async def test_an_ephemeral_message_cannot_be_updated(api: AsyncWebClient) -> None:
    """chat.update does not find an ephemeral message."""
    sent = await api.chat_postEphemeral(channel=OPS.id, user=SARA.id, text="a")
    update = api.chat_update(channel=OPS.id, ts=sent["message_ts"], text="b")

    assert await refusal(update) == "message_not_found"


async def test_a_message_in_an_archived_channel_stays_as_it_is(
    slack: SlackSandbox, api: AsyncWebClient
) -> None:
    """A message in an archived channel cannot be updated."""
    sent = await api.chat_postMessage(channel=OPS.id, text="a")
    slack.directory.archive(OPS)

    update = api.chat_update(channel=OPS.id, ts=sent["ts"], text="b")
    assert await refusal(update) == "is_archived"


async def test_only_own_messages_can_be_changed(slack: SlackSandbox, api: AsyncWebClient) -> None:
    """The bot can neither change nor delete a person's message."""
    said = slack.say(SARA, OPS, "mine")
    update = api.chat_update(channel=OPS.id, ts=said.ts, text="yours")
    delete = api.chat_delete(channel=OPS.id, ts=said.ts)

    assert await refusal(update) == "cant_update_message"
    assert await refusal(delete) == "cant_delete_message"


async def test_a_deleted_message_is_gone(slack: SlackSandbox, api: AsyncWebClient) -> None:
    """A deleted message is visible to nobody."""
    sent = await api.chat_postMessage(channel=OPS.id, text="a")
    await api.chat_delete(channel=OPS.id, ts=sent["ts"])

    assert slack.visible(SARA, OPS) == []


@pytest.mark.parametrize(
    ("user", "error"), [(GUEST.id, "user_not_in_channel"), ("U404", "user_not_found")]
)
async def test_an_ephemeral_message_needs_its_reader_there(
    api: AsyncWebClient, user: str, error: str
) -> None:
    """An ephemeral message can be sent only to a member of the channel."""
    call = api.chat_postEphemeral(channel=OPS.id, user=user, text="a")

    assert await refusal(call) == error


async def test_link_names_calls_the_channel(slack: SlackSandbox, api: AsyncWebClient) -> None:
    """With link_names "@channel" becomes a live mention, and without it stays text."""
    await api.chat_postMessage(channel=OPS.id, text="@channel", link_names=True)
    await api.chat_postMessage(channel=OPS.id, text="@channel")

    assert [mentions(m.text) for m in slack.visible(SARA, OPS)] == [["!channel"], []]


async def test_ts_never_repeats() -> None:
    """Every message has its own ts, in ascending order."""
    async with running_slack(limits=Limits.none()) as slack:
        client = web_client(slack)
        sent = [await client.chat_postMessage(channel=OPS.id, text="a") for _ in range(20)]

    stamps = [answer["ts"] for answer in sent]
    assert stamps == sorted(set(stamps))
