"""Updates of the page: everything first, then changes; to each user only what they may see."""

from typing import Any

import pytest

from kwtsms_sandbox.gateway import LoggedRequest
from kwtsms_sandbox.page import serializers
from kwtsms_sandbox.page.broadcast import MAX_TOPICS, Viewer
from kwtsms_sandbox.page.view_model import EVERYTHING
from kwtsms_sandbox.slack import GUEST, NOURA, OPS, SARA
from support.gateway import KUWAIT, KUWAIT_2, Caller
from support.page import Page, Visitor, news


def values_of(updates: list[dict[str, Any]], name: str) -> list[Any]:
    """Returns the updates under that name."""
    return [one[name] for one in updates if name in one]


async def test_everything_comes_first(visitor: Visitor) -> None:
    """A page that was just opened receives everything."""
    all_of_it = await visitor.everything()

    assert all_of_it["me"] == SARA.id
    assert [one["name"] for one in all_of_it["channels"]][:2] == ["general", "ops"]
    assert all_of_it["account"] == {"name": "demo", "credits": "1000", "waiting": []}
    assert all_of_it["online"] is True


async def test_a_guest_sees_their_channels_only(visitor: Visitor) -> None:
    """A guest's channels are only those they are in."""
    channels = (await visitor.everything(GUEST))["channels"]

    assert [one["name"] for one in channels if not one["is_dm"]] == ["general"]


async def test_a_new_message_is_sent_to_the_page(page: Page, visitor: Visitor) -> None:
    """A new message has its blocks as the app sent them, with the ids that Slack adds."""
    async with visitor.listening() as socket:
        await news(socket)
        await page.api.chat_postMessage(channel=OPS.id, text="a", blocks=[{"type": "divider"}])
        (message,) = values_of(await news(socket), "message")

    assert message["blocks"] == [{"type": "divider", "block_id": "/blocks/0"}]


async def test_a_deleted_message_is_gone(page: Page, visitor: Visitor) -> None:
    """A deleted message is removed from the page."""
    sent = await page.api.chat_postMessage(channel=OPS.id, text="a")
    async with visitor.listening() as socket:
        await news(socket)
        await page.api.chat_delete(channel=OPS.id, ts=sent["ts"])

        assert values_of(await news(socket), "gone") == [sent["ts"]]


async def test_an_ephemeral_message_reaches_one_person(page: Page, visitor: Visitor) -> None:
    """An ephemeral message is sent to one user's page only."""
    await page.api.chat_postEphemeral(channel=OPS.id, user=SARA.id, text="secret")
    await page.api.chat_postMessage(channel=OPS.id, text="open")

    mine, theirs = await visitor.everything(SARA), await visitor.everything(NOURA)

    assert [one["text"] for one in mine["messages"]] == ["secret", "open"]
    assert [one["text"] for one in theirs["messages"]] == ["open"]


async def test_a_typed_command_is_listed_with_its_acknowledgement(
    page: Page, visitor: Visitor
) -> None:
    """A typed command is listed for the user who typed it only."""

    @page.bolt.command("/sms")
    async def reply(ack: Any) -> None:
        await ack()

    await page.slack.command(SARA, OPS, "/sms", "balance")
    (line,) = (await visitor.everything(SARA))["typed"]

    assert (line["text"], line["error"]) == ("/sms balance", None)
    assert line["took"] >= 0
    assert (await visitor.everything(NOURA))["typed"] == []


async def test_a_phone_shows_what_it_received(visitor: Visitor, caller: Caller) -> None:
    """Each number has a phone, with sender, text and pages of its messages."""
    await caller.send(KUWAIT, "مرحبا")
    await caller.send(KUWAIT_2, "x" * 161)

    first, second = (await visitor.everything())["phones"]

    assert first["number"] == KUWAIT
    assert (first["sms"][0]["text"], first["sms"][0]["sender"]) == ("مرحبا", "MY-APP")
    assert (second["number"], second["sms"][0]["pages"]) == (KUWAIT_2, 2)


