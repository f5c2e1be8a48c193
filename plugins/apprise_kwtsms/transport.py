"""Executes one call with `requests`, which Apprise uses and its tests patch."""

import os
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError

from kwtsms_client import Credentials, NotSent, UnknownOutcome
from kwtsms_client.protocol import BASE_URL, HEADERS, Call, read_reply, request_body

T = TypeVar("T")
BASE_URL_VARIABLE = "KWTSMS_BASE_URL"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
# Raised before a byte of the request has left.
_NOT_SENT_ERRORS = (
    requests.exceptions.ConnectTimeout,
    requests.exceptions.SSLError,
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
)


def base_url() -> str:
    """The base URL of kwtSMS, which the variable KWTSMS_BASE_URL may replace.

    Only https, or this machine, is accepted: the password is sent there.
    """
    named = os.environ.get(BASE_URL_VARIABLE, "")
    parts = urlsplit(named)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    return named if safe and parts.hostname else BASE_URL


def exchange(call: Call[T], credentials: Credentials, *, app: str, verify: bool, timeout: Any) -> T:
    """Executes `call` exactly once; `timeout` is that of `requests`: to connect, to read.

    Raises:
        NotSent: nothing left this machine.
        UnknownOutcome: it left, and no readable answer came.
        Rejected: the gateway rejected it.
    """
    try:
        reply = requests.post(
            base_url() + call.path,
            data=request_body(call, credentials),
            headers={**HEADERS, "User-Agent": app},
            allow_redirects=False,  # A redirect would become a GET, and any host could answer OK.
            verify=verify,
            timeout=timeout,
        )
        return read_reply(call, reply.status_code, reply.content)
    except _NOT_SENT_ERRORS as error:
        raise NotSent(f"no connection ({type(error).__name__})") from error
    except requests.exceptions.ConnectionError as error:
        if _never_connected(error):
            raise NotSent("no connection") from error
        raise UnknownOutcome(f"no answer ({type(error).__name__})") from error
    except requests.RequestException as error:
        raise UnknownOutcome(f"no answer ({type(error).__name__})") from error


def _never_connected(error: requests.exceptions.ConnectionError) -> bool:
    """Whether the connection was refused; requests raises this error for later breaks, too."""
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)
