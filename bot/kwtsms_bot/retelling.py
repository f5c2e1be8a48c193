"""What kwtSMS, its client and the outbox have said, retold in the reader's language. Pure.

A known code is told in our own words. A sentence of ours is kept in English wherever it is stored,
and said in the reader's language from there. Only what nobody here knows is repeated as it came.
"""

import re

from kwtsms_bot.language import Language, marked
from kwtsms_client import API_ERRORS, KwtSMSError

# The client's sentences with a value in them; a test holds the list against its code.
SENTENCES = (
    marked("It broke off ({why})."),
    marked("No answer came ({why})."),
    marked("No connection to the gateway ({why})."),
    marked("The gateway redirected (HTTP {status})."),
    marked("The reply (HTTP {status}) is not JSON."),
    marked("The reply (HTTP {status}) is not a JSON object."),
    marked("The reply (HTTP {status}) says neither OK nor a known error."),
    marked("The reply is compressed ({encoding})."),
    marked("The reply is larger than {size} bytes."),
    marked("kwtSMS answered {code}."),
    marked("kwtSMS took {taken} of {given} numbers and does not say which."),
    marked("the proxy refused it: {why}"),
)
# Those without, and what the network most often says.
PHRASES = (
    marked("All connection attempts failed"),
    marked("It was broken off."),
    marked("Server disconnected without sending a response"),
    marked("The client was closed before it was sent."),
    marked("The reply did not come to an end in time."),
    marked("The reply is compressed, and broken."),
    marked("The reply says OK and names no country."),
    marked("The reply says OK and tells no balance."),
    marked("The reply says nothing of this number."),
    marked("There was no time left before the deadline."),
    marked("it took too long"),
)
# kwtSMS's words for what became of a message. The list is open, and their case varies.
WORDS = (
    marked("Blacklisted"),
    marked("Delivered"),
    marked("Delivered to mobile"),
    marked("Expired"),
    marked("Failed"),
    marked("Message successfully sent to gateway"),
    marked("Pending"),
    marked("Queued"),
    marked("Received by recipient"),
    marked("Rejected"),
    marked("Sent"),
    marked("Undelivered"),
)
_VALUE = re.compile(r"\\{(\w+)\\}")
_PATTERNS = tuple(
    (one, re.compile(_VALUE.sub(r"(?P<\1>.*)", re.escape(one)), re.DOTALL)) for one in SENTENCES
)
_KNOWN = {one.casefold(): one for one in WORDS}


def retold(text: str, say: Language) -> str:
    """A sentence of ours, as it was stored or raised; any other stays as it is."""
    for sentence, pattern in _PATTERNS:
        if found := pattern.fullmatch(text):
            values = found.groupdict().items()
            return say(sentence, **{name: retold(value, say) for name, value in values})
    return say.inline(say(text)) if text else text


def word(text: str, say: Language) -> str:
    """KwtSMS's word for what became of a message; as it came where it is not known."""
    known = _KNOWN.get(text.strip().casefold())
    return text if known is None or say(known) == known else say(known)


def meaning(code: str, text: str, say: Language) -> str:
    """What a code means; what kwtSMS said of it, where we do not know it."""
    known = API_ERRORS.get(code)
    return say(known.meaning) if known else retold(text, say)


def remedy(code: str, say: Language) -> str:
    """What to do about a code."""
    known = API_ERRORS.get(code)
    return say(known.remedy) if known else say("Look the code up in kwtSMS's documentation.")


def trouble(error: KwtSMSError, say: Language) -> str:
    """What went wrong, and kwtSMS's code for it where it gave one."""
    if error.code is None:
        return retold(str(error), say)
    return f"{meaning(error.code, error.description, say)} ({error.code})"
