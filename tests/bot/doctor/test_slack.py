"""The doctor's findings about the Slack workspace, each with its remedy."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kwtsms_bot.demo.environment import LocalEnvironment
from kwtsms_bot.doctor import Finding, FindingLevel
from kwtsms_bot.slack import doctor
from kwtsms_bot.slack.manifest import OPTIONAL_SCOPES, SCOPES
from kwtsms_sandbox.slack import (
    ALERTS,
    OPS,
    RANDOM,
    Channel,
    Fault,
    Manifest,
    SlackSandbox,
    UserGroup,
)
from kwtsms_sandbox.slack.models import ChannelKind
from support.slack import no_proxy

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECRET = Channel("C0000SECRE", "secret", frozenset(), kind=ChannelKind.PRIVATE)
GONE = "C0NOTHERE1"
EMPTY = UserGroup("S0000EMPTY", "empty", "Empty", ())
ON_CALL = "S000ONCALL"
POSTS: dict[str, Any] = {"alerts": {"balance": {"channels": [ALERTS.id, RANDOM.id]}}}


def workspace(*scopes: str, paid: bool = True) -> SlackSandbox:
    """A workspace that has granted these scopes; all of them by default."""
    granted = frozenset(scopes or (*SCOPES, *OPTIONAL_SCOPES))
    slack = SlackSandbox(manifest=Manifest(scopes=granted, paid_plan=paid))
    slack.directory.put_channel(SECRET)
    slack.directory.put_group(EMPTY)
    return slack


async def examined(
    folder: Path, slack: SlackSandbox | None = None, *, use_http: bool = False, **changes: Any
) -> dict[str, Finding]:
    """The findings, by name of the check."""
    env = LocalEnvironment(folder, use_http=use_http, **changes)
    env.slack = slack or workspace()
    with no_proxy():
        async with env.slack:
            return {one.check: one for one in await doctor.check(env.config, NOW)}


async def test_with_our_manifest_every_channel_is_checked(tmp_path: Path) -> None:
    """Channels for alerts and approvals must exist, and the bot must be a member."""
    limits = {"approval_channel": GONE}
    found = await examined(tmp_path, limits=limits, **POSTS)

    assert found[f"Channel {ALERTS.id}"].level is FindingLevel.OK
    assert found[f"Channel {RANDOM.id}"].level is FindingLevel.PROBLEM
    assert found[f"Channel {RANDOM.id}"].remedy.startswith("Invite the bot")
    assert found[f"Channel {GONE}"].level is FindingLevel.PROBLEM
    assert "Check the ID" in found[f"Channel {GONE}"].remedy


async def test_the_channels_of_alerts_are_checked(tmp_path: Path) -> None:
    """The bridge's channel, a receiver's and an application's are posted to."""
    bridge = {
        "channel": ALERTS.id,
        "integrations": {"scripts": {"kind": "native", "token": "scripts-token-0000000000"}},
        "receivers": {"ops": {"to": [], "channel": RANDOM.id}},
        "api": {"shop": {"token": "kwb_token-of-the-shop", "channel": GONE}},
    }
    found = await examined(tmp_path, bridge=bridge)

    assert found[f"Channel {ALERTS.id}"].level is FindingLevel.OK
    assert found[f"Channel {RANDOM.id}"].level is FindingLevel.PROBLEM
    assert found[f"Channel {GONE}"].level is FindingLevel.PROBLEM


async def test_a_channel_that_only_gives_a_role_works_without_the_bot(tmp_path: Path) -> None:
    """A channel that the bot cannot see is a warning only: commands can still be typed there."""
    access = {"sender": {"channels": [OPS.id, RANDOM.id, SECRET.id]}}
    found = await examined(tmp_path, access=access)

    assert found[f"Channel {OPS.id}"].level is FindingLevel.OK
    assert found[f"Channel {RANDOM.id}"].level is FindingLevel.WARNING
    assert "direct messages" in found[f"Channel {RANDOM.id}"].what
    assert found[f"Channel {SECRET.id}"].level is FindingLevel.WARNING


async def test_an_archived_channel(tmp_path: Path) -> None:
    """An archived channel is a problem, because nothing can be posted there."""
    slack = workspace()
    slack.directory.archive(ALERTS)
    found = await examined(tmp_path, slack)

    assert found[f"Channel {ALERTS.id}"].remedy == "Choose another channel."


async def test_without_the_optional_scopes_a_check_is_skipped(tmp_path: Path) -> None:
    """Without the optional scopes, channels are skipped with a hint at how to grant them."""
    found = await examined(tmp_path, workspace(*SCOPES))

    assert found[f"Channel {ALERTS.id}"].level is FindingLevel.SKIPPED
    assert "channels:read and groups:read" in found[f"Channel {ALERTS.id}"].what
    assert "manifest" in found[f"Channel {ALERTS.id}"].remedy
    assert found["Slack scopes"].level is FindingLevel.OK


