"""conversations.*, users.*, usergroups.*: people and channels as the app sees them."""

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_sandbox.slack import (
    BOT,
    GUEST,
    NOURA,
    OPS,
    RANDOM,
    SARA,
    STRANGER,
    Channel,
    ChannelKind,
    Manifest,
    NotPossible,
    SlackSandbox,
    User,
)
from support.slack import refusal, running_slack, web_client


async def test_a_direct_message_is_opened_once(api: AsyncWebClient) -> None:
    """Opening a direct message twice gives the same channel."""
    first = await api.conversations_open(users=SARA.id)
    second = await api.conversations_open(users=[SARA.id])

    assert first["channel"]["id"] == second["channel"]["id"]


async def test_nobody_unknown_is_written_to(api: AsyncWebClient) -> None:
    """conversations.open refuses an unknown user."""
    assert await refusal(api.conversations_open(users="U404")) == "user_not_found"


async def test_a_channel_says_whether_the_bot_is_a_member(api: AsyncWebClient) -> None:
    """conversations.info shows whether the bot is a member."""
    inside = await api.conversations_info(channel=OPS.id)
    outside = await api.conversations_info(channel=RANDOM.id)

    assert (inside["channel"]["is_member"], outside["channel"]["is_member"]) == (True, False)


async def test_a_private_channel_is_hidden(slack: SlackSandbox, api: AsyncWebClient) -> None:
    """A private channel is unknown to a bot that is not a member."""
    slack.directory.put_channel(Channel("C00SECRETS", "secrets", kind=ChannelKind.PRIVATE))

    assert await refusal(api.conversations_info(channel="C00SECRETS")) == "channel_not_found"


async def test_invited_and_removed(slack: SlackSandbox, api: AsyncWebClient) -> None:
    """Inviting and removing the bot changes where it may post."""
    slack.directory.invite(BOT, RANDOM)
    await api.chat_postMessage(channel=RANDOM.id, text="hi")
    slack.directory.remove(BOT, RANDOM)

    call = api.chat_postMessage(channel=RANDOM.id, text="hi")
    assert await refusal(call) == "not_in_channel"


async def test_members_are_listed(api: AsyncWebClient) -> None:
    """conversations.members lists the members."""
    answer = await api.conversations_members(channel=OPS.id)

    assert SARA.id in answer["members"]


async def test_a_person_has_a_profile_phone(api: AsyncWebClient) -> None:
    """A profile's phone is free text, as the user typed it."""
    answer = await api.users_profile_get(user=NOURA.id)

    assert answer["profile"]["phone"] == "٠٠٩٦٥ ٥٥٥٠ ٠١٠٠"


async def test_guests_and_strangers_are_marked(api: AsyncWebClient) -> None:
    """users.info distinguishes guests and users of other workspaces from colleagues."""
    guest = (await api.users_info(user=GUEST.id))["user"]
    stranger = (await api.users_info(user=STRANGER.id))["user"]

    assert (guest["is_restricted"], guest["is_stranger"]) == (True, False)
    assert (stranger["is_stranger"], stranger["team_id"]) == (True, "T0PARTNERS")


@pytest.mark.parametrize(("asked", "shown"), [(True, "ar"), (False, None)])
async def test_the_locale_comes_on_request(
    api: AsyncWebClient, *, asked: bool, shown: str | None
) -> None:
    """users.info has the locale only with include_locale."""
    answer = await api.users_info(user=NOURA.id, include_locale=asked)

    assert answer["user"].get("locale") == shown


async def test_an_unknown_person(api: AsyncWebClient) -> None:
    """users.info refuses an unknown user."""
    assert await refusal(api.users_info(user="U404")) == "user_not_found"


async def test_a_group_has_members(api: AsyncWebClient) -> None:
    """usergroups.list and usergroups.users.list agree on the members."""
    [group] = (await api.usergroups_list())["usergroups"]
    users = (await api.usergroups_users_list(usergroup=group["id"]))["users"]

    assert (group["handle"], users) == ("oncall", [SARA.id, NOURA.id])