async def test_a_send_changes_phone_credits_and_log(visitor: Visitor, caller: Caller) -> None:
    """A send updates the phone, the credits and the log as it happens."""
    async with visitor.listening() as socket:
        await news(socket)
        await caller.send(KUWAIT, "hello")
        updates: list[dict[str, Any]] = []
        while not any(one["outcome"] for one in values_of(updates, "request")):
            updates += await news(socket)

    assert values_of(updates, "phone")[-1]["sms"][0]["text"] == "hello"
    assert values_of(updates, "account")[-1]["credits"] == "999"
    assert values_of(updates, "request")[-1]["credits"] == "1"


async def test_the_log_shows_no_text_no_number_and_no_password(
    visitor: Visitor, caller: Caller
) -> None:
    """The log shows enough to follow a request, and no text, whole number or password."""
    await caller.send(KUWAIT, "top secret text")
    (row,) = (await visitor.everything())["requests"]

    assert row["about"] == NOTHING | {"sender": "MY-APP", "to": ["965•••••432"], "length": 15}
    assert (row["endpoint"], row["outcome"], row["credits"]) == ("send", "OK", "1")
    assert not {"top secret text", KUWAIT, "demo-password"} & set(map(str, row.values()))


NOTHING = {
    "sender": "",
    "to": [],
    "more": 0,
    "length": None,
    "message_id": "",
    "is_test": False,
}


@pytest.mark.parametrize(
    ("payload", "facts"),
    [
        ({}, {}),
        ({"sender": "A", "mobile": "96598765432,96551234567,96566666666", "message": "x"},
         {"sender": "A", "to": ["965•••••432", "965•••••567"], "more": 1, "length": 1}),
        ({"mobile": "12345"}, {"to": ["•••••"]}),
        ({"mobile": ""}, {"to": ["•"]}),
        ({"mobile": ["96598765432"]}, {"to": ["965•••••432"]}),
        ({"msgid": "f4c841adee210f31307633ceaebff2ec"}, {"message_id": "f4c841ad"}),
        ({"sender": "x" * 500}, {"sender": "x" * 120}),
        ({"test": "1", "sender": "A"}, {"sender": "A", "is_test": True}),
    ],
)  # fmt: skip
def test_a_request_in_few_facts(payload: dict[str, Any], facts: dict[str, Any]) -> None:
    """Any payload has a short summary."""
    record = LoggedRequest(endpoint="send", at=0.0, method="POST", headers={}, payload=payload)

    assert serializers.summary(record.payload or {}) == NOTHING | facts


async def test_a_reset_sends_everything_again(page: Page, visitor: Visitor) -> None:
    """After a reset the page receives everything again."""
    async with visitor.listening() as socket:
        await news(socket)
        page.gateway.reset()

        assert (await news(socket))[0]["me"] == SARA.id


async def test_a_slow_page_gets_the_newest_once() -> None:
    """A topic that changes often waits only once for a slow page."""
    viewer = Viewer(SARA)
    await viewer.topics()
    for _ in range(1000):
        viewer.mark_changed(("account",))

    assert await viewer.topics() == [("account",)]


async def test_what_waits_for_a_page_is_bounded() -> None:
    """Above the limit, the topics of a page become one: everything."""
    viewer = Viewer(SARA)
    await viewer.topics()
    for number in range(MAX_TOPICS + 1):
        viewer.mark_changed(("request", str(number)))

    assert await viewer.topics() == [EVERYTHING]


async def test_a_file_can_be_fetched(page: Page, visitor: Visitor) -> None:
    """A file is served as an attachment, never to be opened on the page."""
    await page.api.files_upload_v2(channel=OPS.id, filename="failures.csv", content="a,b\n1,2\n")
    ((file,),) = [one["files"] for one in (await visitor.everything())["messages"]]
    async with visitor.http.get(f"{page.url}/files/{file['id']}") as response:
        body = await response.text()

    assert (file["name"], file["bytes"], body) == ("failures.csv", 8, "a,b\n1,2\n")
    assert response.headers["Content-Disposition"] == "attachment"
