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
from kwtsms_bot.slack.ids import BOT_HANDLE
from kwtsms_bot.slack.manifest import SCOPES

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
            "Slack channels", FindingLevel.SKIPPED, "Not checked: fix the bot token first."
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
        return Finding(label, FindingLevel.SKIPPED, "Slack didn't report the token's scopes.")
    missing = sorted(set(SCOPES) - {one.strip() for one in granted.split(",")})
    if not missing:
        return Finding(label, FindingLevel.OK, "The token has every scope the bot needs.")
    fix = "Paste the manifest again (kwtsms-bridge slack manifest) and reinstall the app."
    return Finding(label, FindingLevel.PROBLEM, f"Missing: {', '.join(missing)}.", fix)


def check_command(command: str) -> Finding:
    """Asks a person to try the slash command: no Slack token can look up an app's commands."""
    summary = f"Slack doesn't tell the bot its command. config.yaml says {command}."
    manifest = f"kwtsms-bridge slack manifest --command {command}"
    fix = f"Type {command} help in Slack. If it fails, install the app again: {manifest}"
    return Finding("Slash command", FindingLevel.SKIPPED, summary, fix)


def check_clock(date: str | None, now: datetime) -> Finding:
    """Reports the clock's distance from Slack's: expiry, leases and signatures depend on it."""
    label = "Clock"
    try:
        slack_time = parsedate_to_datetime(date or "").astimezone(UTC)
    except ValueError:
        return Finding(label, FindingLevel.SKIPPED, "Slack's response had no time.")
    skew = abs(now - slack_time)
    summary = f"{skew.total_seconds():.0f} s off Slack's clock."
    if skew <= MAX_CLOCK_SKEW:
        return Finding(label, FindingLevel.OK, summary)
    return Finding(
        label,
        FindingLevel.PROBLEM,
        summary,
        "Synchronize the clock with NTP (timedatectl set-ntp true).",
    )


async def _check_second_secret(client: AsyncWebClient, settings: SlackSettings) -> Finding:
    """Checks the app token in Socket Mode; says over HTTP how a wrong signing secret shows."""
    if settings.app_token is None or settings.mode == "http":
        summary = (
            "It's set. If it's wrong, each request from Slack is logged as `request refused` "
            "with status 401."
        )
        return Finding("Slack signing secret", FindingLevel.OK, summary)
    try:
        await client.apps_connections_open(app_token=settings.app_token.get_secret_value())
    except SLACK_ERRORS as error:
        return _refusal_finding("Slack app token", error)
    return Finding("Slack app token", FindingLevel.OK, "Socket Mode works.")


def _refusal_finding(label: str, error: Exception) -> Finding:
    if isinstance(error, SlackApiError):
        return Finding(
            label, FindingLevel.PROBLEM, f"Slack says {error_name(error)}.", remedy(error)
        )
    fix = connection_remedy(error, os.environ, SLACK_PROXIES) or NETWORK_REMEDY
    return Finding(label, FindingLevel.PROBLEM, f"Slack didn't respond ({error_name(error)}).", fix)


def _headers(answer: AsyncSlackResponse) -> dict[str, str]:
    return {str(key).lower(): str(value) for key, value in answer.headers.items()}


INVITE = f"Invite the bot: /invite @{BOT_HANDLE}"
CHECK_ID = (
    "Check the ID (channel → View details). The bot sees a private channel only once it's invited."
)
CHECK_GROUP = "Check the ID (People → User groups → the group → ⋮ → Copy group ID)."
REINSTALL = (
    "Paste the manifest again (kwtsms-bridge slack manifest), and keep them ticked when you "
    "install the app."
)
RETRY_LATER = "Try again in a minute."


async def check_channels(client: AsyncWebClient, config: Config) -> tuple[Finding, ...]:
    """Checks each channel that the bot posts to or that grants a role, and each granting group."""
    approval = config.limits.approval_channel
    alerts = () if config.bridge is None else config.bridge.posting_channels
    posting = dict.fromkeys(filter(None, (*config.alerts.balance.channels, approval, *alerts)))
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
            check, FindingLevel.SKIPPED, "A direct message. The bot doesn't check these."
        )
    try:
        answer = await client.conversations_info(channel=channel)
    except SLACK_ERRORS as error:
        return check_refusal(check, error_name(error), posts=posts)
    return check_channel(check, answer.get("channel") or {}, posts=posts)


def check_channel(check: str, channel: Mapping[str, Any], *, posts: bool) -> Finding:
    """Reports whether the bot is in the channel; its absence is a problem if it `posts` there."""
    if channel.get("is_archived"):
        return Finding(
            check, FindingLevel.PROBLEM, "The channel is archived.", "Choose another channel."
        )
    if channel.get("is_member"):
        return Finding(check, FindingLevel.OK, f"The bot is in #{channel.get('name')}.")
    if posts:
        return Finding(check, FindingLevel.PROBLEM, "The bot isn't in this channel.", INVITE)
    summary = (
        "The bot isn't in this channel. Cards of messages sent from it go to their "
        "authors as direct messages."
    )
    return Finding(check, FindingLevel.WARNING, summary, INVITE)


def check_refusal(check: str, error: str, *, posts: bool) -> Finding:
    """Reports the meaning of Slack's refusal to show a channel."""
    if error == "missing_scope":
        summary = "Not checked: needs the optional scopes channels:read and groups:read."
        return Finding(check, FindingLevel.SKIPPED, summary, REINSTALL)
    if error != "channel_not_found":
        return Finding(
            check, FindingLevel.WARNING, f"Slack returned an error ({error}).", RETRY_LATER
        )
    # A command can be typed in a private channel that the bot does not see.
    level = FindingLevel.PROBLEM if posts else FindingLevel.WARNING
    return Finding(check, level, "The bot can't find this channel.", CHECK_ID)


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
            check, FindingLevel.PROBLEM, "This workspace has no group with this ID.", CHECK_GROUP
        )
    handle = f"@{group.get('handle')}"
    if group.get("date_delete"):
        summary = f"{handle} is disabled, so it grants no role."
        return Finding(
            check, FindingLevel.PROBLEM, summary, "Enable it in Slack, or choose another group."
        )
    count = int(group.get("user_count") or 0)
    if not count:
        return Finding(
            check, FindingLevel.WARNING, f"{handle} has no members.", "Add people to it in Slack."
        )
    return Finding(
        check, FindingLevel.OK, f"{handle}, {count} {'person' if count == 1 else 'people'}."
    )


def _group_refusal_finding(check: str, error: str) -> Finding:
    if error == "plan_upgrade_required":
        remedy = "Grant the role to users or channels instead."
        return Finding(check, FindingLevel.PROBLEM, "User groups need a paid Slack plan.", remedy)
    if error == "missing_scope":  # Reported by check_scopes.
        return Finding(
            check, FindingLevel.SKIPPED, "Not checked: the scope usergroups:read is missing."
        )
    return Finding(check, FindingLevel.WARNING, f"Slack returned an error ({error}).", RETRY_LATER)
