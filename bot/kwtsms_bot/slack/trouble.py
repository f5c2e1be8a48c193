"""What can go wrong on the way to Slack: the SDK lets several libraries' errors out."""

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError, SlackClientError

SLACK_TROUBLE = (SlackClientError, ClientError, OSError, TimeoutError)

# Errors of Slack, of the network or of our token: what is to be shown waits until they have passed.
PASSING = frozenset(
    {
        "account_inactive",
        "fatal_error",
        "internal_error",
        "invalid_auth",
        "missing_scope",
        "not_authed",
        "ratelimited",
        "request_timeout",
        "service_unavailable",
        "token_expired",
        "token_revoked",
    }
)


def name(error: Exception) -> str:
    """Slack's own word for what it refused; the kind of error where it gave none."""
    if isinstance(error, SlackApiError):
        return str(error.response.get("error", "unknown"))
    return type(error).__name__
