"""Posts one alert to the bot with `requests`, which Apprise uses and its tests patch."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import requests

_REASONS = {
    401: "the bot doesn't know this name and token",
    403: "the bot doesn't allow this",
    404: "there is no bot at this address",
    413: "the alert is too large",
    503: "the bot is busy",
}


class PostFailed(Exception):
    """The bot did not say that it has the alert; the text quotes nothing of it."""


def post_alert(
    base_url: str,
    name: str,
    token: str,
    fields: Mapping[str, Any],
    *,
    key: str,
    app: str,
    verify: bool,
    timeout: Any,
) -> str:
    """Posts an alert to the integration `name`; returns the incident's reference.

    Raises:
        PostFailed: it was refused, or no readable answer came.
    """
    try:
        reply = requests.post(
            f"{base_url}/hooks/{quote(name, safe='')}",
            data=json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace"),
            headers={
                "Authorization": f"Bearer {token}",
                "Content-Type": "application/json; charset=utf-8",
                "Idempotency-Key": key,
                "User-Agent": app,
            },
            allow_redirects=False,  # A redirect would become a GET, and any host could say yes.
            verify=verify,
            timeout=timeout,
        )
        return _read_answer(reply.status_code, reply.content)
    except requests.RequestException as error:
        raise PostFailed(f"no answer ({type(error).__name__})") from error


def _read_answer(status: int, content: bytes) -> str:
    """The reference in the bot's answer; empty if the alert opened nothing.

    Raises:
        PostFailed: the bot refused it, or this is not an answer of the bot.
    """
    if status >= 300:
        raise PostFailed(f"HTTP {status}, {_REASONS.get(status, 'the bot refused the alert')}")
    try:
        answer = json.loads(content)
        alerts = answer["alerts"]
        refs = [one["ref"] for one in alerts]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise PostFailed("the answer isn't the bot's") from error
    return next((ref for ref in refs if isinstance(ref, str)), "")
