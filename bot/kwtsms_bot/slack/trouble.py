"""What can go wrong on the way to Slack: the SDK lets several libraries' errors out."""

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError, SlackClientError

SLACK_TROUBLE = (SlackClientError, ClientError, OSError, TimeoutError)


def name(error: Exception) -> str:
    """Slack's own word for what it refused; the kind of error where it gave none."""
    if isinstance(error, SlackApiError):
        return str(error.response.get("error", "unknown"))
    return type(error).__name__
