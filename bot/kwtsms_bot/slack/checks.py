"""Slack's part of a set-up: tokens, scopes, places, and how far the clock is off."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from kwtsms_bot.config import Config, SlackSettings
from kwtsms_bot.doctor import Finding, FindingLevel
from kwtsms_bot.slack import places
from kwtsms_bot.slack.manifest import SCOPES
from kwtsms_bot.slack.trouble import SLACK_ERRORS, error_name, remedy

TIMEOUT_SECONDS = 10
MAX_CLOCK_SKEW = timedelta(seconds=60)


async def check(config: Config, now: datetime) -> tuple[Finding, ...]:
    """Looks at the workspace from the outside; without a good bot token the rest is skipped."""
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
    summary = f"Workspace {identity.get('team')}, as @{identity.get('user')}."
    return (
        Finding("Slack bot token", FindingLevel.OK, summary),
        second,
        check_scopes(_headers(identity).get("x-oauth-scopes")),
        check_command(settings.command),
        check_clock(_headers(identity).get("date"), now),
        *await places.check_channels(client, config),
    )


def check_scopes(granted: str | None) -> Finding:
    """Whether the token has the scopes that the bot cannot do without."""
    label = "Slack scopes"
    if granted is None:
        return Finding(label, FindingLevel.SKIPPED, "Slack did not say which scopes the token has.")
    missing = sorted(set(SCOPES) - {one.strip() for one in granted.split(",")})
    if not missing:
        return Finding(label, FindingLevel.OK, "All that the bot needs are granted.")
    fix = "Paste the manifest anew (kwtsms-bridge slack manifest) and reinstall the app."
    return Finding(label, FindingLevel.PROBLEM, f"Missing: {', '.join(missing)}.", fix)


def check_command(command: str) -> Finding:
    """No token of ours may ask which commands an app has; a person sees it at once."""
    summary = f"Slack tells no bot which one its app has; here it is {command}."
    fix = (
        f"Type {command} help in Slack. No answer: kwtsms-bridge slack manifest --command {command}"
    )
    return Finding("Slash command", FindingLevel.SKIPPED, summary, fix)


def check_clock(date: str | None, now: datetime) -> Finding:
    """How far this machine's clock is from Slack's: expiry, leases and signatures go by it."""
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
    """What lets requests in: the app token in Socket Mode, the signing secret over HTTP."""
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
    fix = "Check this server's network, and that no proxy stands in between."
    return Finding(label, FindingLevel.PROBLEM, f"Slack gave no answer ({error_name(error)}).", fix)


def _headers(answer: AsyncSlackResponse) -> dict[str, str]:
    return {str(key).lower(): str(value) for key, value in answer.headers.items()}
