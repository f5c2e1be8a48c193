"""Translates texts of kwtSMS, its client and the outbox into the reader's language. Pure.

A known code gets our own words. A sentence of ours is stored in English, and translated when it is
shown. Only unknown texts of kwtSMS are shown as they came.
"""

import re

from kwtsms_bot.i18n.foreign_text import clean_text
from kwtsms_bot.i18n.translator import N_, Language
from kwtsms_client import API_ERRORS, KwtSMSError

# The client's sentences with a value in them; a test compares the list with its code.
TEMPLATES = (
    N_("It broke off ({why})."),
    N_("No answer came ({why})."),
    N_("No connection to the gateway ({why})."),
    N_("The gateway redirected (HTTP {status})."),
    N_("The reply (HTTP {status}) is not JSON."),
    N_("The reply (HTTP {status}) is not a JSON object."),
    N_("The reply (HTTP {status}) says neither OK nor a known error."),
    N_("The reply is compressed ({encoding})."),
    N_("The reply is larger than {size} bytes."),
    N_("kwtSMS answered {code}."),
    N_("kwtSMS took {taken} of {given} numbers and does not say which."),
    N_("the proxy rejected it: {why}"),
)
# The client's sentences without a value, and the most frequent network errors.
PHRASES = (
    N_("All connection attempts failed"),
    N_("It was broken off."),
    N_("Server disconnected without sending a response"),
    N_("The client was closed before it was sent."),
    N_("The reply did not come to an end in time."),
    N_("The reply is compressed, and broken."),
    N_("The reply says OK and names no country."),
    N_("The reply says OK and tells no balance."),
    N_("The reply says nothing of this number."),
    N_("There was no time left before the deadline."),
    N_("it took too long"),
)
# kwtSMS's words for the status of a message. The list is open, and their case varies.
STATUSES = (
    N_("Blacklisted"),
    N_("Delivered"),
    N_("Delivered to mobile"),
    N_("Expired"),
    N_("Failed"),
    N_("Message successfully sent to gateway"),
    N_("Pending"),
    N_("Queued"),
    N_("Received by recipient"),
    N_("Rejected"),
    N_("Sent"),
    N_("Undelivered"),
)
# The same for readers who know nothing of replies and codes; the log and the ledger keep ours.
_UNREADABLE = N_("kwtSMS sent an answer that can't be read.")
_SERVER_ERROR = N_("kwtSMS returned a server error ({status}).")
PLAIN_TEXTS = {
    "It broke off ({why}).": N_("The connection to kwtSMS was lost ({why})."),
    "No answer came ({why}).": N_("kwtSMS did not answer ({why})."),
    "No connection to the gateway ({why}).": N_("kwtSMS can't be reached ({why})."),
    "The gateway redirected (HTTP {status}).": N_(
        "kwtSMS redirected the request to another address ({status})."
    ),
    "The reply (HTTP {status}) is not JSON.": _UNREADABLE,
    "The reply (HTTP {status}) is not a JSON object.": _UNREADABLE,
    "The reply (HTTP {status}) says neither OK nor a known error.": _UNREADABLE,
    "The reply is compressed ({encoding}).": _UNREADABLE,
    "The reply is larger than {size} bytes.": _UNREADABLE,
    "The reply is compressed, and broken.": _UNREADABLE,
    "The reply says OK and names no country.": _UNREADABLE,
    "The reply says OK and tells no balance.": _UNREADABLE,
    "The reply says nothing of this number.": N_("kwtSMS's answer doesn't mention this number."),
    "The reply did not come to an end in time.": N_("kwtSMS's answer took too long."),
    "It was broken off.": N_("The request was interrupted."),
    "The client was closed before it was sent.": N_("The bot stopped before it was sent."),
    "There was no time left before the deadline.": N_("There was no time left to send it."),
    "kwtSMS answered {code}.": N_("kwtSMS returned {code}."),
    "kwtSMS took {taken} of {given} numbers and does not say which.": N_(
        "kwtSMS accepted {taken} of {given} recipients and doesn't say which."
    ),
    "the proxy rejected it: {why}": N_("the proxy rejected the connection: {why}"),
    "it took too long": N_("timed out"),
    "All connection attempts failed": N_("no connection"),
    "Server disconnected without sending a response": N_(
        "kwtSMS closed the connection without answering"
    ),
}
_PLACEHOLDER = re.compile(r"\\{(\w+)\\}")
_PATTERNS = tuple(
    (one, re.compile(_PLACEHOLDER.sub(r"(?P<\1>.*)", re.escape(one)), re.DOTALL))
    for one in TEMPLATES
)
_KNOWN_STATUSES = {one.casefold(): one for one in STATUSES}


def translate_text(text: str, say: Language) -> str:
    """Translates a sentence of ours, as stored or raised; any other stays as it is."""
    for template, pattern in _PATTERNS:
        if found := pattern.fullmatch(text):
            values = found.groupdict()
            plain = PLAIN_TEXTS.get(template, template)
            if values.get("status", "").startswith("5"):
                plain = _SERVER_ERROR
            shown = {name: translate_text(value, say) for name, value in values.items()}
            return say(plain, **shown)
    text = PLAIN_TEXTS.get(text, text)
    cleaned = clean_text(text)
    return say.inline(say(cleaned)) if cleaned else cleaned


def translate_status(text: str, say: Language) -> str:
    """Translates kwtSMS's word for a message's status; an unknown one stays as it is."""
    known = _KNOWN_STATUSES.get(text.strip().casefold())
    return clean_text(text) if known is None or say(known) == known else say(known)


def translate_error(code: str, text: str, say: Language) -> str:
    """The meaning of a code; kwtSMS's own `text` if the code is unknown."""
    known = API_ERRORS.get(code)
    return say(known.meaning) if known else translate_text(text, say)


def translate_remedy(code: str, say: Language) -> str:
    """The remedy for a code."""
    known = API_ERRORS.get(code)
    return say(known.remedy) if known else say("Look up the code in kwtSMS's documentation.")


def describe_error(error: KwtSMSError, say: Language) -> str:
    """The text of an error, followed by kwtSMS's code if it has one."""
    if error.code is None:
        return translate_text(str(error), say)
    return f"{translate_error(error.code, error.description, say)} ({error.code})"
