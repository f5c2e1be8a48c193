"""The gateway's error codes: the description, HTTP status and precedence of each.

Tables only. The wording and the statuses other than ERR003's 403 are the sandbox's
own: clients must go by the code.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

OK = "OK"


class Code(NamedTuple):
    """HTTP status and description of one error code."""

    status: int
    description: str


CODES: Mapping[str, Code] = {
    "ERR001": Code(403, "API is disabled for this account."),
    "ERR002": Code(400, "A required parameter is missing or malformed."),
    "ERR003": Code(403, "Authentication error, username or password are not correct."),
    "ERR004": Code(403, "This account does not have API access."),
    "ERR005": Code(403, "This account is blocked."),
    "ERR006": Code(406, "There is no valid mobile number."),
    "ERR007": Code(406, "Too many numbers in one request."),
    "ERR008": Code(406, "This sender ID is banned or not found."),
    "ERR009": Code(406, "The message is empty."),
    "ERR010": Code(406, "Your balance is zero."),
    "ERR011": Code(406, "Your balance is not enough."),
    "ERR012": Code(406, "The message has too many pages."),
    "ERR013": Code(406, "Your sending queue is full."),
    "ERR019": Code(406, "No delivery reports found."),
    "ERR020": Code(406, "The message ID does not exist."),
    "ERR021": Code(406, "This message has no delivery report."),
    "ERR022": Code(406, "Delivery reports are not ready yet."),
    "ERR023": Code(406, "Unknown delivery report error."),
    "ERR024": Code(403, "Your IP address is not in the API whitelist."),
    "ERR025": Code(406, "The mobile number is not valid."),
    "ERR026": Code(406, "This country is not activated on your account."),
    "ERR027": Code(406, "HTML tags are not allowed in the message."),
    "ERR028": Code(406, "Wait 15 seconds before sending to the same number again."),
    "ERR029": Code(406, "The message ID does not exist or is incorrect."),
    "ERR030": Code(406, "The message is stuck in the sending queue."),
    "ERR031": Code(406, "The message was refused: bad language."),
    "ERR032": Code(406, "The message was refused: spam."),
    "ERR033": Code(406, "No active coverage was found."),
}
UNLISTED = Code(400, "Unknown error.")
_SHAPE = re.compile(r"ERR[0-9]{3}")


def is_code(text: str) -> bool:
    """Whether the text has the shape of an error code, listed or not."""
    return bool(_SHAPE.fullmatch(text))


# The order in which the rules are checked: the first one that is broken gives the answer.
PRECEDENCE: tuple[str, ...] = (
    "ERR001", "ERR002", "ERR003", "ERR005", "ERR004", "ERR024",  # the caller
    "ERR008", "ERR009", "ERR012", "ERR027", "ERR031", "ERR032",  # sender and content
    "ERR007", "ERR006", "ERR025", "ERR033", "ERR026", "ERR028",  # the numbers
    "ERR010", "ERR011", "ERR013",  # money and room
)  # fmt: skip
