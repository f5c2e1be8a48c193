"""What can go wrong on the way to Slack: the SDK lets several libraries' errors out."""

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError, SlackClientError

SLACK_ERRORS = (SlackClientError, ClientError, OSError, TimeoutError)

# Slack is not well, or busy.
_SLACK_DOWN = frozenset(
    {"fatal_error", "internal_error", "ratelimited", "request_timeout", "service_unavailable"}
)
# Nor is our token: what is to be shown waits until that has passed, too.
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


def is_slack_down(error: Exception) -> bool:
    """Whether Slack gave no answer of its own: then it may take the same later."""
    if not isinstance(error, SlackApiError):
        return True
    code = error.response.get("error")
    return code is None or code in _SLACK_DOWN


def is_transient(error: SlackApiError) -> bool:
    """Whether the same may be taken later, when Slack is well or our token is mended."""
    return is_slack_down(error) or error.response.get("error") in _TOKEN_ERRORS


def remedy(error: SlackApiError) -> str:
    """What to do where Slack refuses a token."""
    if is_slack_down(error):
        return "Try again in a minute."
    if (
        error_name(error) == "missing_scope"
    ):  # Of an app token: a bot token is asked for nothing else.
        scope = "connections:write (Basic Information → App-Level Tokens)"
        return f"Generate an app-level token with the scope {scope}."
    return "Copy the token anew from your Slack app's settings."


def error_name(error: Exception) -> str:
    """Slack's own word for what it refused; the kind of error where it gave none."""
    if isinstance(error, SlackApiError):
        return str(error.response.get("error", "unknown"))
    return type(error).__name__
