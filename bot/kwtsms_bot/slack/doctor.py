"""Checks the Slack side of the set-up: tokens, scopes, channels, groups and the clock."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from kwtsms_bot.config import Config, SlackSettings
from kwtsms_bot.doctor import Finding, FindingLevel
from kwtsms_bot.doctor.network import SLACK_PROXIES, connection_remedy
from kwtsms_bot.slack.errors import (
    ORG_WIDE,
    ORG_WIDE_REMEDY,
    SLACK_ERRORS,
    error_name,
    is_org_wide,
    remedy,
)
from kwtsms_bot.slack.manifest import OPTIONAL_SCOPES, SCOPES

TIMEOUT_SECONDS = 10
NETWORK_REMEDY = "Check this server's network, DNS and firewall."
MAX_CLOCK_SKEW = timedelta(seconds=60)


async def check(config: Config, now: datetime) -> tuple[Finding, ...]:
    """Checks the workspace through the Web API; skips the rest if the bot token is refused."""
    settings = config.slack
    client = AsyncWebClient(
        token=settings.bot_token.get_secret_value(),
        base_url=settings.api_url,
        timeout=TIMEOUT_SECONDS,
        retry_handlers=[],
    )
    second = await _check_second_secret(client, settings)
    try:
        identity = await client.auth_test()
    except SLACK_ERRORS as error:
        skipped = Finding(
            "Slack channels", FindingLevel.SKIPPED, "Not looked at: the bot token is first."
        )
        return (_refusal_finding("Slack bot token", error), second, skipped)
    if is_org_wide(identity):
        problem = Finding("Slack bot token", FindingLevel.PROBLEM, ORG_WIDE, ORG_WIDE_REMEDY)
        return (problem, second)
    summary = f"Workspace {identity.get('team')}, as @{identity.get('user')}."
    return (
        Finding("Slack bot token", FindingLevel.OK, summary),
        second,
        check_scopes(_headers(identity).get("x-oauth-scopes")),
        check_command(settings.command),
        check_clock(_headers(identity).get("date"), now),
        *await check_channels(client, config),
    )


def check_scopes(granted: str | None) -> Finding:
    """Reports whether the token has all required scopes."""
    label = "Slack scopes"
    if granted is None:
        return Finding(label, FindingLevel.SKIPPED, "Slack did not say which scopes the token has.")
    missing = sorted(set(SCOPES) - {one.strip() for one in granted.split(",")})
    if not missing:
        return Finding(label, FindingLevel.OK, "All that the bot needs are granted.")
    fix = "Paste the manifest anew (kwtsms-bridge slack manifest) and reinstall the app."
    return Finding(label, FindingLevel.PROBLEM, f"Missing: {', '.join(missing)}.", fix)


def check_command(command: str) -> Finding:
    """Asks a person to try the slash command: no Slack token can look up an app's commands."""
    summary = f"Slack tells no bot which one its app has; here it is {command}."
    fix = (
        f"Type {command} help in Slack. No answer: kwtsms-bridge slack manifest --command {command}"
    )
    return Finding("Slash command", FindingLevel.SKIPPED, summary, fix)


def check_clock(date: str | None, now: datetime) -> Finding:
    """Reports the clock's distance from Slack's: expiry, leases and signatures depend on it."""
    label = "Clock"
    try:
        slack_time = parsedate_to_datetime(date or "").astimezone(UTC)
    except ValueError:
        return Finding(label, FindingLevel.SKIPPED, "Slack's answer had no time.")
    skew = abs(now - slack_time)
    summary = f"{skew.total_seconds():.0f} s from Slack's."
    if skew <= MAX_CLOCK_SKEW:
        return Finding(label, FindingLevel.OK, summary)
    return Finding(
        label, FindingLevel.PROBLEM, summary, "Set the clock by NTP (timedatectl set-ntp true)."
    )


async def _check_second_secret(client: AsyncWebClient, settings: SlackSettings) -> Finding:
    """Checks the app token in Socket Mode; says over HTTP how a wrong signing secret shows."""
    if settings.app_token is None or settings.mode == "http":
        summary = (
            "It is set; with a wrong one, the log says `request refused` with status 401 whenever "
            "Slack asks for something."
        )
        return Finding("Slack signing secret", FindingLevel.OK, summary)
    try:
        await client.apps_connections_open(app_token=settings.app_token.get_secret_value())
    except SLACK_ERRORS as error:
        return _refusal_finding("Slack app token", error)
    return Finding("Slack app token", FindingLevel.OK, "Socket Mode can be opened.")


def _refusal_finding(label: str, error: Exception) -> Finding:
    if isinstance(error, SlackApiError):
        return Finding(
            label, FindingLevel.PROBLEM, f"Slack says {error_name(error)}.", remedy(error)
        )
    fix = connection_remedy(error, os.environ, SLACK_PROXIES) or NETWORK_REMEDY
    return Finding(label, FindingLevel.PROBLEM, f"Slack gave no answer ({error_name(error)}).", fix)


def _headers(answer: AsyncSlackResponse) -> dict[str, str]:
    return {str(key).lower(): str(value) for key, value in answer.headers.items()}


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
    """Checks each channel that the bot posts to or that grants a role, and each granting group."""
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
    """Reports whether the bot is in the channel; its absence is a problem if it `posts` there."""
    if channel.get("is_archived"):
        return Finding(check, FindingLevel.PROBLEM, "It is archived.", "Name another channel.")
    if channel.get("is_member"):
        return Finding(check, FindingLevel.OK, f"#{channel.get('name')}, and the bot is in it.")
    if posts:
        return Finding(check, FindingLevel.PROBLEM, "The bot is not in it.", INVITE)
    summary = "The bot is not in it: cards of what is sent from there go by direct message."
    return Finding(check, FindingLevel.WARNING, summary, INVITE)


def check_refusal(check: str, error: str, *, posts: bool) -> Finding:
    """Reports the meaning of Slack's refusal to show a channel."""
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
    """Checks all groups with one call."""
    if not groups:
        return ()
    try:
        answer = await client.usergroups_list(include_disabled=True, include_count=True)
    except SLACK_ERRORS as error:
        return tuple(_group_refusal_finding(f"Group {one}", error_name(error)) for one in groups)
    known = {str(one.get("id")): one for one in answer.get("usergroups") or ()}
    return tuple(check_group(f"Group {one}", known.get(one)) for one in groups)


def check_group(check: str, group: Mapping[str, Any] | None) -> Finding:
    """Reports whether the group exists, is enabled and has members."""
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
    if error == "missing_scope":  # Reported by check_scopes.
        return Finding(
            check, FindingLevel.SKIPPED, "Not looked at: the scope usergroups:read is missing."
        )
    return Finding(check, FindingLevel.WARNING, f"Slack did not say ({error}).", RETRY_LATER)
