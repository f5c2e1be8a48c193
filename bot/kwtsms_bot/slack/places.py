"""The channels and user groups that config.yaml names, looked at from the outside."""

from collections.abc import Mapping
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_bot.config import Config
from kwtsms_bot.doctor import Finding, Level
from kwtsms_bot.slack.manifest import LOOKING
from kwtsms_bot.slack.trouble import SLACK_TROUBLE, name

INVITE = "Invite the bot to it: /invite @kwtSMS"
CHECK_ID = (
    "Check the id (channel → View details). The bot sees a private channel once it is invited."
)
CHECK_GROUP = "Check the id (People → User groups → the group → ⋮ → Copy group ID)."
GRANT = (
    "Paste the manifest anew (kwtsms-bridge slack manifest), and leave them ticked at the install."
)
LATER = "Try again in a minute."


async def examine(client: AsyncWebClient, config: Config) -> tuple[Finding, ...]:
    """Each channel that the bot posts to or that gives a role, and each group that does."""
    approval = config.limits.approval_channel
    posted = dict.fromkeys(filter(None, (*config.alerts.balance.channels, approval)))
    granted = [one for one in config.access.channels if one not in posted]
    return (
        *[await _channel(client, one, posts=True) for one in posted],
        *[await _channel(client, one, posts=False) for one in granted],
        *await _groups(client, config.access.groups),
    )


async def _channel(client: AsyncWebClient, channel: str, *, posts: bool) -> Finding:
    check = f"Channel {channel}"
    if channel.startswith("D"):
        return Finding(check, Level.SKIPPED, "A direct message: the bot does not look into those.")
    try:
        answer = await client.conversations_info(channel=channel)
    except SLACK_TROUBLE as error:
        return of_refusal(check, name(error), posts=posts)
    return of_channel(check, answer.get("channel") or {}, posts=posts)


def of_channel(check: str, about: Mapping[str, Any], *, posts: bool) -> Finding:
    """Whether the bot can write there, where it has to."""
    if about.get("is_archived"):
        return Finding(check, Level.PROBLEM, "It is archived.", "Name another channel.")
    if about.get("is_member"):
        return Finding(check, Level.OK, f"#{about.get('name')}, and the bot is in it.")
    if posts:
        return Finding(check, Level.PROBLEM, "The bot is not in it.", INVITE)
    what = "The bot is not in it: cards of what is sent from there go by direct message."
    return Finding(check, Level.WARNING, what, INVITE)


def of_refusal(check: str, error: str, *, posts: bool) -> Finding:
    """What it means that Slack does not show a channel."""
    if error == "missing_scope":
        what = f"Not looked at: that takes the scopes {' and '.join(LOOKING)}, both optional."
        return Finding(check, Level.SKIPPED, what, GRANT)
    if error != "channel_not_found":
        return Finding(check, Level.WARNING, f"Slack did not say ({error}).", LATER)
    # A command can be typed in a private channel that the bot does not see.
    level = Level.PROBLEM if posts else Level.WARNING
    return Finding(check, level, "Slack shows the bot no such channel.", CHECK_ID)


async def _groups(client: AsyncWebClient, groups: tuple[str, ...]) -> tuple[Finding, ...]:
    """All of them by one call."""
    if not groups:
        return ()
    try:
        answer = await client.usergroups_list(include_disabled=True, include_count=True)
    except SLACK_TROUBLE as error:
        return tuple(_of_no_groups(f"Group {one}", name(error)) for one in groups)
    known = {str(one.get("id")): one for one in answer.get("usergroups") or ()}
    return tuple(of_group(f"Group {one}", known.get(one)) for one in groups)


def of_group(check: str, about: Mapping[str, Any] | None) -> Finding:
    """Whether somebody holds a role by it."""
    if about is None:
        return Finding(check, Level.PROBLEM, "This workspace has no such group.", CHECK_GROUP)
    handle = f"@{about.get('handle')}"
    if about.get("date_delete"):
        what = f"{handle} is disabled: nobody holds a role by it."
        return Finding(check, Level.PROBLEM, what, "Enable it in Slack, or name another group.")
    count = int(about.get("user_count") or 0)
    if not count:
        return Finding(
            check, Level.WARNING, f"Nobody is in {handle}.", "Add people to it in Slack."
        )
    return Finding(check, Level.OK, f"{handle}, {count} {'person' if count == 1 else 'people'}.")


def _of_no_groups(check: str, error: str) -> Finding:
    if error == "plan_upgrade_required":
        remedy = "Give the role to users or channels instead."
        return Finding(check, Level.PROBLEM, "User groups take a paid plan of Slack.", remedy)
    if error == "missing_scope":  # Which is a finding of its own.
        return Finding(check, Level.SKIPPED, "Not looked at: the scope usergroups:read is missing.")
    return Finding(check, Level.WARNING, f"Slack did not say ({error}).", LATER)