async def test_groups_that_give_a_role(tmp_path: Path) -> None:
    """Groups must exist and have members; one API call lists them all."""
    slack = workspace()
    access = {"bulk": {"groups": [ON_CALL, EMPTY.id]}, "admin": {"groups": ["S0NOTTHERE"]}}
    found = await examined(tmp_path, slack, access=access)

    assert found[f"Group {ON_CALL}"].what == "@oncall, 2 people."
    assert found[f"Group {EMPTY.id}"].level is FindingLevel.WARNING
    assert found["Group S0NOTTHERE"].level is FindingLevel.PROBLEM
    assert "Copy group ID" in found["Group S0NOTTHERE"].remedy
    assert len(slack.calls("usergroups.list")) == 1


async def test_groups_on_a_free_plan(tmp_path: Path) -> None:
    """On a free plan, a group that grants a role is a problem."""
    access = {"sender": {"groups": [ON_CALL]}}
    found = await examined(tmp_path, workspace(paid=False), access=access)

    assert found[f"Group {ON_CALL}"].level is FindingLevel.PROBLEM
    assert found[f"Group {ON_CALL}"].remedy == "Grant the role to users or channels instead."


def test_a_disabled_group() -> None:
    """A disabled group still exists in Slack, but it cannot have members."""
    group = {"id": ON_CALL, "handle": "oncall", "user_count": 2, "date_delete": 1795392000}

    assert doctor.check_group("Group", group).level is FindingLevel.PROBLEM
    assert doctor.check_group("Group", group | {"date_delete": 0}).level is FindingLevel.OK


@pytest.mark.parametrize(
    ("error", "level", "remedy"),
    [
        ("internal_error", FindingLevel.WARNING, "Try again"),
        ("channel_not_found", FindingLevel.PROBLEM, "ID"),
    ],
)
def test_what_slack_does_not_say_is_no_problem_of_ours(
    error: str, level: FindingLevel, remedy: str
) -> None:
    """A wrong channel ID is distinguished from an error on Slack's side."""
    found = doctor.check_refusal("Channel", error, posts=True)

    assert found.level is level
    assert remedy in found.remedy


async def test_tokens_that_are_refused(tmp_path: Path) -> None:
    """Each refused token is named, with its remedy."""
    slack = workspace()
    slack.fault("auth.test", Fault(error="token_revoked"))
    slack.fault("apps.connections.open", Fault(error="invalid_auth"))
    found = await examined(tmp_path, slack)

    assert found["Slack bot token"].what == "Slack says token_revoked."
    assert found["Slack app token"].what == "Slack says invalid_auth."
    assert "Copy the token again" in found["Slack bot token"].remedy
    assert found["Slack channels"].level is FindingLevel.SKIPPED


async def test_an_app_token_without_its_scope(tmp_path: Path) -> None:
    """An app token without `connections:write` is valid, but cannot open a socket."""
    slack = workspace()
    slack.fault("apps.connections.open", Fault(error="missing_scope"))
    found = await examined(tmp_path, slack)

    assert found["Slack app token"].level is FindingLevel.PROBLEM
    assert "connections:write" in found["Slack app token"].remedy


async def test_via_http_the_signing_secret_is_the_second(tmp_path: Path) -> None:
    """The signing secret cannot be checked in advance: the finding says where a wrong one shows."""
    slack = workspace()
    found = await examined(tmp_path, slack, use_http=True)

    assert "Slack app token" not in found
    assert "request refused" in found["Slack signing secret"].what
    assert slack.calls("apps.connections.open") == []


def test_the_command_name_that_slack_does_not_report() -> None:
    """The finding names the configured command and prints the manifest command for it."""
    found = doctor.check_command("/text")

    assert found.level is FindingLevel.SKIPPED
    assert "config.yaml says /text" in found.what
    assert "slack manifest --command /text" in found.remedy


def test_scopes_and_clock() -> None:
    """Missing scopes are named; a clock may be half a minute off, but not an hour."""
    date = "Mon, 23 Nov 2026 12:00:30 GMT"

    assert doctor.check_scopes(",".join(SCOPES)).level is FindingLevel.OK
    assert "files:write" in doctor.check_scopes("commands, chat:write").what
    assert doctor.check_clock(date, NOW).level is FindingLevel.OK
    assert doctor.check_clock(date, NOW + timedelta(hours=1)).level is FindingLevel.PROBLEM
    assert doctor.check_clock("nonsense", NOW).level is FindingLevel.SKIPPED
