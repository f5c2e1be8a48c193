"""What became of a message, in words for people. Pure; every surface uses the same words."""

import math
from datetime import datetime
from decimal import Decimal

from kwtsms_bot import retelling
from kwtsms_bot.alerts.wording import credits_text
from kwtsms_bot.commands.base import Tone
from kwtsms_bot.language import Language, marked
from kwtsms_bot.outbox.decision import Decided
from kwtsms_bot.outbox.evidence import Evidence, Verdict
from kwtsms_bot.outbox.message import Message, Reason, State
from kwtsms_client import API_ERRORS

# One line of meaning for each state.
MEANINGS = {
    State.QUEUED: marked("waiting to be sent"),
    State.CLAIMED: marked("about to be sent"),
    State.IN_FLIGHT: marked("being sent"),
    State.SENT: marked("accepted by kwtSMS"),
    State.DELIVERED: marked("delivered to the phone"),
    State.UNDELIVERED: marked("not delivered"),
    State.STUCK: marked("stuck in kwtSMS's queue"),
    State.REJECTED: marked("refused by kwtSMS"),
    State.CANCELLED: marked("cancelled"),
    State.EXPIRED: marked("given up: too old to send"),
    State.UNKNOWN: marked("unknown: it may have been sent"),
}
# Of what is sent: a person says so, and kwtSMS does not.
PRESUMED = marked("taken as sent, kwtSMS has not confirmed it")
# What colours a message of several states: the first that any recipient is in.
_WORST = (
    (State.UNKNOWN, Tone.WARNING),
    (State.REJECTED, Tone.BAD),
    (State.EXPIRED, Tone.BAD),
    (State.UNDELIVERED, Tone.BAD),
    (State.STUCK, Tone.WARNING),
    (State.QUEUED, Tone.PLAIN),
    (State.CLAIMED, Tone.PLAIN),
    (State.IN_FLIGHT, Tone.PLAIN),
    (State.CANCELLED, Tone.PLAIN),
)
UNDER_WAY = frozenset({State.QUEUED, State.CLAIMED, State.IN_FLIGHT})
UNKNOWN = marked(
    "The message left, and no readable answer came back. It may have been sent, so it is not sent "
    "again by itself. Ask the recipient or look into the archive at kwtsms.com, then choose."
)
UNKNOWN_ERASED = marked(
    "The message left, and no readable answer came back. Its text has been erased since, so it "
    "cannot be sent again. Look into the archive at kwtsms.com if it matters; Treat as sent ends "
    "the matter."
)
NO_RECEIPT = marked(
    "Kuwaiti operators give no receipt from the phone: this is the last state to be known."
)
EARLIER_TRY = marked(
    "Of an earlier try nobody knows the outcome: it may have arrived as well, and have cost up to "
    "{credits}."
)
NOTHING_LOST = marked("Nothing is lost and nothing was charged; it is tried again by itself.")

MAX_EVIDENCE = 3  # Calls of one message whose evidence is told.
NOT_LOOKED = marked(
    "Evidence: none yet. The balance is asked for a minute after; it may tell whether this was "
    "charged."
)
NOTHING_BEFORE = marked(
    "Evidence: none. {after} are left now, and it is not known how many there were before."
)
EVIDENCE = {
    Verdict.NOT_CHARGED: marked(
        "Evidence: it was not charged, so it was probably not sent. There were {before} before and "
        "{after} after, and other messages cost {meanwhile}: nothing is missing."
    ),
    Verdict.CHARGED: marked(
        "Evidence: its price is missing, so it was probably sent. There were {before} before and "
        "{after} after, and other messages cost {meanwhile}."
    ),
    Verdict.NOT_SENT: marked(
        "Evidence: the answer came late, and it says that nothing was sent and nothing was charged."
    ),
    Verdict.UNCLEAR: marked(
        "Evidence: the balance does not tell. There were {before} before and {after} after, and "
        "other messages that are known of cost {meanwhile}."
    ),
}


def tone(message: Message) -> Tone:
    """How the message as a whole is doing."""
    present = message.counts
    otherwise = Tone.WARNING if message.presumed else Tone.GOOD
    return next((tone for state, tone in _WORST if state in present), otherwise)


def is_under_way(message: Message) -> bool:
    """Whether something more will happen by itself."""
    return not UNDER_WAY.isdisjoint(message.counts)