async def test_an_unknown_group(api: AsyncWebClient) -> None:
    """usergroups.users.list refuses an unknown group."""
    assert await refusal(api.usergroups_users_list(usergroup="S404")) == "no_such_subteam"


async def test_groups_need_a_paid_plan() -> None:
    """On a free plan the methods of user groups are refused."""
    async with running_slack(manifest=Manifest(paid_plan=False)) as slack:
        call = web_client(slack).usergroups_users_list(usergroup="S000ONCALL")

        assert await refusal(call) == "plan_upgrade_required"


async def test_people_can_be_added(slack: SlackSandbox, api: AsyncWebClient) -> None:
    """A test can add users."""
    slack.directory.put_user(User("U0000NEWBY", "newby", "New By"))

    assert (await api.users_info(user="U0000NEWBY"))["user"]["name"] == "newby"


def test_a_mistyped_name_is_found_out(slack: SlackSandbox) -> None:
    """A wrong name in a test fails at once, and the error contains the name."""
    with pytest.raises(LookupError, match="nosuch"):
        slack.directory.user("nosuch")
    with pytest.raises(LookupError, match="#nosuch"):
        slack.directory.channel("#nosuch")


async def test_who_is_not_in_a_channel_cannot_type_there(slack: SlackSandbox) -> None:
    """Only members can type in a channel, and nobody in an archived one."""
    slack.directory.archive(RANDOM)

    for who, where in ((GUEST, OPS), (SARA, RANDOM), (NOURA, slack.dm(SARA))):
        with pytest.raises(NotPossible):
            await slack.command(who, where, "/sms")


async def test_guests_and_strangers_see_their_channels_only(
    slack: SlackSandbox, api: AsyncWebClient
) -> None:
    """Colleagues see any public channel; guests and strangers only those they are in."""
    await api.chat_postMessage(channel=OPS.id, text="hi")

    assert [slack.visible(who, OPS) == [] for who in (SARA, GUEST, STRANGER)] == [
        False,
        True,
        True,
    ]
    slack.directory.invite(GUEST, OPS)
    assert slack.visible(GUEST, OPS)


async def test_a_list_comes_in_pages(api: AsyncWebClient) -> None:
    """users.list and conversations.list give `limit` entries and the cursor of the next ones."""
    first = await api.users_list(limit=2)
    rest = await api.users_list(limit=1000, cursor=first["response_metadata"]["next_cursor"])
    channels = await api.conversations_list(limit=2)
    everybody = [one["id"] for one in (*first["members"], *rest["members"])]

    assert len(first["members"]) == len(channels["channels"]) == 2
    assert len(set(everybody)) == len(everybody)
    assert SARA.id in everybody
    assert rest["response_metadata"]["next_cursor"] == ""


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"cursor": "x"}, "invalid_cursor"),
        ({"limit": 1001}, "invalid_limit"),
        ({"types": "rooms"}, "invalid_types"),
    ],
)
async def test_a_wrong_list_is_refused(
    api: AsyncWebClient, wrong: dict[str, str], code: str
) -> None:
    """A cursor, limit or type of channel that Slack does not have is refused."""
    assert await refusal(api.conversations_list(**wrong)) == code  # type: ignore[arg-type]


async def test_archived_channels_are_left_out_on_request(
    slack: SlackSandbox, api: AsyncWebClient
) -> None:
    """exclude_archived leaves out what is archived."""
    slack.directory.archive(OPS)
    with_archived = await api.conversations_list()
    without = await api.conversations_list(exclude_archived=True)

    assert OPS.id in {one["id"] for one in with_archived["channels"]}
    assert OPS.id not in {one["id"] for one in without["channels"]}


async def test_each_kind_of_channel_needs_its_scope() -> None:
    """Private channels are listed for groups:read, and only those that the bot is in."""
    async with running_slack(manifest=Manifest(scopes=frozenset({"channels:read"}))) as slack:
        api = web_client(slack)

        assert await refusal(api.conversations_list(types="private_channel")) == "missing_scope"
        assert (await api.conversations_list())["channels"]
