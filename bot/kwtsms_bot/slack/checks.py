"""Slack's part of a set-up: tokens, scopes, channels, and how far the clock is off."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from kwtsms_bot.config import Slack
from kwtsms_bot.doctor import Finding, Level
from kwtsms_bot.slack.manifest import SCOPES
from kwtsms_bot.slack.trouble import SLACK_TROUBLE, name

TIMEOUT_SECONDS = 10
CLOCK_MAY_DIFFER = timedelta(seconds=60)
COPY_ANEW = "Copy the token anew from your Slack app's settings."
INVITE = "Invite the bot to it: /invite @kwtSMS"


async def examine(settings: Slack, channels: Iterable[str], now: datetime) -> tuple[Finding, ...]:
    """Looks at the workspace from the outside; without a good bot token the rest is skipped."""
    client = AsyncWebClient(
        token=settings.bot_token.get_secret_value(),
        base_url=settings.api_url,
        timeout=TIMEOUT_SECONDS,
        retry_handlers=[],
    )
    app_token = await _second_secret(client, settings)
    try:
        identity = await client.auth_test()
    except SLACK_TROUBLE as error:
        skipped = Finding("Slack channels", Level.SKIPPED, "Not looked at: the bot token is first.")
        return (_refused("Slack bot token", error), app_token, skipped)
    told = f"Workspace {identity.get('team')}, as @{identity.get('user')}."
    return (
        Finding("Slack bot token", Level.OK, told),
        app_token,
        of_scopes(_headers(identity).get("x-oauth-scopes")),
        of_clock(_headers(identity).get("date"), now),
        *[await _channel(client, channel) for channel in dict.fromkeys(channels)],
    )


def of_scopes(granted: str | None) -> Finding:
    """Whether the token has the scopes that the manifest asks for."""
    check = "Slack scopes"
    if granted is None:
        return Finding(check, Level.SKIPPED, "Slack did not say which scopes the token has.")
    missing = sorted(set(SCOPES) - {one.strip() for one in granted.split(",")})
    if not missing:
        return Finding(check, Level.OK, "All that the manifest asks for are granted.")
    remedy = "Paste the manifest anew (kwtsms-bridge slack manifest) and reinstall the app."
    return Finding(check, Level.PROBLEM, f"Missing: {', '.join(missing)}.", remedy)


def of_clock(date: str | None, now: datetime) -> Finding:
    """How far this machine's clock is from Slack's: expiry, leases and signatures go by it."""
    check = "Clock"
    try:
        theirs = parsedate_to_datetime(date or "").astimezone(UTC)
    except ValueError:
        return Finding(check, Level.SKIPPED, "Slack's answer had no time.")
    off = abs(now - theirs)
    if off <= CLOCK_MAY_DIFFER:
        return Finding(check, Level.OK, f"{off.total_seconds():.0f} s from Slack's.")
    remedy = "Set the clock by NTP (timedatectl set-ntp true)."
    return Finding(check, Level.PROBLEM, f"{off.total_seconds():.0f} s from Slack's.", remedy)


async def _second_secret(client: AsyncWebClient, settings: Slack) -> Finding:
    """What lets requests in: the app token in Socket Mode, the signing secret over HTTP."""
    if settings.app_token is None or settings.mode == "http":
        what = "It is set; whether it is right shows with Slack's first request."
        return Finding("Slack signing secret", Level.OK, what)
    try:
        await client.apps_connections_open(app_token=settings.app_token.get_secret_value())
    except SLACK_TROUBLE as error:
        return _refused("Slack app token", error)
    return Finding("Slack app token", Level.OK, "Socket Mode can be opened.")


async def _channel(client: AsyncWebClient, channel: str) -> Finding:
    check = f"Channel {channel}"
    try:
        answer = await client.conversations_info(channel=channel)
    except SlackApiError as error:
        if name(error) == "missing_scope":
            what = "Not looked at: that takes the scope channels:read, which the bot does without."
            return Finding(check, Level.SKIPPED, what)
        remedy = "Check the id (channel → View details). For a private channel, invite the bot."
        return Finding(check, Level.PROBLEM, f"Slack says {name(error)}.", remedy)
    except SLACK_TROUBLE as error:
        return _refused(check, error)
    about: Mapping[str, object] = answer.get("channel") or {}
    if about.get("is_archived"):
        return Finding(check, Level.PROBLEM, "It is archived.", "Name another channel.")
    if not about.get("is_member"):
        return Finding(check, Level.PROBLEM, "The bot is not in it.", INVITE)
    return Finding(check, Level.OK, f"#{about.get('name')}, and the bot is in it.")


def _refused(check: str, error: Exception) -> Finding:
    if isinstance(error, SlackApiError):
        return Finding(check, Level.PROBLEM, f"Slack says {name(error)}.", COPY_ANEW)
    remedy = "Check this server's network, and that no proxy stands in between."
    return Finding(check, Level.PROBLEM, f"Slack gave no answer ({name(error)}).", remedy)


def _headers(answer: AsyncSlackResponse) -> dict[str, str]:
    return {str(key).lower(): str(value) for key, value in answer.headers.items()}