def summary(message: Message, say: Language) -> str:
    """The states of the recipients: one phrase, or a count for each."""
    counts = {MEANINGS[state]: count for state, count in message.counts.items()}
    if message.presumed:
        counts[MEANINGS[State.SENT]] -= message.presumed
        counts[PRESUMED] = message.presumed
    phrases = {say(meaning): count for meaning, count in counts.items() if count}
    if len(phrases) == 1:
        (phrase,) = phrases
        return phrase[0].upper() + phrase[1:]
    return " · ".join(
        say("{count} {state}", count=count, state=phrase) for phrase, count in phrases.items()
    )


def credits_in_words(amount: Decimal, say: Language) -> str:
    """`1 credit`, `1,234.5 credits`."""
    text = credits_text(amount)
    return say.plural("{credits} credit", "{credits} credits", math.ceil(amount), credits=text)


def explanations(message: Message, say: Language) -> tuple[str, ...]:
    """Why it is so and what to do, a sentence or two for each reason there is."""
    told: dict[str, None] = {}
    if State.UNKNOWN in message.counts:
        told[say(UNKNOWN if message.text is not None else UNKNOWN_ERASED)] = None
        told |= dict.fromkeys(_evidence(message, say))
    elif message.presumed and message.evidence:
        told |= dict.fromkeys(_evidence(message, say))
    if message.unsure and any(one.what is Decided.SEND_AGAIN for one in message.decisions):
        told[say(EARLIER_TRY, credits=credits_in_words(Decimal(message.unsure), say))] = None
    for reason in message.reasons:
        told |= dict.fromkeys(_explain(reason, say))
    if message.sent_at_home:
        told[say(NO_RECEIPT)] = None
    return tuple(told)


def _evidence(message: Message, say: Language) -> list[str]:
    """What the balance tells about each call that was lost."""
    if not message.evidence:
        return [say(NOT_LOOKED)]
    told = [
        say(
            NOTHING_BEFORE if _unfounded(one) else EVIDENCE[one.verdict],
            before=credits_text(one.before or Decimal(0)),
            after=credits_text(one.after or Decimal(0)),
            meanwhile=credits_text(one.meanwhile),
        )
        for one in message.evidence[:MAX_EVIDENCE]
    ]
    more = len(message.evidence) - MAX_EVIDENCE
    return [*told, and_more(more, say)] if more > 0 else told


def and_more(count: int, say: Language) -> str:
    """What stands below a list that was cut."""
    return say.plural("… and {count} more.", "… and {count} more.", count)


def with_more(first: str, more: int, say: Language) -> str:
    """The first few numbers, and how many there are besides."""
    if more <= 0:
        return first
    return say.plural("{first} and {count} more", "{first} and {count} more", more, first=first)


def _unfounded(found: Evidence) -> bool:
    return found.verdict is Verdict.UNCLEAR and found.before is None


def next_try(message: Message) -> datetime | None:
    """When the first recipient that was put off is due."""
    return min((one.due_at for one in message.reasons if _is_put_off(one)), default=None)


def _is_put_off(reason: Reason) -> bool:
    return reason.state is State.QUEUED and bool(reason.text)


def _explain(reason: Reason, say: Language) -> tuple[str, ...]:
    told = _sentence(_with_code(why(reason.code, reason.text, say), reason.code, say))
    remedy = ""
    if reason.code:
        remedy = say("What to do: {remedy}", remedy=retelling.remedy(reason.code, say))
    if reason.state is State.UNKNOWN:
        return (told,) if told else ()
    if _is_put_off(reason):
        return tuple(filter(None, (told, say(NOTHING_LOST), remedy)))
    if reason.state in (State.REJECTED, State.EXPIRED, State.STUCK, State.UNDELIVERED):
        return tuple(filter(None, (told, remedy)))
    return ()


def _with_code(told: str, code: str | None, say: Language) -> str:
    """What kwtSMS means, and what it calls that: by the code its support knows it."""
    if not code or code in told:
        return told
    return f"{told.rstrip('. ')} ({say.ltr(code)})" if told else say.ltr(code)


def why(code: str | None, text: str | None, say: Language) -> str:
    """What is known of a reason, in our words; kwtSMS's own where we do not know its code."""
    if code is None:
        return retelling.retold(text or "", say)
    if code in API_ERRORS or not text:
        return retelling.meaning(code, f"kwtSMS answered {code}.", say)
    return say("kwtSMS says: {description}", description=retelling.retold(text, say))


def _sentence(text: str) -> str:
    text = text.strip()
    return text if not text or text.endswith((".", "!", "?", "…")) else text + "."
