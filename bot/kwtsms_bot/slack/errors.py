"""Classifies Slack errors; the SDK lets the errors of several libraries through."""

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

SLACK_ERRORS = (SlackClientError, ClientError, OSError, TimeoutError)
ORG_WIDE = "It belongs to a whole organization (Enterprise Grid), which isn't supported."
ORG_WIDE_REMEDY = "Install the app in one workspace, and use that bot token."

# Slack is down or busy.
_SLACK_DOWN = frozenset(
    {"fatal_error", "internal_error", "ratelimited", "request_timeout", "service_unavailable"}
)
# The bot's token is not usable: posts wait until that is fixed.
_TOKEN_ERRORS = frozenset(
    {
        "account_inactive",
        "invalid_auth",
        "missing_scope",
        "not_authed",
        "token_expired",
        "token_revoked",
    }
)


def is_org_wide(identity: AsyncSlackResponse) -> bool:
    """Whether the token of this auth.test is an organization's, whose members are in other teams.

    Everybody would count as an outsider: no role given to a channel or a group would hold.
    """
    is_org = str(identity.get("team_id") or "").startswith("E")
    return is_org or bool(identity.get("is_enterprise_install"))


def is_slack_down(error: Exception) -> bool:
    """Whether Slack is unreachable, down or busy, so that a retry may succeed."""
    if not isinstance(error, SlackApiError):
        return True
    code = error.response.get("error")
    return code is None or code in _SLACK_DOWN


def is_transient(error: SlackApiError) -> bool:
    """Whether a retry may succeed once Slack is well or the bot's token is fixed."""
    return is_slack_down(error) or error.response.get("error") in _TOKEN_ERRORS


def remedy(error: SlackApiError) -> str:
    """Returns the fix for a token that Slack refuses."""
    if is_slack_down(error):
        return "Try again in a minute."
    if error_name(error) == "missing_scope":  # An app token; auth.test needs no scope.
        scope = "connections:write (Basic Information → App-Level Tokens)"
        return f"Generate an app-level token with the scope {scope}."
    return "Copy the token again from your Slack app's settings."


def error_name(error: Exception) -> str:
    """Returns Slack's error code, or the exception's class name if it is not Slack's."""
    if isinstance(error, SlackApiError):
        return str(error.response.get("error", "unknown"))
    return type(error).__name__
