"""The status of a message in words for people, the same on every surface. Pure."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from kwtsms_bot.balance.messages import format_credits, pluralize_credits
from kwtsms_bot.commands import action_ids
from kwtsms_bot.commands.base import Button, Severity
from kwtsms_bot.i18n import gateway_texts
from kwtsms_bot.i18n.translator import N_, Language
from kwtsms_bot.outbox.decision import DecisionKind
from kwtsms_bot.outbox.evidence import Evidence, Verdict
from kwtsms_bot.outbox.message import ERASED, Message, Reason
from kwtsms_bot.outbox.states import State
from kwtsms_client import API_ERRORS, mask

# One line of meaning for each state.
STATE_TEXTS = {
    State.QUEUED: N_("queued"),
    State.CLAIMED: N_("about to be sent"),
    State.IN_FLIGHT: N_("being sent"),
    State.SENT: N_("sent"),
    State.DELIVERED: N_("delivered"),
    State.UNDELIVERED: N_("not delivered"),
    State.STUCK: N_("stuck in kwtSMS's queue"),
    State.REJECTED: N_("rejected by kwtSMS"),
    State.CANCELLED: N_("cancelled"),
    State.EXPIRED: N_("expired before it could be sent"),
    State.UNKNOWN: N_("status unknown – may have been sent"),
}
# For sent recipients that a person has marked as sent, and kwtSMS has not confirmed.
PRESUMED = N_("marked as sent, not confirmed by kwtSMS")
# The first of these states that any recipient is in decides the severity of a message.
_SEVERITY_ORDER = (
    (State.UNKNOWN, Severity.WARNING),
    (State.REJECTED, Severity.ERROR),
    (State.EXPIRED, Severity.ERROR),
    (State.UNDELIVERED, Severity.ERROR),
    (State.STUCK, Severity.WARNING),
    (State.QUEUED, Severity.INFO),
    (State.CLAIMED, Severity.INFO),
    (State.IN_FLIGHT, Severity.INFO),
    (State.CANCELLED, Severity.INFO),
)
PENDING_STATES = frozenset({State.QUEUED, State.CLAIMED, State.IN_FLIGHT})
UNKNOWN_OUTCOME = N_(
    "We lost contact with kwtSMS after submitting this message. It may have been sent, so we won't "
    "retry automatically. Check with the recipient or in your kwtsms.com archive, then choose."
)
UNKNOWN_ERASED = N_(
    "We lost contact with kwtSMS after submitting this message. Its text has since been erased, so "
    "it can't be sent again. Check your kwtsms.com archive if you need to, then mark it as sent."
)
NO_RECEIPT = N_("Kuwaiti carriers don't confirm delivery to the phone.")
TEST_MODE = N_(
    "Test mode: the message isn't delivered. kwtSMS holds its credits until you delete it from the "
    "queue at kwtsms.com."
)
EARLIER_ATTEMPT = N_("An earlier attempt may have arrived too, and may have cost up to {credits}.")
EXPIRED_REMEDY = N_("Send it again if you still need it.")
NOTHING_LOST = N_("Your message is safe and wasn't charged. We'll retry automatically.")

MAX_EVIDENCE = 3  # Calls of one message whose evidence is shown.
NO_EVIDENCE_YET = N_("We'll check your balance in one minute to see whether it was charged.")
NO_BALANCE_BEFORE = N_(
    "Your balance is {after}, but we have no earlier balance to compare it with."
)
EVIDENCE_TEXTS = {
    Verdict.NOT_CHARGED: N_(
        "Your balance didn't drop by this message's price, so it probably wasn't sent. Before: "
        "{before}, after: {after}, used by other messages: {meanwhile}."
    ),
    Verdict.CHARGED: N_(
        "Your balance dropped by this message's price, so it was probably sent. Before: {before}, "
        "after: {after}, used by other messages: {meanwhile}."
    ),
    Verdict.NOT_SENT: N_("kwtSMS answered late: the message wasn't sent and wasn't charged."),
    Verdict.UNCLEAR: N_(
        "Your balance doesn't show whether it was sent. Before: {before}, after: {after}, used by "
        "other messages: {meanwhile}."
    ),
}


def severity_of(message: Message) -> Severity:
    """The severity of the message as a whole."""
    present = message.counts
    otherwise = Severity.WARNING if message.presumed_sent else Severity.GOOD
    return next((severity for state, severity in _SEVERITY_ORDER if state in present), otherwise)


def is_pending(message: Message) -> bool:
    """Whether any recipient is still queued or being sent to."""
    return not PENDING_STATES.isdisjoint(message.counts)


def summary(counts: Mapping[State, int], say: Language, *, presumed_sent: int) -> str:
    """The states of the recipients: one phrase, or a count for each."""
    by_text = {STATE_TEXTS[state]: count for state, count in counts.items()}
    if presumed_sent:
        by_text[STATE_TEXTS[State.SENT]] -= presumed_sent
        by_text[PRESUMED] = presumed_sent
    phrases = {say(meaning): count for meaning, count in by_text.items() if count}
    if len(phrases) == 1:
        (phrase,) = phrases
        return phrase[0].upper() + phrase[1:]
    return " · ".join(
        say("{count} {state}", count=count, state=phrase) for phrase, count in phrases.items()
    )


def explanations(message: Message, say: Language) -> tuple[str, ...]:
    """The reasons for a message's status and what to do, a few sentences for each reason."""
    sentences: dict[str, None] = {}
    if State.UNKNOWN in message.counts:
        sentences[say(UNKNOWN_OUTCOME if message.text is not None else UNKNOWN_ERASED)] = None
        sentences |= dict.fromkeys(_evidence_texts(message, say))
    elif message.presumed_sent and message.evidence:
        sentences |= dict.fromkeys(_evidence_texts(message, say))
    if message.unsure and any(one.kind is DecisionKind.SEND_AGAIN for one in message.decisions):
        sentences[say(EARLIER_ATTEMPT, credits=pluralize_credits(Decimal(message.unsure), say))] = (
            None
        )
    for reason in message.reasons:
        sentences |= dict.fromkeys(_explain_reason(reason, say))
    if State.EXPIRED in message.counts:
        sentences[say(EXPIRED_REMEDY)] = None
    return tuple(sentences)


