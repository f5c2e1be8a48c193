"""The 28 error codes of kwtSMS, with what to do about each. Pure data.

Source: the code tables of the vendor's own clients; ERR014-ERR018 do not exist.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

UNAVAILABLE = "SMS service is temporarily unavailable. Please try again later."
BAD_PHONE = "Please enter a valid phone number in international format (e.g., +965 9876 5432)."
NO_COUNTRY = "SMS delivery to this country is not available."
BAD_CONTENT = "Your message could not be sent. Please try again with different content."
BUSY = "SMS service is busy. Please try again in a few minutes."
WAIT = "Please wait a moment before requesting another code."
MAYBE_SENT = "Your message may be on its way. Please wait a few minutes before you try again."


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """Error code with its meaning, the remedy for an operator and the message for an end user."""

    code: str
    meaning: str
    remedy: str
    user_message: str
    severity: str
    retry_after: int | None = None  # Seconds; None if a retry cannot help.
    fatal: bool = False  # The rest of a bulk would be refused for the same reason.
    about_one: bool = False  # One number of a request is wrong, and all of them are rejected.


def _table(*rows: ErrorInfo) -> Mapping[str, ErrorInfo]:
    return MappingProxyType({row.code: row for row in rows})


API_ERRORS: Mapping[str, ErrorInfo] = _table(
    ErrorInfo("ERR001", "The API is turned off on this account.",
              "Turn it on at kwtsms.com, Account, API.", UNAVAILABLE, "critical", fatal=True),
    ErrorInfo("ERR002", "A required field is missing or empty.",
              "Check username, password, sender ID, number and text.", UNAVAILABLE, "high"),
    ErrorInfo("ERR003", "The API username or password is wrong.",
              "Use the API username and password (kwtsms.com, Account, API), not your login "
              "or mobile number.", UNAVAILABLE, "critical", fatal=True),
    ErrorInfo("ERR004", "This account has no API access.",
              "Ask kwtSMS support to activate it.", UNAVAILABLE, "critical", fatal=True),
    ErrorInfo("ERR005", "This account is blocked.",
              "Contact kwtSMS support.", UNAVAILABLE, "critical", fatal=True),
    ErrorInfo("ERR006", "No recipient has a valid number.",
              "Write numbers with the country code, such as 96598765432.", BAD_PHONE, "low"),
    ErrorInfo("ERR007", "More than 200 numbers in one request.",
              "Split the request.", UNAVAILABLE, "low"),
    ErrorInfo("ERR008", "The sender ID is banned, unknown or in the wrong case.",
              "Copy it exactly from kwtsms.com, Sender IDs. Upper and lower case matter.",
              UNAVAILABLE, "high", fatal=True),
    ErrorInfo("ERR009", "The message is empty.",
              "Add text. Emoji and invisible characters don't count.", BAD_CONTENT, "low",
              fatal=True),
    ErrorInfo("ERR010", "The balance is zero.",
              "Top up at kwtsms.com.", UNAVAILABLE, "high", fatal=True),
    ErrorInfo("ERR011", "The balance is too low for this message.",
              "Top up at kwtsms.com.", UNAVAILABLE, "high", fatal=True),
    ErrorInfo("ERR012", "The message has too many pages (at most 7).",
              "Shorten it to 1,071 Latin or 469 Arabic characters.", BAD_CONTENT, "low",
              fatal=True),
    ErrorInfo("ERR013", "The account's queue is full (1,000 messages).",
              "Wait until it empties, or delete stuck messages at kwtsms.com.", BUSY,
              "medium", retry_after=30),
    ErrorInfo("ERR019", "This message has no delivery reports.",
              "Reports exist for international numbers only.", UNAVAILABLE, "low"),
    ErrorInfo("ERR020", "No message has this ID.",
              "Use the message ID that kwtSMS returned when you sent it.", UNAVAILABLE, "low"),
    ErrorInfo("ERR021", "This message has no delivery report.",
              "Kuwaiti numbers never have one. For others, check again later.", UNAVAILABLE, "low"),
    ErrorInfo("ERR022", "The delivery reports are not ready yet.",
              "Check again later: it can take up to 24 hours.", UNAVAILABLE, "low",
              retry_after=86_400),
    ErrorInfo("ERR023", "The delivery report failed for an unknown reason.",
              "Contact kwtSMS support with the message ID.", UNAVAILABLE, "low"),
    ErrorInfo("ERR024", "This machine's address isn't on the account's IP list.",
              "Add it at kwtsms.com, Account, API, IP Lockdown, or switch that off.", UNAVAILABLE,
              "critical", fatal=True),
    ErrorInfo("ERR025", "The number isn't valid.",
              "Write it with the country code, such as 96598765432.", BAD_PHONE, "low",
              about_one=True),
    ErrorInfo("ERR026", "This country isn't active on the account.",
              "Ask kwtSMS support to activate it.", NO_COUNTRY, "low", about_one=True),
    ErrorInfo("ERR027", "The message contains HTML.",
              "Remove the tags.", BAD_CONTENT, "low", fatal=True),
    ErrorInfo("ERR028", "This number received a message less than 15 seconds ago.",
              "Wait 16 seconds and try again. The whole request was rejected.", WAIT, "medium",
              retry_after=16, about_one=True),
    ErrorInfo("ERR029", "No message has this ID, or the ID is malformed.",
              "Use the message ID that kwtSMS returned when you sent it.", UNAVAILABLE, "low"),
    ErrorInfo("ERR030", "The message is stuck in kwtSMS's queue, and its credits are held.",
              "Delete it from the queue at kwtsms.com to get the credits back. Remove emoji "
              "and hidden characters, then send again. Test messages always stay there.",
              UNAVAILABLE, "medium"),
    ErrorInfo("ERR031", "The message was rejected for bad language.",
              "Change the wording.", BAD_CONTENT, "high", fatal=True),
    ErrorInfo("ERR032", "The message was rejected as spam.",
              "Change the wording.", BAD_CONTENT, "high", fatal=True),
    ErrorInfo("ERR033", "No country is active on this account.",
              "Ask kwtSMS support to activate coverage.", UNAVAILABLE, "high", fatal=True),
)  # fmt: skip
