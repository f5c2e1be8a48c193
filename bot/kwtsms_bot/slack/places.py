"""The channels and user groups that config.yaml names, looked at from the outside."""

from collections.abc import Mapping
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_bot.config import Config
from kwtsms_bot.doctor import Finding, FindingLevel
from kwtsms_bot.slack.manifest import OPTIONAL_SCOPES
from kwtsms_bot.slack.trouble import SLACK_ERRORS, error_name

INVITE = "Invite the bot to it: /invite @kwtSMS"
CHECK_ID = (
    "Check the id (channel → View details). The bot sees a private channel once it is invited."
)
CHECK_GROUP = "Check the id (People → User groups → the group → ⋮ → Copy group ID)."
REINSTALL = (
    "Paste the manifest anew (kwtsms-bridge slack manifest), and leave them ticked at the install."
)
RETRY_LATER = "Try again in a minute."


async def check_channels(client: AsyncWebClient, config: Config) -> tuple[Finding, ...]:
    """Each channel that the bot posts to or that gives a role, and each group that does."""
    approval = config.limits.approval_channel
    posting = dict.fromkeys(filter(None, (*config.alerts.balance.channels, approval)))
    granting = [one for one in config.access.channels if one not in posting]
    return (
        *[await _fetch_and_check_channel(client, one, posts=True) for one in posting],
        *[await _fetch_and_check_channel(client, one, posts=False) for one in granting],
        *await _check_groups(client, config.access.groups),
    )


async def _fetch_and_check_channel(client: AsyncWebClient, channel: str, *, posts: bool) -> Finding:
    check = f"Channel {channel}"
    if channel.startswith("D"):
        return Finding(
            check, FindingLevel.SKIPPED, "A direct message: the bot does not look into those."
        )
    try:
        answer = await client.conversations_info(channel=channel)
    except SLACK_ERRORS as error:
        return check_refusal(check, error_name(error), posts=posts)
    return check_channel(check, answer.get("channel") or {}, posts=posts)


def check_channel(check: str, channel: Mapping[str, Any], *, posts: bool) -> Finding:
    """Whether the bot can write there, where it has to."""
    if channel.get("is_archived"):
        return Finding(check, FindingLevel.PROBLEM, "It is archived.", "Name another channel.")
    if channel.get("is_member"):
        return Finding(check, FindingLevel.OK, f"#{channel.get('name')}, and the bot is in it.")
    if posts:
        return Finding(check, FindingLevel.PROBLEM, "The bot is not in it.", INVITE)
    summary = "The bot is not in it: cards of what is sent from there go by direct message."
    return Finding(check, FindingLevel.WARNING, summary, INVITE)


def check_refusal(check: str, error: str, *, posts: bool) -> Finding:
    """What it means that Slack does not show a channel."""
    if error == "missing_scope":
        summary = (
            f"Not looked at: that takes the scopes {' and '.join(OPTIONAL_SCOPES)}, both optional."
        )
        return Finding(check, FindingLevel.SKIPPED, summary, REINSTALL)
    if error != "channel_not_found":
        return Finding(check, FindingLevel.WARNING, f"Slack did not say ({error}).", RETRY_LATER)
    # A command can be typed in a private channel that the bot does not see.
    level = FindingLevel.PROBLEM if posts else FindingLevel.WARNING
    return Finding(check, level, "Slack shows the bot no such channel.", CHECK_ID)


async def _check_groups(client: AsyncWebClient, groups: tuple[str, ...]) -> tuple[Finding, ...]:
    """All of them by one call."""
    if not groups:
        return ()
    try:
        answer = await client.usergroups_list(include_disabled=True, include_count=True)
    except SLACK_ERRORS as error:
        return tuple(_group_refusal_finding(f"Group {one}", error_name(error)) for one in groups)
    known = {str(one.get("id")): one for one in answer.get("usergroups") or ()}
    return tuple(check_group(f"Group {one}", known.get(one)) for one in groups)


def check_group(check: str, group: Mapping[str, Any] | None) -> Finding:
    """Whether somebody holds a role by it."""
    if group is None:
        return Finding(
            check, FindingLevel.PROBLEM, "This workspace has no such group.", CHECK_GROUP
        )
    handle = f"@{group.get('handle')}"
    if group.get("date_delete"):
        summary = f"{handle} is disabled: nobody holds a role by it."
        return Finding(
            check, FindingLevel.PROBLEM, summary, "Enable it in Slack, or name another group."
        )
    count = int(group.get("user_count") or 0)
    if not count:
        return Finding(
            check, FindingLevel.WARNING, f"Nobody is in {handle}.", "Add people to it in Slack."
        )
    return Finding(
        check, FindingLevel.OK, f"{handle}, {count} {'person' if count == 1 else 'people'}."
    )


def _group_refusal_finding(check: str, error: str) -> Finding:
    if error == "plan_upgrade_required":
        remedy = "Give the role to users or channels instead."
        return Finding(
            check, FindingLevel.PROBLEM, "User groups take a paid plan of Slack.", remedy
        )
    if error == "missing_scope":  # Which is a finding of its own.
        return Finding(
            check, FindingLevel.SKIPPED, "Not looked at: the scope usergroups:read is missing."
        )
    return Finding(check, FindingLevel.WARNING, f"Slack did not say ({error}).", RETRY_LATER)