def _evidence_texts(message: Message, say: Language) -> list[str]:
    """The balance evidence for each call whose outcome is unknown, up to `MAX_EVIDENCE`."""
    if not message.evidence:
        return [say(NO_EVIDENCE_YET)]
    sentences = [
        say(
            NO_BALANCE_BEFORE if _has_no_balance_before(one) else EVIDENCE_TEXTS[one.verdict],
            before=format_credits(one.before or Decimal(0)),
            after=format_credits(one.after or Decimal(0)),
            meanwhile=format_credits(one.meanwhile),
        )
        for one in message.evidence[:MAX_EVIDENCE]
    ]
    more = len(message.evidence) - MAX_EVIDENCE
    return [*sentences, and_more(more, say)] if more > 0 else sentences


def format_recipients(message: Message, say: Language) -> str:
    """The first few numbers of a message, masked, and how many more there are."""
    first = say.join(mask_number(phone, say) for phone in message.first_phones)
    return with_more(first, message.size - len(message.first_phones), say)


def mask_number(phone: str, say: Language) -> str:
    """A number for readers who may not see all of it."""
    return say("erased number") if phone.startswith(ERASED) else mask(phone)


def and_more(count: int, say: Language) -> str:
    """The line below a truncated list: how many items are left out."""
    return say.plural("… and {count} more.", "… and {count} more.", count)


def with_more(first: str, more: int, say: Language) -> str:
    """`first`, followed by how many more there are, if any."""
    if more <= 0:
        return first
    return say.plural("{first} and {count} more", "{first} and {count} more", more, first=first)


def _has_no_balance_before(found: Evidence) -> bool:
    return found.verdict is Verdict.UNCLEAR and found.before is None


def notes(message: Message, say: Language) -> tuple[str, ...]:
    """Remarks for those who want to know more; nobody has to act on them."""
    found = []
    if message.test:
        found.append(say(TEST_MODE))
    if message.sent_in_kuwait:
        found.append(say(NO_RECEIPT))
    return tuple(found)


def next_attempt(message: Message) -> datetime | None:
    """The time at which the first deferred recipient is due; None if none is deferred."""
    return min((one.due_at for one in message.reasons if _is_deferred(one)), default=None)


def _is_deferred(reason: Reason) -> bool:
    return reason.state is State.QUEUED and bool(reason.text)


def _explain_reason(reason: Reason, say: Language) -> tuple[str, ...]:
    text = _as_sentence(
        _with_code(describe_reason(reason.code, reason.text, say), reason.code, say)
    )
    remedy = ""
    if reason.code:
        remedy = say(
            "What to do: {remedy}", remedy=gateway_texts.translate_remedy(reason.code, say)
        )
    if reason.state is State.UNKNOWN:
        return (text,) if text else ()
    if _is_deferred(reason):
        return tuple(filter(None, (text, say(NOTHING_LOST), remedy)))
    if reason.state in (State.REJECTED, State.EXPIRED, State.STUCK, State.UNDELIVERED):
        return tuple(filter(None, (text, remedy)))
    return ()


def _with_code(text: str, code: str | None, say: Language) -> str:
    """`text` followed by kwtSMS's error code, which its support asks for."""
    if not code or code in text:
        return text
    return f"{text.rstrip('. ')} ({say.ltr(code)})" if text else say.ltr(code)


def describe_reason(code: str | None, text: str | None, say: Language) -> str:
    """The text of a reason in our words; in kwtSMS's words if its code is unknown."""
    if code is None:
        return gateway_texts.translate_text(text or "", say)
    if code in API_ERRORS or not text:
        return gateway_texts.translate_error(code, f"kwtSMS answered {code}.", say)
    return say("kwtSMS reports: {description}", description=gateway_texts.translate_text(text, say))


def _as_sentence(text: str) -> str:
    text = text.strip()
    return text if not text or text.endswith((".", "!", "?", "…")) else text + "."


def decision_buttons(message: Message, say: Language) -> list[Button]:
    """Returns the buttons that decide about recipients of unknown outcome."""
    if State.UNKNOWN not in message.counts:
        return []
    value = f"{message.ref}.{message.revision}"
    decided = [Button(action_ids.UNKNOWN_TREAT_AS_SENT, say("Mark as sent"), value)]
    if message.text is None:  # An erased text cannot be sent.
        return decided
    risk = say("If the first one arrived, the recipient gets it twice and you pay twice.")
    again = Button(action_ids.UNKNOWN_SEND_AGAIN, say("Send again"), value, "danger", risk)
    return [again, *decided]
