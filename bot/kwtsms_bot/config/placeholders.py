"""Placeholders of our examples, which nobody means in a configuration of their own. Pure."""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from kwtsms_bot.config.errors import Path, Problem, format_path
from kwtsms_client.settings import is_loopback

SENDER_ID = ("kwtsms", "sender_id")
BASE_URL = ("kwtsms", "base_url")
_SLACK_ID = re.compile(r"[A-Z]0(?:123ABCD|456EFGH)")
_FOR_PEOPLE = {
    "U": "Use a member ID: in Slack, profile → ⋮ → Copy member ID.",
    "W": "Use a member ID: in Slack, profile → ⋮ → Copy member ID.",
    "S": "Use the ID of a user group.",
}
_CHANNEL = "Use a channel ID: in Slack, channel → View details, at the bottom."
_SENDER_REMEDY = "Use a sender ID of your account (kwtsms.com, Sender IDs)."
# In URLs and secrets, which are not repeated.
_EXAMPLE_PART = re.compile(r"…|://user:password@|[/@]your[-.](?:id|host|postgresql)\b")
_SECRET_REMEDY = "Use your own value."  # noqa: S105 - No secret.
_CONTACT = "96555500100"


def find_placeholders(values: Mapping[Path, str], lines: Mapping[Path, int]) -> Iterator[Problem]:
    """Yields a problem for each value that is a placeholder of config.yaml.example or deploy/."""
    for path, value in values.items():
        remedy = _remedy(path, value, values)
        if remedy:
            message = "still a placeholder from the example"
            if not _EXAMPLE_PART.search(value):
                message += f', got "{value}"'
            yield Problem(lines.get(path, 0), format_path(path), message, remedy)


def _remedy(path: Path, value: str, values: Mapping[Path, str]) -> str:
    """Returns what to write instead; empty if the value is no placeholder."""
    if _SLACK_ID.fullmatch(value):
        return _FOR_PEOPLE.get(value[0], _CHANNEL)
    if path == SENDER_ID and value == "MY-APP" and not _is_sandbox(values.get(BASE_URL, "")):
        return _SENDER_REMEDY
    if path[:2] == ("phonebook", "contacts") and re.sub(r"\D", "", value) == _CONTACT:
        return "Use a number of your own."
    return _SECRET_REMEDY if _EXAMPLE_PART.search(value) else ""


def _is_sandbox(url: str) -> bool:
    """Whether the gateway is on this machine: the local one has the example's sender ID."""
    try:
        return is_loopback(urlsplit(url).hostname or "")
    except ValueError:
        return False
