"""Slack's part of a set-up: tokens, scopes, places, and how far the clock is off."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from kwtsms_bot.config import Config, Slack
from kwtsms_bot.doctor import Finding, Level
from kwtsms_bot.slack import places
from kwtsms_bot.slack.manifest import SCOPES
from kwtsms_bot.slack.trouble import SLACK_TROUBLE, name, remedy

TIMEOUT_SECONDS = 10
CLOCK_MAY_DIFFER = timedelta(seconds=60)


async def examine(config: Config, now: datetime) -> tuple[Finding, ...]:
    """Looks at the workspace from the outside; without a good bot token the rest is skipped."""
    settings = config.slack
    client = AsyncWebClient(
        token=settings.bot_token.get_secret_value(),
        base_url=settings.api_url,
        timeout=TIMEOUT_SECONDS,
        retry_handlers=[],
    )
    second = await _second_secret(client, settings)
    try:
        identity = await client.auth_test()
    except SLACK_TROUBLE as error:
        skipped = Finding("Slack channels", Level.SKIPPED, "Not looked at: the bot token is first.")
        return (_refused("Slack bot token", error), second, skipped)
    told = f"Workspace {identity.get('team')}, as @{identity.get('user')}."
    return (
        Finding("Slack bot token", Level.OK, told),
        second,
        of_scopes(_headers(identity).get("x-oauth-scopes")),
        of_command(settings.command),
        of_clock(_headers(identity).get("date"), now),
        *await places.examine(client, config),
    )


def of_scopes(granted: str | None) -> Finding:
    """Whether the token has the scopes that the bot cannot do without."""
    check = "Slack scopes"
    if granted is None:
        return Finding(check, Level.SKIPPED, "Slack did not say which scopes the token has.")
    missing = sorted(set(SCOPES) - {one.strip() for one in granted.split(",")})
    if not missing:
        return Finding(check, Level.OK, "All that the bot needs are granted.")
    what = "Paste the manifest anew (kwtsms-bridge slack manifest) and reinstall the app."
    return Finding(check, Level.PROBLEM, f"Missing: {', '.join(missing)}.", what)


def of_command(command: str) -> Finding:
    """No token of ours may ask which commands an app has; a person sees it at once."""
    what = f"Slack tells no bot which one its app has; here it is {command}."
    mend = (
        f"Type {command} help in Slack. No answer: kwtsms-bridge slack manifest --command {command}"
    )
    return Finding("Slash command", Level.SKIPPED, what, mend)


def of_clock(date: str | None, now: datetime) -> Finding:
    """How far this machine's clock is from Slack's: expiry, leases and signatures go by it."""
    check = "Clock"
    try:
        theirs = parsedate_to_datetime(date or "").astimezone(UTC)
    except ValueError:
        return Finding(check, Level.SKIPPED, "Slack's answer had no time.")
    off = abs(now - theirs)
    what = f"{off.total_seconds():.0f} s from Slack's."
    if off <= CLOCK_MAY_DIFFER:
        return Finding(check, Level.OK, what)
    return Finding(check, Level.PROBLEM, what, "Set the clock by NTP (timedatectl set-ntp true).")


async def _second_secret(client: AsyncWebClient, settings: Slack) -> Finding:
    """What lets requests in: the app token in Socket Mode, the signing secret over HTTP."""
    if settings.app_token is None or settings.mode == "http":
        what = (
            "It is set; with a wrong one, the log says `request refused` with status 401 whenever "
            "Slack asks for something."
        )
        return Finding("Slack signing secret", Level.OK, what)
    try:
        await client.apps_connections_open(app_token=settings.app_token.get_secret_value())
    except SLACK_TROUBLE as error:
        return _refused("Slack app token", error)
    return Finding("Slack app token", Level.OK, "Socket Mode can be opened.")


def _refused(check: str, error: Exception) -> Finding:
    if isinstance(error, SlackApiError):
        return Finding(check, Level.PROBLEM, f"Slack says {name(error)}.", remedy(error))
    mend = "Check this server's network, and that no proxy stands in between."
    return Finding(check, Level.PROBLEM, f"Slack gave no answer ({name(error)}).", mend)


def _headers(answer: AsyncSlackResponse) -> dict[str, str]:
    return {str(key).lower(): str(value) for key, value in answer.headers.items()}
