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
    ErrorInfo("ERR001", "The API is switched off on this account.",
              "Switch it on at kwtsms.com, Account, API.", UNAVAILABLE, "critical", fatal=True),
    ErrorInfo("ERR002", "A required field is missing or empty.",
              "Check username, password, sender ID, number and text.", UNAVAILABLE, "high"),
    ErrorInfo("ERR003", "The API user name or password is wrong.",
              "Use the API user and password (kwtsms.com, Account, API), not the login or mobile "
              "number.", UNAVAILABLE, "critical", fatal=True),
    ErrorInfo("ERR004", "This account has no API access.",
              "Ask kwtSMS support to activate it.", UNAVAILABLE, "critical", fatal=True),
    ErrorInfo("ERR005", "This account is blocked.",
              "Contact kwtSMS support.", UNAVAILABLE, "critical", fatal=True),
    ErrorInfo("ERR006", "There is no valid number among the recipients.",
              "Write numbers with the country code, such as 96598765432.", BAD_PHONE, "low"),
    ErrorInfo("ERR007", "More than 200 numbers in one request.",
              "Split the request.", UNAVAILABLE, "low"),
    ErrorInfo("ERR008", "The sender ID is banned, unknown or written in another case.",
              "Copy it exactly from kwtsms.com, Sender IDs: upper and lower case matter.",
              UNAVAILABLE, "high", fatal=True),
    ErrorInfo("ERR009", "The message is empty.",
              "Write a text; emoji and invisible characters do not count.", BAD_CONTENT, "low",
              fatal=True),
    ErrorInfo("ERR010", "The balance is zero.",
              "Buy credits at kwtsms.com.", UNAVAILABLE, "high", fatal=True),
    ErrorInfo("ERR011", "The balance is too low for this message.",
              "Buy credits at kwtsms.com.", UNAVAILABLE, "high", fatal=True),
    ErrorInfo("ERR012", "The message has too many pages (at most 7).",
              "Shorten it: 1,071 Latin or 469 Arabic characters at most.", BAD_CONTENT, "low",
              fatal=True),
    ErrorInfo("ERR013", "The account's sending queue is full (1,000 messages).",
              "Wait until it has emptied, or delete what is stuck there at kwtsms.com.", BUSY,
              "medium", retry_after=30),
    ErrorInfo("ERR019", "There are no delivery reports for this message.",
              "Reports exist for international numbers only.", UNAVAILABLE, "low"),
    ErrorInfo("ERR020", "There is no message with this id.",
              "Use the message id that the send returned.", UNAVAILABLE, "low"),
    ErrorInfo("ERR021", "There is no delivery report for this message.",
              "Kuwaiti numbers never have one; for others ask again later.", UNAVAILABLE, "low"),
    ErrorInfo("ERR022", "The delivery reports are not ready yet.",
              "Ask again later: it can take up to 24 hours.", UNAVAILABLE, "low",
              retry_after=86_400),
    ErrorInfo("ERR023", "The delivery report failed for an unknown reason.",
              "Contact kwtSMS support with the message id.", UNAVAILABLE, "low"),
    ErrorInfo("ERR024", "This machine's address is not on the account's IP list.",
              "Add it at kwtsms.com, Account, API, IP Lockdown, or switch that off.", UNAVAILABLE,
              "critical", fatal=True),
    ErrorInfo("ERR025", "The number is not valid.",
              "Write it with the country code, such as 96598765432.", BAD_PHONE, "low",
              about_one=True),
    ErrorInfo("ERR026", "This country is not active on the account.",
              "Ask kwtSMS support to activate it.", NO_COUNTRY, "low", about_one=True),
    ErrorInfo("ERR027", "The message contains HTML.",
              "Remove the tags.", BAD_CONTENT, "low", fatal=True),
    ErrorInfo("ERR028", "A message to this number was sent less than 15 seconds ago.",
              "Wait 16 seconds; the whole request was refused.", WAIT, "medium", retry_after=16,
              about_one=True),
    ErrorInfo("ERR029", "There is no message with this id, or the id is malformed.",
              "Use the message id that the send returned.", UNAVAILABLE, "low"),
    ErrorInfo("ERR030", "The message is stuck in the sending queue; its credits are held.",
              "Delete it in the queue at kwtsms.com to get the credits back, remove emoji and "
              "hidden characters, and send again. Test messages always stay there.",
              UNAVAILABLE, "medium"),
    ErrorInfo("ERR031", "The message was refused for bad language.",
              "Change the wording.", BAD_CONTENT, "high", fatal=True),
    ErrorInfo("ERR032", "The message was refused as spam.",
              "Change the wording.", BAD_CONTENT, "high", fatal=True),
    ErrorInfo("ERR033", "No country is active on this account.",
              "Ask kwtSMS support to activate coverage.", UNAVAILABLE, "high", fatal=True),
)  # fmt: skip
