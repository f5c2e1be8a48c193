"""People and channels are found by the names that a person types."""

import pytest

from kwtsms_bot.slack.workspace import (
    PAGE_SIZE,
    LookupRefused,
    Member,
    WorkspaceChannel,
    WorkspaceLookup,
    find_channel,
    find_members,
)
from kwtsms_sandbox.slack import ALERTS, SARA, Channel, ChannelKind, Manifest, User
from support.slack import running_slack

SARA_A = Member("U1", "sara", "Sara Ahmad", "Sara")
SARA_K = Member("U2", "khaled", "Sara Khaled")
NOURA = Member("U3", "noura", "نورة العتيبي")
ALI = Member("U4", "ali", "Ali", email="a.ali@example.com")
PEOPLE = (SARA_A, SARA_K, NOURA, ALI)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("U2", [SARA_K]),
        ("sara", [SARA_A, SARA_K]),
        ("@sara", [SARA_A]),
        ("@SARA", [SARA_A]),
        ("Sara  khaled", [SARA_K]),
        ("khaled", [SARA_K]),
        ("نورة", [NOURA]),
        ("sara@example.com", [SARA_A]),
        ("a.ali@example.com", [ALI]),
        ("someone@example.com", []),
        ("@someone", []),
        ("nobody", []),
    ],
)
def test_everybody_who_may_be_meant_is_found(query: str, found: list[Member]) -> None:
    """An ID, a @handle and an address mean one person; a name means all who have it."""
    assert list(find_members(query, PEOPLE)) == found


@pytest.mark.parametrize("query", ["alerts", "#alerts", "#Alerts", "C1"])
def test_a_channel_is_found_by_name_or_id(query: str) -> None:
    """The # and capitals make no difference."""
    alerts = WorkspaceChannel("C1", "alerts", has_bot=True)

    assert find_channel(query, [WorkspaceChannel("C2", "x", has_bot=False), alerts]) == alerts


async def test_every_page_of_a_large_workspace_is_read() -> None:
    """People and channels beyond the first page are found; bots and strangers are left out."""
    async with running_slack() as slack:
        for number in range(PAGE_SIZE + 1):
            slack.directory.put_user(User(f"U1{number:08}", f"user{number}", f"User {number}"))
            slack.directory.put_channel(Channel(f"C1{number:08}", f"channel{number}"))
        lookup = WorkspaceLookup(slack.bot_token, slack.api_url)
        members, channels = await lookup.members(), await lookup.channels()

    handles = {one.handle for one in members}
    assert {"sara", f"user{PAGE_SIZE}"} <= handles
    assert handles.isdisjoint({"sms", "slackbot", "lena"})
    assert f"channel{PAGE_SIZE}" in {one.name for one in channels}


async def test_private_channels_show_with_their_scope_only() -> None:
    """Without groups:read the public channels are found all the same."""
    secret = Channel("C00SECRETS", "secrets", ALERTS.members, kind=ChannelKind.PRIVATE)
    found = []
    for scopes in ({"channels:read"}, {"channels:read", "groups:read"}):
        async with running_slack(manifest=Manifest(scopes=frozenset(scopes))) as slack:
            slack.directory.put_channel(secret)
            channels = await WorkspaceLookup(slack.bot_token, slack.api_url).channels()
            found.append({one.name for one in channels} & {"alerts", "secrets"})

    assert found == [{"alerts"}, {"alerts", "secrets"}]


async def test_an_organizations_token_is_refused() -> None:
    """A token of a whole organization isn't supported, and says what to do."""
    async with running_slack(manifest=Manifest(org_wide=True)) as slack:
        with pytest.raises(LookupRefused, match="Install the app in one workspace"):
            await WorkspaceLookup(slack.bot_token, slack.api_url).identity()


async def test_no_answer_names_the_cause() -> None:
    """Without a connection the error says what to look at, and holds no token."""
    lookup = WorkspaceLookup("xoxb-secret", "http://127.0.0.1:1/api/")
    with pytest.raises(LookupRefused, match="Slack gave no answer") as refused:
        await lookup.identity()

    assert "xoxb-secret" not in f"{refused.value}{lookup!r}"


async def test_an_address_needs_its_scope() -> None:
    """Slack shows e-mail addresses to an app with the scope users:read.email only."""
    shown = []
    for scopes in ({"users:read"}, {"users:read", "users:read.email"}):
        async with running_slack(manifest=Manifest(scopes=frozenset(scopes))) as slack:
            members = await WorkspaceLookup(slack.bot_token, slack.api_url).members()
            shown += [one.email for one in members if one.id == SARA.id]

    assert shown == ["", SARA.email]
